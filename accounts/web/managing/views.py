"""The managing account: described once, planned alone where that is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.forms import BooleanField, ChoiceField
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render

from accounts.discover.in_aws import (
    belonging_of,
    home,
    organization_membership,
    own_account_of,
)
from accounts.discover.questions import known
from accounts.http import Request
from accounts.mapping.edits import edit_managing, editing_managing
from accounts.mapping.managed import assumed_roles
from accounts.mapping.managing import managing_of
from accounts.models import (
    ForeignPolicy,
    ManagedAccount,
    ManagingAccount,
    Question,
    Run,
)
from accounts.runs import actions
from accounts.runs.capacity import capacity_of
from accounts.runs.managing.kept_roles import take_role_off
from accounts.runs.managing.other_sites import adopt_list, found_in, sentence
from accounts.web.crumbs import crumbs
from accounts.web.managing.asked import FIELDS_OF, LISTED, WHOLE_ORGANIZATION
from accounts.web.managing.forms import ManagingForm
from accounts.web.managing.made import made_in
from accounts.web.managing.next_step import next_step
from accounts.web.posts import post
from accounts.web.questions import Asking, first_asking, look_up
from accounts.web.role_limits.here import everywhere
from accounts.wording import first_of, for_count
from onboarding import names
from onboarding.desired.capacity import ASSUME_POLICY, assume_policy_names
from onboarding.desired.managing import is_usual


def facts_of(form: ManagingForm) -> Iterator[tuple[str, str]]:
    """Yield the label and the value of each field that is set."""
    unasked = unasked_of(form)
    for name, field in form.fields.items():
        value = form[name].value()
        if name in unasked:
            continue
        if isinstance(field, BooleanField):
            shown = "Yes" if value else "No"
        elif isinstance(field, ChoiceField):
            shown = str(dict(field.choices).get(value, ""))  # type: ignore[arg-type]  # they are pairs
        else:
            shown = str(field.prepare_value(value) or "")
        if shown:
            yield str(field.label or form[name].label), shown


def unasked_of(form: ManagingForm) -> set[str]:
    """Name what doesn't matter for what was chosen, and the name: it's the heading."""
    kind = form["identity_kind"].value()
    by_kind = {name for names in FIELDS_OF.values() for name in names}
    unasked = {"name", *by_kind} - {*FIELDS_OF.get(kind, ())}
    if form["assume"].value() == LISTED:
        unasked.add("organization")
    return unasked


UNKNOWN = "Bowline can't read which accounts belong to the organization."

MOST_NAMED = 10
"""The most accounts outside that are named; the rest are counted."""


class Switch(NamedTuple):
    stays: str
    """The policy that holds one line then."""
    listed: int
    """How many roles are listed."""
    today: tuple[str, ...]
    """The policies that list them."""
    goes: tuple[str, ...]
    """Those that are detached and deleted."""
    roles: str
    """The ARN of that line."""
    has_own: bool = False
    """Whether accounts have managed roles of their own, which stay listed."""


class OrganizationAnswer(NamedTuple):
    """What AWS answered: the organization, or nothing, and what is known by that."""

    organization: str
    sentence: str
    membership: str = UNKNOWN
    """Whether all existing accounts belong to it, or those that do not."""


def switch_of(row: ManagingAccount) -> Switch:
    managing = managing_of(row)
    listed = assumed_roles(managing)
    own = [role for role in listed if not is_usual(managing, role)]
    today = assume_policy_names(listed)
    goes = today[1 + len(assume_policy_names(own)) :]
    roles = managing.managed_role_arn("*")
    return Switch(ASSUME_POLICY, len(listed), today, goes, roles, has_own=bool(own))


def answered_organization(row: ManagingAccount, lookup: Question) -> OrganizationAnswer:
    """Say which organization the managing account belongs to, as AWS answered."""
    if lookup.answer is None:
        return OrganizationAnswer(
            "", f"{lookup.message} {lookup.hint} Enter the ID below."
        )
    belonging = belonging_of(lookup.answer)
    found = belonging.organization
    if found is None:
        return OrganizationAnswer(
            "",
            f"Bowline isn't allowed to read the organization of {row.name} "
            "(organizations:DescribeOrganization). Enter the ID below.",
        )
    if not found:
        return OrganizationAnswer(
            "",
            (
                f"According to AWS, {row.name} doesn't belong to an organization, so "
                "the accounts must stay listed."
            ),
            membership="",
        )
    sentence = (
        f"According to AWS, {row.name} belongs to {found}. The ID is filled in below. "
        "Nothing is saved yet."
    )
    return OrganizationAnswer(found, sentence, membership({*belonging.account_ids}))


def membership(inside: set[str]) -> str:
    """Name the existing accounts that are not members, if members can be read."""
    if not inside:
        return UNKNOWN
    rows = ManagedAccount.objects.existing().in_aws_provider().order_by("name")
    existing = list(rows.values_list("account_id", "name"))
    outside = [name for account_id, name in existing if account_id not in inside]
    if not existing:
        return ""
    if not outside:
        return for_count(
            len(existing),
            "According to AWS, the existing account belongs to the organization.",
            "According to AWS, all {count} existing accounts belong to the "
            "organization.",
        )
    named = first_of(outside, MOST_NAMED)
    verb = for_count(len(outside), "doesn't", "don't")
    return f"According to AWS, {named} {verb} belong to the organization."


MOST_PROPOSED = 50
"""A longer list helps nobody who knows the name, and each page would carry it."""

SHARED = "the managing account"

DESCRIBED_ALREADY = (
    "Your changes weren't saved. Someone else set up the managing account while this "
    "page was open. Reload the page to edit it."
)


def managing(request: Request) -> HttpResponse:
    """Show the managing account; operators describe and edit it here."""
    row = ManagingAccount.objects.first()
    may_edit = not edit_managing.verdict(request.user).outside
    offer: dict[str, Any] = {}
    if may_edit:
        offer = offered(request, row) if row else filled_in(request)
    if request.htmx and "asking" in offer:
        # Alone: with the form, what is typed meanwhile would be written over.
        asked = "managing/_asked.html" if row else "managing/_home.html"
        return render(request, asked, offer)
    form = ManagingForm(
        request.POST or None,
        instance=row or ManagingAccount(),
        initial=offer.get("initial"),
    )
    if request.method == "POST":
        edit_managing.refuse(request.user)
        if row is not None and "new" in request.POST:
            form = ManagingForm(request.POST, instance=ManagingAccount())
            form.add_error(None, DESCRIBED_ALREADY)
        elif form.is_valid() and saved(form, request.user):
            messages.success(request, "The managing account is saved.")
            return redirect("accounts:managing")
    chosen = request.method == "POST" or {"edit", "switch"} & {*request.GET}
    return render(
        request,
        "managing/managing.html",
        {
            "editing": may_edit and bool(chosen or not row),
            "facts": facts_of(form) if row else (),
            "crumbs": crumbs("accounts"),
            "form": form,
            "row": ManagingAccount.objects.first() if form.errors else row,
            "may_edit": may_edit,
            "room": capacity_of(row) if row else None,
            "other_site": other_site_of(row) if row else None,
            "made": made_in(row) if row else [],
            "foreign": ForeignPolicy.objects.of(None),
            "next": next_step(row) if row and may_edit else None,
            "owners": owners(),
            **offer,
            **everywhere(request, SHARED),
            "managed_too": row
            and ManagedAccount.objects.filter(account_id=row.account_id).first(),
            "run": Run.objects.filter(kind=Run.Kind.MANAGING).first(),
        },
    )


def other_site_of(row: ManagingAccount) -> dict[str, Any] | None:
    """Say what another database did there; None: nothing is known of one."""
    if (found := found_in(row)) is None:
        return None
    return {"sentence": sentence(row, found), "roles": found.roles}


def owners() -> list[str]:
    """Propose accounts that own images, where they are few enough to choose from."""
    names_ = ManagedAccount.objects.order_by("name").values_list("name", flat=True)
    found = list(names_[: MOST_PROPOSED + 1])
    return found if len(found) <= MOST_PROPOSED else []


def filled_in(request: Request) -> dict[str, Any]:
    """Fill in what a new description begins with, as STS and Organizations say it.

    What somebody has typed meanwhile is kept.
    """
    question = home()
    if request.method == "POST":
        looked: Question | Asking | None = known(question)
    else:
        looked = look_up(request, question)
    if looked is None or isinstance(looked, Asking):
        return {"asking": looked} if looked else {}
    if looked.refused:
        return {"refusal": looked}
    found = own_account_of(looked)
    name = names.account_name_from(found.name or "spinnakermanaging")
    return {
        "home": found,
        "initial": {
            "name": request.GET.get("name") or name,
            "account_id": request.GET.get("account_id") or found.account_id,
            "partition": found.partition,
        },
    }


def offered(request: Request, row: ManagingAccount) -> dict[str, Any]:
    """Prepare the way from the list to the organization, where the URL asks for it."""
    if "switch" not in request.GET or row.organization:
        return {}
    initial = {"assume": WHOLE_ORGANIZATION}
    shown: dict[str, Any] = {
        "switch": switch_of(row),
        "initial": initial,
    }
    if request.method == "POST":
        return {**shown, "asking": first_asking(request)}
    managing = managing_of(row)
    question = organization_membership.at(managing.partition, managing.reach)
    looked = look_up(request, question)
    if isinstance(looked, Asking):
        return {**shown, "asking": looked}
    asked = answered_organization(row, looked)
    initial["organization"] = asked.organization
    shown["asked"] = asked
    return shown


def saved(form: ManagingForm, by: User) -> bool:
    """Write the row; False where somebody else wrote the first one meanwhile."""
    try:
        with editing_managing(form.instance, by):
            form.save()
    except IntegrityError:
        form.add_error(None, DESCRIBED_ALREADY)
        return False
    return True


def chosen_role(posted: QueryDict) -> dict[str, str]:
    return {"arn": posted.get("arn", "")}


def adopted_list(row: ManagingAccount) -> str:
    return (
        "This database now manages the managing account. Kept roles on the list: "
        f"{len(row.kept_roles):,}."
    )


post_here = partial(post, refused="accounts:managing")
posts = [
    post_here("managing/plan/", actions.plan_managing, name="managing-plan"),
    post_here(
        "managing/adopt-list/",
        adopt_list,
        name="managing-adopt-list",
        said=adopted_list,
        then="accounts:managing",
    ),
    post_here(
        "managing/take-off/",
        take_role_off,
        name="kept-role-take-off",
        given=chosen_role,
        said="The role is off the list. Spinnaker can assume it until a plan of the "
        "managing account is applied.",
        then="accounts:managing",
    ),
]
