"""The managing account: described once, planned, what exists of it, and what to
do next.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.db.models import Max
from django.forms import BooleanField, ChoiceField
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.discover.looking import (
    home,
    organization_membership,
    own_account_of,
)
from accounts.discover.questions import known
from accounts.http import Request
from accounts.mapping import snapshots
from accounts.mapping.edits import edit_managing, editing_managing
from accounts.mapping.managed import assumed_roles
from accounts.mapping.managing import left_over, managing_of
from accounts.models import (
    ForeignPolicy,
    ManagedAccount,
    ManagingAccount,
    Question,
    Run,
    Step,
)
from accounts.models.states import NOT_APPROVED, STALE, State, Status
from accounts.runs import actions
from accounts.runs.capacity import capacity_of
from accounts.runs.managing.kept_roles import take_role_off
from accounts.runs.managing.other_sites import adopt_list, found_in, sentence
from accounts.web.crumbs import crumbs
from accounts.web.managing.forms import (
    FIELDS_OF,
    LISTED,
    WHOLE_ORGANIZATION,
    ManagingForm,
)
from accounts.web.posts import post
from accounts.web.questions import Asking, first_asking, look_up
from accounts.web.role_limits import everywhere
from accounts.wording import counted, first_of, for_count
from onboarding import names
from onboarding.desired.capacity import ASSUME_POLICY, assume_policy_names
from onboarding.desired.managing import identity, is_usual
from onboarding.partitions import Arn, arn
from onboarding.resources.kinds import (
    MANAGING_PATH,
    Attachment,
    InstanceProfile,
    ManagedPolicy,
    OidcProvider,
    Role,
)

KINDS = [
    one.kind for one in (Role, InstanceProfile, OidcProvider, ManagedPolicy, Attachment)
]
"""What Spinnaker's identity consists of, in the order in which it is read."""


class Made(NamedTuple):
    """A resource, what it is for, and when it was made and changed last."""

    kind: str
    arn: str
    holder: str
    """What holds it, where it is an attachment: its ARN is the policy's then."""
    reason: str
    made_at: datetime | None
    changed_at: datetime | None


def made_in(row: ManagingAccount) -> list[Made]:
    """List what runs made for Spinnaker's identity and did not delete since."""
    steps = Step.objects.filter(
        account_id=row.account_id, status=Step.Status.DONE, kind__in=KINDS
    )
    lasts = steps.order_by().values_list("kind", "name", "verb")
    ended = {
        (kind, name, verb): at
        for kind, name, verb, at in lasts.annotate(at=Max("finished_at"))
    }
    today = identity(snapshots.in_force(row))
    ours = {one.key for one in (*today, *snapshots.earlier_identities(row))}
    found = {}
    for step in steps.filter(verb="create").order_by("pk"):
        deleted = ended.get((step.kind, step.name, "delete"))
        made_at = ended[step.kind, step.name, "create"]
        if deleted and made_at and deleted > made_at:
            continue
        if (step.account_id, step.kind, step.name) in ours or is_policy_of(step):
            changed_at = ended.get((step.kind, step.name, "update"))
            found[step.kind, step.name] = made_of(row, step, made_at, changed_at)
    by_name = sorted(found.items())
    return [made for kind in KINDS for (of, _), made in by_name if of == kind]


def is_policy_of(step: Step) -> bool:
    """Return whether it is a policy of the identity's, or attaches one: the account may
    be managed, too, and has others then.
    """
    after: dict[str, Any] = step.after or {}
    attached = Arn.of(str(after.get("policy_arn", ""))).resource
    return after.get("path") == MANAGING_PATH or attached.startswith(
        f"policy{MANAGING_PATH}"
    )


def made_of(
    row: ManagingAccount,
    step: Step,
    made_at: datetime | None,
    changed_at: datetime | None,
) -> Made:
    after: dict[str, Any] = step.after or {}
    holder, path = "", after.get("path", "/")
    places = {
        ManagedPolicy.kind: f"policy{path}{step.name}",
        OidcProvider.kind: f"oidc-provider/{step.name}",
        InstanceProfile.kind: f"instance-profile/{step.name}",
        Role.kind: f"role{path}{step.name}",
    }
    if step.kind == Attachment.kind:
        holder, where = step.name.partition("/")[0], after.get("policy_arn", "")
    else:
        where = arn(row.partition, "iam", row.account_id, places[step.kind])
    changed = changed_at if changed_at and made_at and changed_at > made_at else None
    return Made(step.kind, where, holder, step.reason, made_at, changed)


