"""The wizard's step of details: each chosen provider's own form, one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.discover.in_aws import found_by, possible_details
from accounts.discover.organization.members import OFFERED
from accounts.discover.questions import known
from accounts.forms.providers import FORMS
from accounts.forms.providers.base import NOTHING, DetailsForm
from accounts.http import Request
from accounts.mapping.completeness import enabled_providers
from accounts.mapping.managed import cannot_be_read, managed_of, provider_of
from accounts.mapping.managing import managing_row
from accounts.models import EnabledProvider, ManagedAccount, Question
from accounts.web.questions import Asking, look_up
from accounts.web.wizard.page import go_on, page, saved
from accounts.wording import for_count, listed
from onboarding.checks import Call
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
    question = possible_details.at(managing_row().partition, managed.reach, calls=calls)
    looked: Question | Asking | None = None
    if calls and request.method == "POST":
        looked = known(question)
    elif calls and request.GET.get("look") != "no":
        looked = look_up(request, question)
    if isinstance(looked, Asking):
        return details_page(request, account, current, asking=looked, of=calls)
    refused = looked is not None and looked.refused
    form = FORMS[current.key](
        request.POST if request.method == "POST" else None,
        managed=managed,
        found=found_by(looked) if looked and not refused else NOTHING,
        initial=current.details,
    )
    if saved(request, form, None, account, describe(form, current)):
        return go_on_with_details(request, account, current)
    return details_page(
        request, account, current, form=form, trouble=looked if refused else None
    )


def chosen_provider(
    request: Request, enabled: list[EnabledProvider]
) -> EnabledProvider:
    """Find the one in the URL, or the first that nobody has been through."""
    key = request.GET.get("provider")
    named = [provider for provider in enabled if provider.key == key]
    fresh = [provider for provider in enabled if not provider.has_details]
    return (named or fresh or enabled)[0]


def says(enabled: EnabledProvider, chosen: Provider) -> bool:
    """Return whether a person has stored just this choice already."""
    if not enabled.has_details or cannot_be_read(enabled):
        return False
    return chosen.choices() == provider_of(enabled).choices()


def describe(form: DetailsForm, enabled: EnabledProvider) -> Callable[[], None]:
    """Keep the details; what was looked up before stays where nothing else changed."""

    def write() -> None:
        chosen = form.provider()
        if says(enabled, chosen):
            return
        enabled.details, enabled.has_details = chosen.details, True
        enabled.save(update_fields=["details", "has_details"])

    return write


def go_on_with_details(
    request: Request, account: ManagedAccount, current: EnabledProvider
) -> HttpResponse:
    """Go to the next provider that nobody described; after the last, to the review."""
    fresh = [
        provider
        for provider in enabled_providers(account)
        if not provider.has_details and provider.pk != current.pk
    ]
    if "leave" in request.POST or not fresh:
        return go_on(request, account, "details")
    url = reverse("accounts:wizard", args=[account.pk, "details"])
    return redirect(f"{url}?provider={fresh[0].key}")


def in_words(titles: list[str]) -> str:
    """Say which providers can stay as they are; nothing where none can."""
    if not titles:
        return ""
    return for_count(
        len(titles),
        f"{listed(titles)} uses default values. Open its tab to change them.",
        f"{listed(titles)} use default values. Open a tab to change them.",
    )


def by_default(enabled: list[EnabledProvider], current: EnabledProvider) -> list[str]:
    """Name the other providers that are as Bowline proposes."""
    return [
        PROVIDERS[one.key].title
        for one in enabled
        if one.pk != current.pk and one.key in OFFERED and says(one, OFFERED[one.key])
    ]


def details_page(
    request: Request,
    account: ManagedAccount,
    current: EnabledProvider,
    *,
    form: DetailsForm | None = None,
    asking: Asking | None = None,
    of: Sequence[Call] = (),
    trouble: Question | None = None,
) -> HttpResponse:
    shown: dict[str, Any] = {
        "form": form,
        "current": current,
        "provider": PROVIDERS[current.key],
        "enabled": [(p, PROVIDERS[p.key].title) for p in enabled_providers(account)],
        "by_default": in_words(by_default(enabled_providers(account), current)),
        "asking": asking,
        "asked": ", ".join(dict.fromkeys(call.region for call in of)),
        "trouble": trouble,
    }
    if request.htmx:
        fragment = {**shown, "account": account}
        return render(request, "wizard/_details_form.html", fragment)
    return page(request, account, "details", **shown)
