"""The wizard: one page a step, each with its own URL; a draft is an ordinary row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.access import operator_required
from accounts.forms import AccessForm, IdentityForm, ProvidersForm
from accounts.known_as import allowed, known_as, made
from accounts.models import EnabledProvider, ManagedAccount, ManagingAccount
from accounts.request import Request
from accounts.topologies import (
    NameTaken,
    claim_names,
    managed_of,
    managed_reach,
    managing_row,
    provider_of,
)
from accounts.wizard import (
    enabled_providers,
    has_access,
    marks,
    problem,
    step_after,
    step_named,
    undone,
)
from onboarding import names
from onboarding.aws.discover import AccessReport, answers, regions, try_access
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Reach, Sessions
from onboarding.partitions import PARTITIONS
from onboarding.providers import PROVIDERS
from onboarding.providers.base import DetailsError
from onboarding.providers.forms import DetailsForm
from onboarding.resources.policy import QuotaExceeded

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
        if written(form, "name", account, account.save):
            return go_on(request, account, "identity")
    return page(request, None, "identity", form=form)


def managing_account_itself(managing: ManagingAccount) -> dict[str, Any]:
    return {"name": managing.name, "account_id": managing.account_id}


@operator_required
def wizard(request: Request, pk: Any, step: str) -> HttpResponse:
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
    if saved(request, form, "name", account, edit(form, account)):
        return go_on(request, account, "identity")
    return page(request, account, "identity", form=form)


def offered_regions(request: Request, account: ManagedAccount) -> HttpResponse:
    """Show the regions that are enabled in the account, with the chosen ones ticked."""
    form = IdentityForm(instance=account)
    chosen: list[str] = form.fields["regions"].to_python(request.GET["regions"]) or []
    try:
        offered = regions(new_sessions(request), managed_reach(managed_of(account)))
        trouble = None
    except AwsError as error:
        offered, trouble = (), error
    return render(
        request,
        "wizard/_regions.html",
        {
            "form": form,
            "account": account,
            "offered": [(region, region in chosen) for region in offered],
            "others": ", ".join(region for region in chosen if region not in offered),
            "trouble": trouble,
            "home_region": home_region(),
        },
    )


def access(request: Request, account: ManagedAccount) -> HttpResponse:
    form = AccessForm(
        request.POST or None,
        instance=account,
        initial={} if has_access(account) else {"access_role": likely_role(account)},
    )
    if saved(request, form, "access_role", account, edit(form, account)):
        return go_on(request, account, "access")
    return page(request, account, "access", form=form)


def likely_role(account: ManagedAccount) -> str:
    """Propose the role of the last account that was described, or AWS's usual one."""
    if account.account_id == managing_row().account_id:
        return ""
    others = ManagedAccount.objects.exclude(access_role="").order_by("-created_at")
    return others.values_list("access_role", flat=True).first() or USUAL_ACCESS_ROLE


@operator_required
@require_POST
def test_access(request: Request, pk: Any) -> HttpResponse:
    """Try the access role that stands in the form, saved or not; change nothing."""
    account = get_object_or_404(ManagedAccount, pk=pk)
    role = request.POST.get("access_role", "").strip()
    try:
        reach = Reach(account.account_id, names.role_name(role) if role else "")
        report = try_access(new_sessions(request), reach)
    except names.BadName as error:
        report = AccessReport(None, "", works=False, sentence=str(error))
    if request.htmx:
        return render(request, "wizard/_access_report.html", {"report": report})
    form = AccessForm(request.POST, instance=account)
    return page(request, account, "access", form=form, report=report)


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
            if drops or set(wanted) != set(held):
                account.touch()

        if written(form, "providers", account, write):
            return go_on(request, account, "providers")
    cards = [(key, p, key in shown_choice(form, held)) for key, p in PROVIDERS.items()]
    conflict = account.uses_external_id and bool(form.errors)
    return page(
        request, account, "providers", form=form, cards=cards, conflict=conflict
    )


def shown_choice(form: ProvidersForm, held: list[str]) -> list[str]:
    return form["providers"].value() or [] if form.is_bound else held


def details(request: Request, account: ManagedAccount) -> HttpResponse:
    """Ask for one provider's details; what AWS knows of them is looked up apart."""
    enabled = enabled_providers(account)
    if not enabled:
        messages.info(request, "Choose the providers first.")
        return redirect("accounts:wizard", account.pk, "providers")
    current = chosen_provider(request, enabled)
    provider = PROVIDERS[current.key]
    managed = managed_of(account)
    calls = provider.searches(managed)
    if request.method == "GET" and calls and "look" not in request.GET:
        return details_page(request, account, current, calls=calls)
    found, trouble = {}, None
    if calls and request.GET.get("look") != "no":
        try:
            found = answers(new_sessions(request), managed_reach(managed), calls)
        except AwsError as error:
            trouble = error
    form = provider.Form(
        request.POST if request.method == "POST" else None,
        managed=managed,
        found=found,
        initial=current.details,
    )
    if saved(request, form, None, account, describe(form, current)):
        return go_on_with_details(request, account, current)
    return details_page(request, account, current, form=form, trouble=trouble)


