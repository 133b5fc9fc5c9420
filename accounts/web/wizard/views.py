"""The wizard: one page a step, each with its own URL; a draft is an ordinary row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django_htmx.http import retarget

from accounts.lookups import ACCESS, REGIONS, Question, report_of
from accounts.mapping.managed import managed_of, topology_of
from accounts.mapping.managing import managing_of, managing_row
from accounts.models import ManagedAccount, ManagingAccount
from accounts.runs.capacity import (
    NoRoom,
    capacity_of,
    refuse_overflow,
)
from accounts.web.access import operator_required
from accounts.web.accounts.known_as import allowed
from accounts.web.lookups import Asking, ask_anew, look_up
from accounts.web.request import Request
from accounts.web.wizard.details import details
from accounts.web.wizard.forms import AccessForm, IdentityForm, ProvidersForm
from accounts.web.wizard.key_policy import key_policies
from accounts.web.wizard.load_ahead import load_ahead
from accounts.web.wizard.page import (
    go_on,
    page,
    saved,
    written,
)
from accounts.web.wizard.steps import (
    enabled_providers,
    has_access,
    undone,
)
from onboarding import names
from onboarding.aws.discover import AccessReport
from onboarding.desired import desired
from onboarding.details import DetailsError
from onboarding.partitions import PARTITIONS
from onboarding.providers import PROVIDERS
from onboarding.resources.policy import QuotaExceeded
from onboarding.topology import Reach

USUAL_ACCESS_ROLE = "OrganizationAccountAccessRole"
"""AWS Organizations makes it in every account that it creates."""


@operator_required
def wizard_new(request: Request) -> HttpResponse:
    """Begin a draft; the managing account comes first."""
    managing = ManagingAccount.objects.first()
    if managing is None:
        messages.info(request, "Describe the managing account first: all trust it.")
        return redirect("accounts:managing")
    form = IdentityForm(
        request.POST or None,
        partition=managing.partition,
        initial=managing_account_itself(managing) if "itself" in request.GET else {},
    )
    if request.method == "POST" and form.is_valid():
        account = form.save(commit=False)
        account.created_by = request.user
        if account.account_id == managing.account_id:
            account.access_role = managing.access_role
        if written(form, "name", account, account.save, request.user):
            return go_on(request, account, "identity")
    return page(request, None, "identity", form=form)


def managing_account_itself(managing: ManagingAccount) -> dict[str, Any]:
    return {"name": managing.name, "account_id": managing.account_id}


@operator_required
def wizard(request: Request, pk: UUID, step: str) -> HttpResponse:
    """Show one step of an account, or save it."""
    if step not in PAGES:
        raise Http404
    account = get_object_or_404(
        ManagedAccount.objects.prefetch_related("providers"), pk=pk
    )
    return PAGES[step](request, account)


def identity(request: Request, account: ManagedAccount) -> HttpResponse:
    if "regions" in request.GET:
        return offered_regions(request, account)
    partition = managing_row().partition
    form = IdentityForm(request.POST or None, instance=account, partition=partition)
    if saved(request, form, "name", account, form.save):
        return go_on(request, account, "identity")
    return page(request, account, "identity", form=form)


def offered_regions(request: Request, account: ManagedAccount) -> HttpResponse:
    """Show the regions that are enabled in the account, with the chosen ones ticked."""
    managing, form = managing_row(), IdentityForm(instance=account)
    chosen: list[str] = form.fields["regions"].to_python(request.GET["regions"]) or []
    question = Question(REGIONS, managing.partition, managed_of(account).reach)
    looked = look_up(request, question)
    home_region = PARTITIONS[managing.partition].home_region
    if isinstance(looked, Asking):
        shown = {"asking": looked, "home_region": home_region}
        return render(request, "wizard/_asking_regions.html", shown)
    offered: list[str] = looked.answer or []
    response = render(
        request,
        "wizard/_regions.html",
        {
            "form": form,
            "account": account,
            "offered": [(region, region in chosen) for region in offered],
            "others": ", ".join(region for region in chosen if region not in offered),
            "trouble": looked if looked.refused else None,
            "home_region": home_region,
        },
    )
    # What polled is a line of it.
    return retarget(response, "#regions")


def access(request: Request, account: ManagedAccount) -> HttpResponse:
    form = AccessForm(
        request.POST or None,
        instance=account,
        initial={} if has_access(account) else {"access_role": likely_role(account)},
    )
    if saved(request, form, "access_role", account, form.save):
        return go_on(request, account, "access")
    return page(request, account, "access", form=form)


def likely_role(account: ManagedAccount) -> str:
    """Propose the role of the last account that was described, or AWS's usual one."""
    if account.account_id == managing_row().account_id:
        return ""
    others = ManagedAccount.objects.exclude(access_role="").order_by("-created_at")
    return others.values_list("access_role", flat=True).first() or USUAL_ACCESS_ROLE


