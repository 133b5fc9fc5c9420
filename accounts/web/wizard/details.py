"""The wizard's step of details: each chosen provider's own form; and what all
steps share.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from accounts.discover.access import fails_test
from accounts.discover.looking import found_by, possible_details
from accounts.discover.organization.members import OFFERED
from accounts.discover.questions import known
from accounts.forms.providers import FORMS
from accounts.forms.providers.base import NOTHING, DetailsForm
from accounts.http import Request
from accounts.lists.accounts import environments
from accounts.mapping.completeness import enabled_providers, has_access, problem
from accounts.mapping.edits import editing
from accounts.mapping.managed import (
    cannot_be_read,
    managed_of,
    provider_of,
    topology_of,
)
from accounts.mapping.managing import managing_of, managing_row
from accounts.mapping.spinnaker import NameTaken, claim_names
from accounts.models import (
    Bundle,
    EnabledProvider,
    ManagedAccount,
    ManagingAccount,
    Question,
)
from accounts.people.deciding import Outside
from accounts.web.accounts.account import Known, known_as
from accounts.web.crumbs import crumbs
from accounts.web.questions import Asking, look_up
from accounts.web.wizard.steps import marks, step_after, step_named
from accounts.wording import for_count, listed
from onboarding.checks import Call
from onboarding.desired.image_keys import (
    key_policy_need,
    key_policy_statements,
    key_policy_to_do,
)
from onboarding.details import DetailsError
from onboarding.partitions import PARTITIONS
from onboarding.providers import PROVIDERS
from onboarding.providers.base import Provider
from onboarding.resources.kinds import KeyGrant, Resource
from onboarding.spinnaker.bundle.contents import BundleAccounts, accounts_in
from onboarding.spinnaker.bundle.formats.clouddriver import clouddriver
from onboarding.spinnaker.bundle.limits import Limit, both, limits, load, load_of
from onboarding.spinnaker.entries import Entries, WouldBeMisread, entries
from onboarding.topology import Topology


def saved(
    request: Request,
    form: forms.BaseForm,
    field: str | None,
    account: ManagedAccount,
    write: Callable[[], object],
) -> bool:
    """Write what was posted, if it is right, and claim the account's names in
    Spinnaker; False puts the reason into the form, and nothing is written.
    """
    if request.method != "POST" or not form.is_valid():
        return False
    try:
        with transaction.atomic():
            with editing(account, request.user):
                write()
            rows = ManagedAccount.objects.prefetch_related("providers")
            claim_names(rows.get(pk=account.pk))
    except (NameTaken, DetailsError) as error:
        form.add_error(field, str(error))
        return False
    except Outside as error:
        where = "environment" if "environment" in form.fields else None
        form.add_error(where, str(error))
        return False
    return True


def go_on(request: Request, account: ManagedAccount, slug: str) -> HttpResponse:
    if "leave" in request.POST:
        messages.success(
            request, f"{account.name} is saved. You can continue at any time."
        )
        return redirect("accounts:accounts")
    return redirect("accounts:wizard", account.pk, step_after(slug))


def page(
    request: Request,
    account: ManagedAccount | None,
    slug: str,
    **shown: Any,
) -> HttpResponse:
    """Show a step next to the account as it is stored."""
    managing, fails = managing_row(), ""
    if account is not None:
        rows = ManagedAccount.objects.prefetch_related("providers")
        account = get_object_or_404(rows, pk=account.pk)
        fails = "access" if fails_test(account, managing.partition) else ""
        shown |= {
            "fails_test": bool(fails),
            "known": known_so_far(managing, account),
            "has_access": has_access(account),
            "problem": problem(account, slug),
        }
    shown |= {
        "account": account,
        "step": step_named(slug),
        "marks": marks(account, slug, fails=fails),
        "managing": managing,
        "home_region": PARTITIONS[managing.partition].home_region,
        "environments": environments(),
        "crumbs": crumbs("accounts", account),
    }
    return render(request, f"wizard/{slug}.html", shown)


def known_so_far(managing: ManagingAccount, account: ManagedAccount) -> list[Known]:
    """List what can be shown; `problem` says what cannot be read, and where."""
    try:
        return list(known_as(topology_of(managing_of(managing), [account])))
    except DetailsError:
        return []


class KeyPolicies(NamedTuple):
    """Sentences for each key of another account, and the statements that all need."""

    keys: list[tuple[str, str]]
    """What the key's policy must allow, and who adds the statements to it."""
    statements: list[dict[str, Any]]


def key_policies(made: Iterable[Resource]) -> KeyPolicies | None:
    """Say what to add where the account makes grants on keys of another one."""
    grants = [r for r in made if isinstance(r, KeyGrant) and r.crosses_accounts]
    if not grants:
        return None
    said = [(key_policy_need(grant), key_policy_to_do(grant)) for grant in grants]
    return KeyPolicies(said, key_policy_statements(grants[0]))


FILE = "clouddriver/clouddriver-local.yml"


class Ahead(NamedTuple):
    """The limits with the account in, and the bundle whose accounts were counted."""

    bundle: Bundle | None
    limits: tuple[Limit, ...]


def load_ahead(topology: Topology) -> Ahead:
    """Add the topology's one account to the latest bundle that is ready, where it is
    not in yet.
    """
    own = entries(topology)
    size = written_size(topology, own)
    expected = load(own)
    ready = Bundle.objects.built()
    latest = ready.order_by("-number").first()
    if latest:
        accounts = accounts_in(latest.archive)
        others = without(accounts, {one.name for one in own.aws})
        expected = both(load_of(others), expected)
        is_in = others != accounts
        sizes = {file["path"]: file["size"] for file in latest.files}
        size = sizes.get(FILE, 0) + (0 if is_in else size)
    return Ahead(latest, tuple(limits(expected, {FILE: size} if size else {})))


def written_size(topology: Topology, own: Entries) -> int:
    """Return the bytes of its part in Clouddriver's file; 0 where none is written."""
    try:
        files = clouddriver(topology, own)
        return sum(len(file.content) for file in files if file.path == FILE)
    except WouldBeMisread:  # the bundle will say so, and why
        return 0


def without(accounts: BundleAccounts, names: Collection[str]) -> BundleAccounts:
    """Leave out an AWS account, by whichever names Spinnaker knows it."""
    return replace(
        accounts,
        aws=tuple(a for a in accounts.aws if a["name"] not in names),
        ecs=tuple(a for a in accounts.ecs if a["awsAccount"] not in names),
    )


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


def by_default(enabled: list[EnabledProvider], current: EnabledProvider) -> str:
    """Say which other providers can stay as Bowline proposes; empty: none can."""
    titles = [
        PROVIDERS[one.key].title
        for one in enabled
        if one.pk != current.pk and one.key in OFFERED and says(one, OFFERED[one.key])
    ]
    if not titles:
        return ""
    return for_count(
        len(titles),
        f"{listed(titles)} uses default values. Open its tab to change them.",
        f"{listed(titles)} use default values. Open a tab to change them.",
    )


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
        "by_default": by_default(enabled_providers(account), current),
        "asking": asking,
        "asked": ", ".join(dict.fromkeys(call.region for call in of)),
        "trouble": trouble,
    }
    if request.htmx:
        fragment = {**shown, "account": account}
        return render(request, "wizard/_details_form.html", fragment)
    return page(request, account, "details", **shown)
