"""Many accounts of the organization at once, with what they have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.lookups import ORGANIZATION, Question, ask, seen
from accounts.mapping.managing import managing_of
from accounts.models import Lookup, ManagedAccount, ManagingAccount
from accounts.organization import (
    MOST_AT_ONCE,
    Listed,
    MembersRefused,
    Organization,
    describe_all,
    listed_members,
    organization_of,
)
from accounts.web.access import operator_required
from accounts.web.lookups import Asking, first_asking, look_up
from accounts.web.organization.forms import SharedForm
from accounts.web.request import Request
from accounts.web.wizard.access import USUAL_ACCESS_ROLE
from onboarding.topology import Managing

PAGE = 50
TICK = "Select accounts first."
TOO_MANY = f"At most {MOST_AT_ONCE} accounts can be added at once. Filter them first."


@operator_required
def organization(request: Request) -> HttpResponse:
    """List the organization's accounts, or describe the selected ones."""
    row = ManagingAccount.objects.first()
    if row is None:
        messages.info(
            request, "Set up the managing account first. All accounts trust it."
        )
        return redirect("accounts:managing")
    managing = managing_of(row)
    if request.GET.get("look") == "again":
        ask(question_of(managing), request.user, anew=True)
        return redirect(without_look(request))
    if request.method == "POST":
        return describe_ticked(request, managing)
    looked = look_up(request, question_of(managing))
    if isinstance(looked, Asking):
        return page(request, managing, asking=looked)
    found = answer_of(looked)
    if found and not found.members.accounts and "look" not in request.GET:
        # Somebody may have allowed it meanwhile.
        return page(request, managing, asking=first_asking(request))
    trouble = looked if looked.refused else None
    return page(request, managing, found=found, trouble=trouble)


def question_of(managing: Managing) -> Question:
    return Question(ORGANIZATION, managing.partition, managing.reach)


def answer_of(looked: Lookup | None) -> Organization | None:
    if looked is None or looked.answer is None:
        return None
    return organization_of(looked.answer)


def without_look(request: Request) -> str:
    asked = request.GET.copy()
    del asked["look"]
    return f"{request.path}?{asked.urlencode()}"


def describe_ticked(request: Request, managing: Managing) -> HttpResponse:
    form = SharedForm(request.POST, partition=managing.partition)
    looked = seen(question_of(managing))
    found = answer_of(looked)
    trouble = looked if looked and looked.refused else None
    if found is None:
        # By the time that the form is sent again, there is an answer.
        ask(question_of(managing), request.user)
    chosen = request.POST.getlist("account")
    refused: dict[str, str] = {}
    if found and found.members.accounts and form.is_valid():
        members = found.members.accounts
        if "everything" in request.POST:
            matched = matching(listed_members(members, managing), request.GET)
            free = [one.member.account_id for one in matched if not one.refusal]
            chosen = free[:MOST_AT_ONCE]
        if not chosen or len(chosen) > MOST_AT_ONCE:
            form.add_error(None, TOO_MANY if chosen else TICK)
            return page(request, managing, found=found, form=form)
        try:
            moment = describe_all(members, chosen, form.shared(), request.user)
        except MembersRefused as error:
            refused = error.sentences
        else:
            count = (
                "1 account is" if len(chosen) == 1 else f"{len(chosen)} accounts are"
            )
            messages.success(request, f"{count} described. {NEXT}")
            query = urlencode({"described": moment.isoformat()})
            return redirect(f"{reverse('accounts:accounts')}?{query}")
    return page(
        request,
        managing,
        found=found,
        trouble=trouble,
        form=form,
        chosen=chosen,
        refused=refused,
    )


NEXT = (
    "The list shows exactly these. Review them, select all and plan. Nothing in AWS "
    "changes until the plans are approved."
)


def by_text(text: str) -> Callable[[Listed], bool]:
    wanted = text.lower()
    digits = wanted.replace("-", "")

    def matches(one: Listed) -> bool:
        member = one.member
        words = f"{member.name} {member.email} {one.name}".lower()
        return wanted in words or (digits.isdigit() and digits in member.account_id)

    return matches


FILTERS: dict[str, Callable[[str], Callable[[Listed], bool]]] = {
    "text": by_text,
    "known": lambda known: lambda one: (known == "yes") == bool(one.described),
}


def matching(rows: Iterable[Listed], asked: QueryDict) -> list[Listed]:
    """Keep what the filters in the URL ask for."""
    for key, condition in FILTERS.items():
        if value := asked.get(key, "").strip():
            rows = filter(condition(value), rows)
    return list(rows)


def page(
    request: Request,
    managing: Managing,
    *,
    found: Organization | None = None,
    asking: Asking | None = None,
    trouble: Lookup | None = None,
    form: SharedForm | None = None,
    chosen: Iterable[str] = (),
    refused: dict[str, str] | None = None,
) -> HttpResponse:
    environments = ManagedAccount.objects.exclude(environment="").order_by()
    shown: dict[str, Any] = {
        "found": found,
        "asking": asking,
        "asked": managing.aws.home_region,
        "trouble": trouble,
        "form": form or SharedForm(partition=managing.partition, initial=usual()),
        "chosen": set(chosen) - set(refused or ()),
        "refused": refused,
        "everything": "everything" in request.POST,
        "environments": environments.values_list("environment", flat=True).distinct(),
        "crumbs": [("Accounts", reverse("accounts:accounts"))],
    }
    if found:
        rows = listed_members(found.members.accounts, managing)
        matched = matching(rows, request.GET)
        shown |= {
            "page": Paginator(matched, PAGE).get_page(request.GET.get("page")),
            "filters": {key: request.GET.get(key, "") for key in FILTERS},
            "is_filtered": any(request.GET.get(key) for key in FILTERS),
            "total": len(rows),
            "described": sum(one.described is not None for one in rows),
            "free": (free := sum(not one.refusal for one in matched)),
            "most": MOST_AT_ONCE if free > MOST_AT_ONCE else 0,
        }
    fragment = "_organization" if request.htmx else "organization"
    return render(request, f"organization/{fragment}.html", shown)


def usual() -> dict[str, Any]:
    """Propose what the last account that was described has."""
    last = ManagedAccount.objects.order_by("-created_at").first()
    return {
        "regions": last.regions if last else [],
        "access_role": USUAL_ACCESS_ROLE,
        "providers": ["ec2"],
        "uses_external_id": True,
    }
