"""The page for a security reviewer, and the rotation of an external ID."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.access import operator_required
from accounts.external_ids import RotationRefused, finish_rotation, rotate
from accounts.models import ManagedAccount
from accounts.request import Request
from accounts.topologies import (
    NoManagingAccount,
    managed_of,
    managing_of,
    managing_row,
)
from onboarding.desired import POLICY_SET
from onboarding.findings import findings
from onboarding.review import managed_review, managing_topics


def rights(request: Request, pk: Any) -> HttpResponse:
    """Show who may become the managed role, what it may do, and why; to be printed."""
    account = get_object_or_404(
        ManagedAccount.objects.prefetch_related("providers"), pk=pk
    )
    try:
        managing = managing_of(managing_row())
    except NoManagingAccount as error:
        raise Http404(str(error)) from error
    managed = managed_of(account)
    found = managed_review(managing, managed)
    shown = {
        "account": account,
        "crumbs": [
            ("Accounts", reverse("accounts:accounts")),
            (account.name, account.get_absolute_url()),
        ],
        "managing": managing,
        "in_aws_provider": managed.in_aws_provider,
        "review": found,
        "identity_topics": managing_topics(managing),
        "findings": list(findings(found.topics)),
        "latest": POLICY_SET,
    }
    return render(request, "accounts/rights.html", shown)


@require_POST
@operator_required
def rotation_begin(request: Request, pk: Any) -> HttpResponse:
    return rotated(request, pk, rotate, "A new external ID is made. Plan again: both")


@require_POST
@operator_required
def rotation_finish(request: Request, pk: Any) -> HttpResponse:
    return rotated(request, pk, finish_rotation, "Plan again: only the new external ID")


def rotated(
    request: Request, pk: Any, act: Callable[[ManagedAccount], None], done: str
) -> HttpResponse:
    account = get_object_or_404(ManagedAccount, pk=pk)
    try:
        act(account)
    except RotationRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{done} will be accepted from then on.")
    return redirect(account)
