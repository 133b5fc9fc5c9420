"""The wizard's step into the account: its access role, made by somebody and tested."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django_htmx.http import retarget

from accounts.discover.access import (
    just_answered,
    policies_for,
    reach_of,
    report_of,
    tested_access,
    texts,
    who_is_bowline,
    works_without_role,
)
from accounts.discover.looking import enabled_regions
from accounts.forms.account import AccessForm
from accounts.http import Request, attachment
from accounts.mapping.completeness import has_access
from accounts.mapping.edits import edit_account
from accounts.mapping.managing import managing_row
from accounts.models import ManagedAccount, Question
from accounts.people.doors import operator_required
from accounts.web.questions import Asking, ask_again, look_up
from accounts.web.wizard.details import go_on, page, saved
from onboarding import names
from onboarding.access_role import FILE
from onboarding.aws.discover import AccessReport
from onboarding.partitions import PARTITIONS


@operator_required
def access_role(request: Request, pk: UUID) -> HttpResponse:
    """Show the role's template, and how it comes into every account."""
    account = get_object_or_404(ManagedAccount, pk=pk)
    looked = look_up(request, who_is_bowline())
    shown: dict[str, Any]
    if isinstance(looked, Asking):
        shown = {"asking_bowline": looked}
    elif looked.refused:
        shown = {"bowline_refused": looked}
    else:
        shown = texts(account, looked)
    if request.htmx:
        shown["account"] = account
        return render(request, "wizard/_access_role_texts.html", shown)
    form = access_form(None, account)
    return page(request, account, "access", form=form, opens_role=True, **shown)


@operator_required
def access_role_file(request: Request, pk: UUID) -> HttpResponse:
    """Return the template as a file, for the Bowline that the page has just shown."""
    account = get_object_or_404(ManagedAccount, pk=pk)
    found = just_answered()
    if found is None:
        return redirect(f"{reverse('accounts:access-role', args=[pk])}?look=1")
    template = texts(account, found)["role"].template
    return attachment(template, FILE, "application/yaml")


USUAL_ACCESS_ROLE = "OrganizationAccountAccessRole"
"""AWS Organizations makes it in every account that it creates."""


def access(request: Request, account: ManagedAccount) -> HttpResponse:
    if "regions" in request.GET:
        return offered_regions(request, account)
    form = access_form(request.POST or None, account)
    if saved(request, form, "access_role", account, form.save):
        return go_on(request, account, "access")
    return access_page(request, account, form)


def access_form(data: Any, account: ManagedAccount) -> AccessForm:
    """Propose what is usual as long as nobody has said it."""
    proposed: dict[str, Any] = {}
    managing = managing_row()
    if not account.regions:
        home = PARTITIONS[managing.partition].home_region
        proposed["regions"] = last_said("regions", []) or [home]
    if account.is_handed_off or not has_access(account):
        proposed["access_role"] = likely_role(account)
    return AccessForm(
        data,
        instance=account,
        partition=managing.partition,
        managed_role=managing.managed_role,
        needs_access_role=not (
            account.granted_at
            or account.verification
            or account.account_id == managing.account_id
            or works_without_role(account, managing.partition)
        ),
        initial=proposed,
    )


def access_page(
    request: Request, account: ManagedAccount, form: AccessForm, **shown: Any
) -> HttpResponse:
    """Show the step; its regions are asked for at once where none is known yet."""
    at_once = not account.regions and request.method == "GET"
    return page(request, account, "access", form=form, asks_regions=at_once, **shown)


def likely_role(account: ManagedAccount) -> str:
    """Propose the role of the last account that was described, or AWS's usual one."""
    if account.account_id == managing_row().account_id:
        return account.access_role
    last = last_said("access_role", "")
    return account.access_role or last or USUAL_ACCESS_ROLE


def last_said(column: str, nothing: Any) -> Any:
    """Return what the last account has of which anybody said it."""
    others = ManagedAccount.objects.exclude(**{column: nothing}).only(column)
    last = others.order_by("-created_at").first()
    return getattr(last, column, None)


def offered_regions(request: Request, account: ManagedAccount) -> HttpResponse:
    """Show the regions that are enabled in the account, with the chosen ones selected.

    Those that were only proposed are left out where the account does not have them.
    """
    managing = managing_row()
    typed = " ".join(request.GET.getlist("regions"))
    chosen: list[str] = AccessForm.base_fields["regions"].to_python(typed) or []
    shown: dict[str, Any] = {
        "form": AccessForm(instance=account, initial={"regions": chosen}),
        "account": account,
        "home_region": PARTITIONS[managing.partition].home_region,
    }
    try:
        reach = reach_of(account, request.GET.get("access_role", account.access_role))
    except names.BadName as error:
        shown["trouble"] = {"message": str(error)}
        return retarget(render(request, "wizard/_regions.html", shown), "#regions")
    looked = look_up(request, enabled_regions.at(managing.partition, reach))
    if isinstance(looked, Asking):
        shown["asking"] = looked
        return render(request, "wizard/_asking_regions.html", shown)
    offered: list[str] = looked.answer or []
    if looked.refused:
        shown["trouble"] = looked
    others = [region for region in chosen if region not in offered]
    proposed = "proposed" in request.GET
    shown |= {
        "offered": [(region, region in chosen) for region in offered],
        "others": "" if proposed else ", ".join(others),
    }
    # What polled is a line of it.
    return retarget(render(request, "wizard/_regions.html", shown), "#regions")


@operator_required
def test_access(request: Request, pk: UUID) -> HttpResponse:
    """Try the access role that the form holds, saved or not; change nothing.

    POST asks; GET looks whether there is an answer.
    """
    account = get_object_or_404(ManagedAccount, pk=pk)
    edit_account.refuse(account, request.user, locks=False)
    asked = request.POST if request.method == "POST" else request.GET
    try:
        reach = reach_of(account, asked.get("access_role", ""))
    except names.BadName as error:
        report = AccessReport(None, "", works=False, sentence=str(error))
        shown: dict[str, Any] = {"report": report}
    else:
        shown = tried(request, tested_access.at(managing_row().partition, reach))
    if request.htmx:
        fragment = {**shown, "account": account}
        return render(request, "wizard/_access_report.html", fragment)
    # As it was filled in, and not judged yet: nobody has saved it.
    filled = access_form(asked, account)
    values = {name: filled[name].value() for name in filled.fields}
    form = access_form(None, account)
    form.initial = values
    return access_page(request, account, form, **shown)


def tried(request: Request, question: Question) -> dict[str, Any]:
    """Return the report of a tried role, or how the page gets it."""
    look = ask_again if request.method == "POST" else look_up
    looked = look(request, question)
    if isinstance(looked, Asking):
        return {"asking": looked}
    if looked.refused:
        return {"report": AccessReport(None, "", False, looked.message, looked.hint)}
    report = report_of(looked)
    return {"report": report, "policies": policies_for(report)}