@operator_required
def test_access(request: Request, pk: UUID) -> HttpResponse:
    """Try the access role that the form holds, saved or not; change nothing.

    POST asks; GET looks whether there is an answer.
    """
    account = get_object_or_404(ManagedAccount, pk=pk)
    asked = request.POST if request.method == "POST" else request.GET
    role = asked.get("access_role", "").strip()
    try:
        reach = Reach(account.account_id, names.role_name(role) if role else "")
    except names.BadName as error:
        shown = {"report": AccessReport(None, "", works=False, sentence=str(error))}
    else:
        shown = tried(request, Question(ACCESS, managing_row().partition, reach))
    if request.htmx:
        return render(request, "wizard/_access_report.html", shown)
    form = AccessForm(asked, instance=account)
    return page(request, account, "access", form=form, **shown)


def tried(request: Request, question: Question) -> dict[str, Any]:
    """Give the report of a tried role, or how the page gets it."""
    look = ask_anew if request.method == "POST" else look_up
    looked = look(request, question)
    if isinstance(looked, Asking):
        return {"asking": looked}
    if looked.refused:
        return {"report": AccessReport(None, "", False, looked.message, looked.hint)}
    return {"report": report_of(looked)}


def providers(request: Request, account: ManagedAccount) -> HttpResponse:
    drops = "drop_external_id" in request.POST and account.uses_external_id
    if drops:
        account.uses_external_id = False
    held = [provider.key for provider in enabled_providers(account)]
    form = ProvidersForm(
        request.POST or None, account=account, initial={"providers": held}
    )
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data["providers"]

        def write() -> None:
            for key in wanted:
                account.providers.get_or_create(key=key)
            account.providers.exclude(key__in=wanted).delete()
            account.save(update_fields=["uses_external_id"])

        if written(form, "providers", account, write, request.user):
            return go_on(request, account, "providers")
    cards = [(key, p, key in shown_choice(form, held)) for key, p in PROVIDERS.items()]
    conflict = account.uses_external_id and bool(form.errors)
    return page(
        request, account, "providers", form=form, cards=cards, conflict=conflict
    )


def shown_choice(form: ProvidersForm, held: list[str]) -> list[str]:
    return form["providers"].value() or [] if form.is_bound else held


def review(request: Request, account: ManagedAccount) -> HttpResponse:
    managing, missing = managing_row(), undone(account)
    shown: dict[str, Any] = {"missing": missing}
    if not missing:
        try:
            topology = topology_of(managing_of(managing), [account])
            made = desired(topology, *topology.managed)
            shown |= {
                "made": made,
                "key_policies": key_policies(made),
                "allowed": allowed(topology),
                "ahead": load_ahead(topology),
            }
        except (DetailsError, QuotaExceeded) as error:
            shown["trouble"] = str(error)
        shown |= room_for(account, managing)
    return page(request, account, "review", **shown)


def room_for(account: ManagedAccount, managing: ManagingAccount) -> dict[str, Any]:
    """Say before a plan is made whether the account fits into the list."""
    if not account.in_aws_provider:
        return {}
    try:
        refuse_overflow(managing, [account])
    except NoRoom as error:
        return {"no_room": str(error)}
    return {"room": capacity_of(managing)}


PAGES: dict[str, Callable[[Request, ManagedAccount], HttpResponse]] = {
    "identity": identity,
    "access": access,
    "providers": providers,
    "details": details,
    "review": review,
}