class Next(NamedTuple):
    says: str
    label: str
    url: str


def owners_step(row: ManagingAccount) -> Next:
    """Name what the owner's creation of the identity waits for."""
    if row.state == State.HANDED_OFF:
        return Next(
            "Send the hand-off page's template to the owner of this account. Bowline "
            "checks automatically whether the roles exist.",
            "Open the hand-off page",
            reverse("accounts:hand-off", args=[row.pk]),
        )
    return plan_changes(
        "Plan the changes of this account and approve them. Then send the owner the "
        "template. Bowline waits until the roles exist."
    )


def plan_changes(says: str) -> Next:
    return Next(says, "Go to Plan changes", "#changes")


VERIFIES = "Plan its changes. If there are none, Bowline verifies the account."
OF_OTHERS = (
    "isn't as approved. Its roles have {} of others. Accept them by name, or plan "
    "their removal."
)
TO_PLAN = {
    State.APPLIED.value: f"was changed and isn't verified yet. {VERIFIES}",
    State.FAILED.value: (
        "couldn't be changed or verified. Plan its changes. The run shows what to fix."
    ),
    State.DRIFTED.value: (
        "drifted. AWS no longer matches what was approved. Plan its changes and "
        "review the differences."
    ),
    NOT_APPROVED: (
        "isn't as approved. Its roles allow what no one approved. Plan its "
        "changes and review what they remove."
    ),
    State.OUTDATED.value: (
        "was edited after its changes were applied. Plan the changes and review them."
    ),
    **dict.fromkeys(STALE.values(), f"has an outdated verification. {VERIFIES}"),
}
"""What a plan of the managing account is for, by the word that pages show."""


def to_plan(row: ManagingAccount) -> str:
    """Say what waits for a plan of the managing account, to be read after its name;
    empty: nothing.
    """
    if row.state == State.DRIFTED:
        found = ForeignPolicy.objects.of(None)
        if others := sum(not policy.is_accepted for policy in found):
            return OF_OTHERS.format(counted(others, "policy", "policies"))
    return TO_PLAN.get(row.word, "")


def next_step(row: ManagingAccount) -> Next | None:
    """Name the next step; None where nothing waits."""
    plans = Run.objects.filter(kind=Run.Kind.MANAGING, status=Status.PLANNED)
    if plan := plans.first():
        says = "The plan of this account needs approval. AWS hasn't changed yet."
        return Next(says, "Review the plan", plan.get_absolute_url())
    if row.is_handed_off and not row.verification:
        return owners_step(row)
    if says := to_plan(row):
        return plan_changes(f"This account {says}")
    if not ManagedAccount.objects.exists():
        return Next(
            "Onboard the first account that Spinnaker deploys to. Bowline makes a plan "
            "for it and one for this account. Both must be approved.",
            "Onboard an account",
            reverse("accounts:wizard-new"),
        )
    if left := 0 if row.organization else left_over().count():
        return plan_changes(
            f"Spinnaker can assume a role in {counted(left)} without an applied plan. "
            "Plan the changes of this account to remove them from its list."
        )
    return None


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
        refused = f"{lookup.message} {lookup.hint} Enter the ID below."
        return OrganizationAnswer("", refused)
    found = lookup.answer["organization"]
    if found is None:
        return OrganizationAnswer(
            "",
            f"Bowline isn't allowed to read the organization of {row.name} "
            "(organizations:DescribeOrganization). Enter the ID below.",
        )
    if not found:
        return OrganizationAnswer(
            "",
            f"According to AWS, {row.name} doesn't belong to an organization, so the "
            "accounts must stay listed.",
            membership="",
        )
    sentence = (
        f"According to AWS, {row.name} belongs to {found}. The ID is filled in below. "
        "Nothing is saved yet."
    )
    members = {*lookup.answer["account_ids"]}
    return OrganizationAnswer(found, sentence, membership(members))


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
    shown: dict[str, Any] = {"switch": switch_of(row), "initial": initial}
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
        given=lambda posted: {"arn": posted.get("arn", "")},
        said="The role is off the list. Spinnaker can assume it until a plan of the "
        "managing account is applied.",
        then="accounts:managing",
    ),
]
