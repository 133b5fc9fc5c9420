"""What all steps of the wizard share: saving, going on, and the page around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from accounts.discover.access import fails_test
from accounts.http import Request
from accounts.mapping.completeness import has_access, problem
from accounts.mapping.edits import editing
from accounts.mapping.managed import topology_of
from accounts.mapping.managing import managing_of, managing_row
from accounts.mapping.spinnaker_names import NameTaken, claim_names
from accounts.models import ManagedAccount, ManagingAccount
from accounts.people.deciding import Outside
from accounts.web.accounts.account import Known, known_as
from accounts.web.crumbs import crumbs
from accounts.web.wizard.steps import marks, step_after, step_named
from onboarding.details import DetailsError
from onboarding.partitions import PARTITIONS

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def saved(
    request: Request,
    form: forms.BaseForm,
    field: str | None,
    account: ManagedAccount,
    write: Callable[[], object],
) -> bool:
    posted = request.method == "POST" and form.is_valid()
    return posted and write_and_claim(form, field, account, write, request.user)


def write_and_claim(
    form: forms.BaseForm,
    field: str | None,
    account: ManagedAccount,
    write: Callable[[], object],
    by: User,
) -> bool:
    """Write, and claim the account's names in Spinnaker; False puts the reason into
    the form, and nothing is written.
    """
    try:
        with transaction.atomic():
            with editing(account, by):
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
    environments = ManagedAccount.objects.exclude(environment="").order_by()
    shown |= {
        "account": account,
        "step": step_named(slug),
        "marks": marks(account, slug, fails=fails),
        "managing": managing,
        "home_region": PARTITIONS[managing.partition].home_region,
        "environments": environments.values_list("environment", flat=True).distinct(),
        "crumbs": crumbs("accounts", account),
    }
    return render(request, f"wizard/{slug}.html", shown)


def known_so_far(managing: ManagingAccount, account: ManagedAccount) -> list[Known]:
    """List what can be shown; `problem` says what cannot be read, and where."""
    try:
        return list(known_as(topology_of(managing_of(managing), [account])))
    except DetailsError:
        return []
