"""The wizard's step of details: each chosen provider's own form, one after another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.mapping.managed import cannot_be_read, managed_of, provider_of
from accounts.mapping.managing import managing_row
from accounts.models import EnabledProvider, ManagedAccount
from accounts.web.request import Request
from accounts.web.wizard.page import go_on, new_sessions, page, saved
from accounts.web.wizard.provider_forms import FORMS
from accounts.web.wizard.provider_forms.base import DetailsForm
from accounts.web.wizard.steps import enabled_providers
from onboarding.aws.discover import answers
from onboarding.aws.errors import AwsError
from onboarding.providers import PROVIDERS
from onboarding.providers.base import Provider


def details(request: Request, account: ManagedAccount) -> HttpResponse:
    """Ask for one provider's details; what AWS knows of them is looked up apart."""
    enabled = enabled_providers(account)
    if not enabled:
        messages.info(request, "Choose the providers first.")
        return redirect("accounts:wizard", account.pk, "providers")
    current = chosen_provider(request, enabled)
    provider = PROVIDERS[current.key]
    managed = managed_of(account, without=cannot_be_read)
    calls = provider.searches(managed)
    if request.method == "GET" and calls and "look" not in request.GET:
        return details_page(request, account, current, calls=calls)
    found, trouble = {}, None
    if calls and request.GET.get("look") != "no":
        try:
            found = answers(
                new_sessions(request, managing_row().partition), managed.reach, calls
            )
        except AwsError as error:
            trouble = error
    form = FORMS[current.key](
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


def says(enabled: EnabledProvider, chosen: Provider) -> bool:
    """Tell whether a person has stored just this choice already."""
    if not enabled.described or cannot_be_read(enabled):
        return False
    return chosen.choices() == provider_of(enabled).choices()


def describe(form: DetailsForm, enabled: EnabledProvider) -> Callable[[], None]:
    """Keep the details; what was looked up before stays where nothing else changed."""

    def write() -> None:
        chosen = form.provider()
        if says(enabled, chosen):
            return
        enabled.details, enabled.described = chosen.details, True
        enabled.save(update_fields=["details", "described"])

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
    shown: dict[str, Any] = {
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
