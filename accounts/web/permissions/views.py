"""The page for a security reviewer, its file, and the rotation of an external ID."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render

from accounts.external_ids import cancel_rotation, finish_rotation, rotate
from accounts.http import Request, attachment
from accounts.lists.declaration import KINDS, dated, lines_of_file
from accounts.mapping.managed import managed_of
from accounts.mapping.managing import NoManagingAccount, managing_of, managing_row
from accounts.models import ManagedAccount
from accounts.review.permissions import reviewed
from accounts.web.crumbs import crumbs
from accounts.web.permissions.chain_picture import narrow, wide
from accounts.web.permissions.listing import FILE, listing_of, rows
from accounts.web.posts import post
from accounts.web.runs.decisions import account_of
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
    account = account_of(pk)
    try:
        return account, managing_of(managing_row())
    except NoManagingAccount as error:
        raise Http404(str(error)) from error


def settings_of(account: ManagedAccount, *_: Any) -> str:
    return f"{account.get_absolute_url()}?tab=settings"


account_post = partial(post, find=account_of, then=settings_of, refused=settings_of)
rotations = [
    account_post(
        "accounts/<uuid:pk>/rotate/",
        rotate,
        name="rotate",
        said="A new external ID was created. Plan again. AWS then accepts both.",
    ),
    account_post(
        "accounts/<uuid:pk>/unrotate/",
        cancel_rotation,
        name="unrotate",
        said="Plan again. AWS then accepts only the previous external ID.",
    ),
    account_post(
        "accounts/<uuid:pk>/rotated/",
        finish_rotation,
        name="rotated",
        said="Plan again. AWS then accepts only the new external ID.",
    ),
]
