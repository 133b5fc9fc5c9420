"""The doors of decisions: which page, operation and command leads to which row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from accounts.api.api import api
from accounts.decisions.decision import DECISIONS, Decision
from accounts.web.urls import urlpatterns

ROWS = {row.title: row for row in DECISIONS}
ACCEPT, APPROVE = "accept an evaluated account", "approve a plan"
ACCOUNT, FILE = "describe or edit an account", "describe or edit accounts by a file"
ROLLOUT = "start a rollout"

BY_HAND: Mapping[str, str] = {
    "accept-many": ACCEPT,
    "adoption-add": FILE,
    "clusters": FILE,
    "edit-many": ACCOUNT,
    "exclude-many": "leave an account out of bundles, or include it again",
    "file-preview": FILE,
    "identical-plans-approve": APPROVE,
    "managing": "describe or edit the managing account",
    "organization": "add accounts of the organization",
    "organization-watch": "watch a unit",
    "person-add": "add a person",
    "person-link": "give a person a link to choose a password",
    "plan-many": ROLLOUT,
    "remove-many": ROLLOUT,
    "retry-many": "retry the failed accounts of a rollout",
    "rotate-many": "rotate an external ID",
    "second-approver": "switch a second approver on",
    "spinnaker-edit": "change the connection with Spinnaker",
    "take-over-many": ROLLOUT,
    "target": "change a target of notifications",
    "target-add": "add a target of notifications",
    "target-rotate": "give a webhook a new secret",
    "token-create": "make an API token",
    "token-revoke": "revoke an own API token",
    "verify-many": ROLLOUT,
    "wizard": ACCOUNT,
    "wizard-new": ACCOUNT,
    "POST /accounts-file": FILE,
    "POST /clusters/searches/{id}/add": FILE,
    "POST /evaluated-accounts/accept": ACCEPT,
    "POST /organization/members": "add accounts of the organization",
    "POST /rollouts": ROLLOUT,
    "POST /runs/same/{fingerprint}/approve": APPROVE,
    "PUT /accounts/{name}": FILE,
    "PUT /managing-account": "describe or edit the managing account",
    "PUT /organization/units/{unit}/watch": "watch a unit",
}
"""Doors that read what is chosen or written themselves, and the row that they call."""

ASKING: Mapping[str, str] = {
    "access-role": "shows a form",
    "adopt": "reads files",
    "adopt-wait": "waits for a worker",
    "adoption": "shows a report",
    "adoption-in-aws": "asks a worker",
    "adoption-json": "shows a report",
    "adoption-text": "shows a report",
    "clusters-find": "asks a worker",
    "file-check": "waits for a worker",
    "from-file": "reads a file",
    "organization-adding": "waits for a worker",
    "organization-progress": "waits for a worker",
    "organization-read": "asks a worker",
    "spinnaker-test": "asks a worker",
    "test-access": "asks a worker",
    "POST /accounts-file/preview": "reads a file",
    "POST /accounts/{name}/access-test": "asks a worker",
    "POST /adoptions": "reads files",
    "POST /clusters/searches": "asks a worker",
    "POST /organization/read": "asks a worker",
    "POST /spinnaker/test": "asks a worker",
}
"""Doors that decide nothing: what becomes of what they find is a decision."""


def row_of(view: Any) -> Decision[Any, Any] | None:
    while view is not None:
        if found := getattr(view, "decision", None):
            return found  # type: ignore[no-any-return]
        view = getattr(view, "__wrapped__", None)
    return None


def pages() -> Iterator[tuple[str, Decision[Any, Any] | None]]:
    for pattern in urlpatterns:
        yield str(pattern.name), row_of(pattern.callback)


def operations() -> Iterator[tuple[str, Decision[Any, Any] | None]]:
    """Yield each operation that isn't a GET."""
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            plain = re.sub(r"{\w+:", "{", f"/{prefix.strip('/')}{path}")
            for one in view.operations:
                for method in {*one.methods} - {"GET"}:
                    yield f"{method} {plain}", row_of(one.view_func)


def doors() -> dict[str, Decision[Any, Any]]:
    """Return the row behind each door that decides."""
    made = {name: row for name, row in (*pages(), *operations()) if row is not None}
    return made | {name: ROWS[title] for name, title in BY_HAND.items()}
