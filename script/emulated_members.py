"""The emulated organization's members, so that Organizations lists them.

The emulator gives the accounts that it creates ids of its own. It keeps what it knows
in files, and reads them when it starts: so the members are written there before.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from script.emulated_organization import MANAGING, MEMBERS

FORMAT = 2
"""Of ministack's file, which says so; it refuses a newer one than it knows."""

ORGANIZATION, ROOT = "o-bowlinedemo", "r-demo"


class Entry(NamedTuple):
    """An account as the organization lists it."""

    account_id: str
    name: str
    state: str = "ACTIVE"


CLOSED = Entry("010000000010", "Old sandbox", "SUSPENDED")
ENTRIES = (
    *(Entry(account.account_id, account.name) for account in (MANAGING, *MEMBERS)),
    CLOSED,
)


def write_members(state: Path) -> None:
    """Write the organization of an emulator that never ran; leave any other alone."""
    state.mkdir(parents=True, exist_ok=True)
    file = state / "organizations.json"
    if file.exists():
        return
    payload = {
        "orgs": scoped({"self": organization()}),
        "roots": scoped({ROOT: root()}),
        "accounts": scoped({entry.account_id: account(entry) for entry in ENTRIES}),
    }
    file.write_text(json.dumps({"__ministack_format__": FORMAT, "payload": payload}))


def scoped(values: dict[str, Any]) -> dict[str, Any]:
    """Say that the values are the managing account's, as the emulator writes it."""
    data = {f"{MANAGING.account_id}\0{key!r}": value for key, value in values.items()}
    return {"__scoped__": True, "data": data}


def arn(resource: str) -> str:
    return f"arn:aws:organizations::{MANAGING.account_id}:{resource}"


def email(account_id: str) -> str:
    return f"aws+{account_id}@example.com"


def organization() -> dict[str, Any]:
    return {
        "Id": ORGANIZATION,
        "Arn": arn(f"organization/{ORGANIZATION}"),
        "FeatureSet": "ALL",
        "MasterAccountArn": arn(f"account/{ORGANIZATION}/{MANAGING.account_id}"),
        "MasterAccountId": MANAGING.account_id,
        "MasterAccountEmail": email(MANAGING.account_id),
        "AvailablePolicyTypes": [],
    }


def root() -> dict[str, Any]:
    return {
        "Id": ROOT,
        "Arn": arn(f"root/{ORGANIZATION}/{ROOT}"),
        "Name": "Root",
        "PolicyTypes": [],
    }


def account(entry: Entry) -> dict[str, Any]:
    return {
        "Id": entry.account_id,
        "Arn": arn(f"account/{ORGANIZATION}/{entry.account_id}"),
        "Email": email(entry.account_id),
        "Name": entry.name,
        "Status": entry.state,
        "JoinedMethod": "CREATED",
        "JoinedTimestamp": 1_700_000_000,
        "Path": "/",
        "_ParentId": ROOT,
    }
