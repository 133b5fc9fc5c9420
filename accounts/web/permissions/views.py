"""The page for a security reviewer, its file, and the rotation of an external ID."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render

from accounts.external_ids import cancel_rotation, finish_rotation, rotate
from accounts.http import Request, attachment
from accounts.lists.declaration import KINDS, Columns, dated, lines_of_file
from accounts.mapping.managed import managed_of
from accounts.mapping.managing import NoManagingAccount, managing_of, managing_row
from accounts.models import ManagedAccount
from accounts.review.permissions import reviewed
from accounts.web.crumbs import crumbs
from accounts.web.permissions.chain_picture import narrow, wide
from accounts.web.posts import post
from accounts.web.runs.decisions import account_of
from onboarding.desired import POLICY_SET
from onboarding.details import DetailsError
from onboarding.review.effective import all_actions
from onboarding.review.evidence import SPINNAKER
from onboarding.review.lines import (
    ONLY,
    Filter,
    Line,
    Risks,
    count_of,
    folded,
    permission_lines,
)
from onboarding.review.power_user import is_power_users
from onboarding.topology import Managing

ROLES = {"managed": "the managed role", "identity": "Spinnaker's identity"}
FILE: Columns = {
    "role": lambda row: ROLES[row[0]],
    "for": lambda row: row[1].topic,
    "capability": lambda row: row[1].capability,
    "access": lambda row: row[1].access,
    "action": lambda row: row[1].action,
    "resources": lambda row: list(row[1].allowed.resources),
    "condition": lambda row: row[1].condition,
    "reason": lambda row: row[1].allowed.evidence.reason,
    "may_show": lambda row: row[1].shows,
    "in_power_user_access": lambda row: (
        "yes" if is_power_users(row[1].action) else "no"
    ),
    "sources": lambda row: list(row[1].allowed.evidence.sources),
}
"""Of the file: what each column holds of a role's key and a line."""


def listing_of(shown: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
    """Return what the page shows of what was reviewed."""
    asked = Filter.of(query)
    every, own = (
        permission_lines(shown["review"].topics),
        permission_lines(shown["identity_topics"]),
    )
    found = asked.of_all(every)
    granted = shown["size"].comparison.granted
    whole = sum(len(some) for some in all_actions().values())
    return {
        "asked": asked,
        "queried": f"?{urlencode(asked.as_query)}" if asked else "",
        "only": [(key, choice.title) for key, choice in ONLY.items()],
        "risks": Risks.of(every),
        "folds": folded(found),
        "own_folds": folded(asked.of_all(own)),
        "line_count": len(found),
        "found_count": count_of(found),
        "action_count": count_of(every),
        "whole": whole,
        "service_count": len(all_actions()),
        "share": round(100 * granted / whole, 1),
        "is_admin": granted >= whole,
        "others_differ": any(
            said.trust.is_other or said.boundary.is_other or said.policies
            for _, said in shown["other_roles"]
        ),
    }


def rows(shown: Mapping[str, Any], query: Mapping[str, str]) -> list[tuple[str, Line]]:
    """List the lines of the file, each with the key of its role."""
    asked = Filter.of(query)
    topics = {"identity": shown["identity_topics"]}
    if shown["chain"].role:
        topics = {"managed": shown["review"].topics, **topics}
    return [
        (role, line)
        for role, some in topics.items()
        for line in asked.of_all(permission_lines(some))
    ]


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
