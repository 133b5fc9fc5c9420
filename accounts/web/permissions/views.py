"""The page for a security reviewer, its file, and the rotation of an external ID."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from accounts.external_ids import (
    RotationRefused,
    cancel_rotation,
    finish_rotation,
    rotate,
)
from accounts.http import Request, attachment
from accounts.lists.files import KINDS, dated, lines_of_file
from accounts.mapping.managed import managed_of
from accounts.mapping.managing import NoManagingAccount, managing_of, managing_row
from accounts.models import ManagedAccount
from accounts.people.doors import operator_required
from accounts.review.permissions import reviewed
from accounts.web.crumbs import crumbs
from accounts.web.permissions.chain_picture import narrow, wide
from accounts.web.permissions.listing import FILE, listing_of, rows
from onboarding.desired import POLICY_SET
from onboarding.details import DetailsError
from onboarding.review.evidence import SPINNAKER
from onboarding.topology import Managing


def permissions(request: Request, pk: UUID) -> HttpResponse:
    """Show who may assume the managed role, what it may do, and why; printable."""
    account, managing = account_and_managing(pk)
    shown: dict[str, Any] = {
        "account": account,
        "crumbs": crumbs("accounts", account),
        "latest": POLICY_SET,
        "source": {
            "spinnaker": f"https://github.com/{SPINNAKER.name}/tree/{SPINNAKER.version}",
            "version": SPINNAKER.version.removeprefix("spinnaker-release-"),
        },
    }
    try:
        shown |= reviewed(managing, managed_of(account), account)
    except DetailsError as error:
        shown["trouble"] = str(error)
    else:
        shown |= listing_of(shown, request.GET)
        chain = shown["chain"]
        shown["drawings"] = [("wide", wide(chain)), ("narrow", narrow(chain))]
    return render(request, "permissions/permissions.html", shown)


def permissions_file(request: Request, pk: UUID) -> HttpResponse:
    """Answer with what is allowed, a line an action, as the page's filter asks."""
    account, managing = account_and_managing(pk)
    try:
        found = reviewed(managing, managed_of(account), account)
    except DetailsError as error:
        raise Http404(str(error)) from error
    text = "".join(lines_of_file("csv", FILE, rows(found, request.GET)))
    return attachment(text, dated(f"permissions-{account.name}", "csv"), KINDS["csv"])


def account_and_managing(pk: UUID) -> tuple[ManagedAccount, Managing]:
    account = get_object_or_404(
        ManagedAccount.objects.prefetch_related("providers"), pk=pk
    )
    try:
        return account, managing_of(managing_row())
    except NoManagingAccount as error:
        raise Http404(str(error)) from error


@require_POST
@operator_required
def rotation_begin(request: Request, pk: UUID) -> HttpResponse:
    return rotated(
        request,
        pk,
        rotate,
        "A new external ID was created. Plan again. AWS then accepts both.",
    )


@require_POST
@operator_required
def rotation_finish(request: Request, pk: UUID) -> HttpResponse:
    return rotated(
        request,
        pk,
        finish_rotation,
        "Plan again. AWS then accepts only the new external ID.",
    )


@require_POST
@operator_required
def rotation_cancel(request: Request, pk: UUID) -> HttpResponse:
    return rotated(
        request,
        pk,
        cancel_rotation,
        "Plan again. AWS then accepts only the previous external ID.",
    )


def rotated(
    request: Request,
    pk: UUID,
    act: Callable[[ManagedAccount, User], None],
    done: str,
) -> HttpResponse:
    account = get_object_or_404(ManagedAccount, pk=pk)
    try:
        act(account, request.user)
    except RotationRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect(f"{account.get_absolute_url()}?tab=settings")