def chosen_provider(
    request: Request, enabled: list[EnabledProvider]
) -> EnabledProvider:
    """Find the one in the URL, or the first that nobody has been through."""
    key = request.GET.get("provider")
    named = [provider for provider in enabled if provider.key == key]
    fresh = [provider for provider in enabled if not provider.described]
    return (named or fresh or enabled)[0]


def describe(form: DetailsForm, enabled: EnabledProvider) -> Callable[[], None]:
    """Keep the details; what was looked up before stays where nothing else changed."""

    def write() -> None:
        chosen = form.provider()
        if enabled.described and chosen.choices() == provider_of(enabled).choices():
            return
        enabled.details, enabled.described = chosen.details, True
        enabled.save(update_fields=["details", "described"])
        enabled.account.touch()

    return write


def go_on_with_details(
    request: Request, account: ManagedAccount, current: EnabledProvider
) -> HttpResponse:
    """Go to the next provider's details, and after the last one to the review."""
    keys = [provider.key for provider in enabled_providers(account)]
    following = keys[keys.index(current.key) + 1 :]
    if "leave" in request.POST or not following:
        return go_on(request, account, "details")
    url = reverse("accounts:wizard", args=[account.pk, "details"])
    return redirect(f"{url}?provider={following[0]}")


def details_page(
    request: Request,
    account: ManagedAccount,
    current: EnabledProvider,
    *,
    form: DetailsForm | None = None,
    calls: tuple[Any, ...] = (),
    trouble: AwsError | None = None,
) -> HttpResponse:
    shown = {
        "form": form,
        "current": current,
        "provider": PROVIDERS[current.key],
        "enabled": [(p, PROVIDERS[p.key].title) for p in enabled_providers(account)],
        "asked": ", ".join(dict.fromkeys(call.region for call in calls)),
        "trouble": trouble,
    }
    if request.htmx:
        fragment = {**shown, "account": account}
        return render(request, "wizard/_details_form.html", fragment)
    return page(request, account, "details", **shown)


def review(request: Request, account: ManagedAccount) -> HttpResponse:
    missing = undone(account)
    shown: dict[str, Any] = {"missing": missing}
    if not missing:
        try:
            shown |= {"made": made(account), "allowed": allowed(account)}
        except (DetailsError, QuotaExceeded) as error:
            shown["trouble"] = str(error)
    return page(request, account, "review", **shown)


PAGES: dict[str, Callable[[Request, ManagedAccount], HttpResponse]] = {
    "identity": identity,
    "access": access,
    "providers": providers,
    "details": details,
    "review": review,
}


def edit(
    form: IdentityForm | AccessForm, account: ManagedAccount
) -> Callable[[], None]:
    def write() -> None:
        form.save()
        if form.has_changed():
            account.touch()

    return write


def saved(
    request: Request,
    form: forms.BaseForm,
    field: str | None,
    account: ManagedAccount,
    write: Callable[[], None],
) -> bool:
    posted = request.method == "POST" and form.is_valid()
    return posted and written(form, field, account, write)


def written(
    form: forms.BaseForm,
    field: str | None,
    account: ManagedAccount,
    write: Callable[[], None],
) -> bool:
    """Write, and claim the account's names in Spinnaker; False puts the reason into
    the form, and nothing is written.
    """
    try:
        with transaction.atomic():
            write()
            rows = ManagedAccount.objects.prefetch_related("providers")
            claim_names(rows.get(pk=account.pk))
    except (NameTaken, DetailsError) as error:
        form.add_error(field, str(error))
        return False
    return True


def go_on(request: Request, account: ManagedAccount, slug: str) -> HttpResponse:
    if "leave" in request.POST:
        messages.success(
            request, f"{account.name} is saved. Continue whenever you like."
        )
        return redirect("accounts:accounts")
    return redirect("accounts:wizard", account.pk, step_after(slug))


def home_region() -> str:
    """Name the region that STS and IAM are asked in."""
    return PARTITIONS[managing_row().partition].home_region


def new_sessions(request: Request) -> Sessions:
    """Enter AWS for one request; CloudTrail shows who asked."""
    who = request.user.get_username()
    return Sessions(run=f"web-{who}", partition=managing_row().partition)


def page(
    request: Request, account: ManagedAccount | None, slug: str, **shown: Any
) -> HttpResponse:
    """Show a step, beside the account as it is stored."""
    if account is not None:
        rows = ManagedAccount.objects.prefetch_related("providers")
        account = rows.get(pk=account.pk)
        shown |= {
            "known": known_as(account),
            "has_access": has_access(account),
            "problem": problem(account, slug),
        }
    environments = ManagedAccount.objects.exclude(environment="").order_by()
    shown |= {
        "account": account,
        "step": step_named(slug),
        "marks": marks(account, slug),
        "managing": managing_row(),
        "home_region": home_region(),
        "environments": environments.values_list("environment", flat=True).distinct(),
        "crumbs": crumbs(account),
    }
    return render(request, f"wizard/{slug}.html", shown)


def crumbs(account: ManagedAccount | None) -> list[tuple[str, str]]:
    accounts = ("Accounts", reverse("accounts:accounts"))
    return (
        [accounts, (account.name, account.get_absolute_url())]
        if account
        else [accounts]
    )
