"""The wizard: one page a step, each with its own URL; a draft is an ordinary row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from accounts.decisions.locks import Gone
from accounts.discover.organization.members import OFFERED
from accounts.forms.account import IdentityForm, ProvidersForm
from accounts.http import Request
from accounts.mapping.completeness import enabled_providers
from accounts.mapping.edits import edit_account
from accounts.mapping.managed import topology_of
from accounts.mapping.managing import managing_of, managing_row
from accounts.models import ManagedAccount, ManagingAccount
from accounts.people.doors import operator_required
from accounts.runs.capacity import NoRoom, capacity_of, refuse_overflow
from accounts.web.accounts.account import allowed
from accounts.web.runs.decisions import account_of
from accounts.web.wizard.access import access
from accounts.web.wizard.details import (
    details,
    go_on,
    key_policies,
    load_ahead,
    page,
    saved,
)
from accounts.web.wizard.steps import undone
from onboarding.desired import desired
from onboarding.details import DetailsError
from onboarding.providers import PROVIDERS
from onboarding.resources.policy import QuotaExceeded


@operator_required
def wizard_new(request: Request) -> HttpResponse:
    """Begin a draft; the managing account comes first."""
    managing = ManagingAccount.objects.first()
    if managing is None:
        messages.info(request, "Set up the managing account first.")
        return redirect("accounts:managing")
    itself = {"name": managing.name, "account_id": managing.account_id}
    form = IdentityForm(
        request.POST or None, initial=itself if "itself" in request.GET else {}
    )
    account = form.instance
    account.created_by = request.user

    def write() -> None:
        if account.account_id == managing.account_id:
            account.access_role = managing.access_role
        account.save()

    if saved(request, form, "name", account, write):
        return go_on(request, account, "identity")
    return page(request, None, "identity", form=form)


@operator_required
def wizard(request: Request, pk: UUID, step: str) -> HttpResponse:
    """Show one step of an account, or save it."""
    if step not in PAGES:
        raise Http404
    account = account_of(pk)
    edit_account.refuse(account, request.user, locks=False)
    try:
        return PAGES[step](request, account)
    except Gone as error:
        messages.info(request, str(error))
        return redirect("accounts:accounts")


def identity(request: Request, account: ManagedAccount) -> HttpResponse:
    form = IdentityForm(request.POST or None, instance=account)
    if saved(request, form, "name", account, form.save):
        return go_on(request, account, "identity")
    return page(request, account, "identity", form=form)


def providers(request: Request, account: ManagedAccount) -> HttpResponse:
    """Choose providers; those with working defaults are described by them at once."""
    drops = "drop_external_id" in request.POST and account.uses_external_id
    if drops and not account.keeps_external_id:
        account.uses_external_id = False
    held = [provider.key for provider in enabled_providers(account)]
    form = ProvidersForm(
        request.POST or None, account=account, initial={"providers": held}
    )

    def write() -> None:
        wanted = form.cleaned_data["providers"]
        account.uses_external_id = form.uses_external_id()
        if not account.uses_external_id:
            account.own_external_id = ""
        for key in wanted:
            account.providers.get_or_create(key=key, defaults=at_defaults(key))
        account.providers.exclude(key__in=wanted).delete()
        account.save(update_fields=["uses_external_id", "own_external_id"])

    if saved(request, form, "providers", account, write):
        return go_on(request, account, "providers")
    cards = [(key, p, key in shown_choice(form, held)) for key, p in PROVIDERS.items()]
    contradicts = form.is_bound and form.contradicts(shown_choice(form, held))
    conflict = contradicts and not account.keeps_external_id
    return page(
        request, account, "providers", form=form, cards=cards, conflict=conflict
    )


def at_defaults(key: str) -> dict[str, Any]:
    usual = OFFERED.get(key)
    return {"details": usual.details, "has_details": True} if usual else {}


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
    "providers": providers,
    "access": access,
    "details": details,
    "review": review,
}
