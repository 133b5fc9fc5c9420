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
WORKLOADS, PRODUCTION, SANDBOX = (
    f"ou-demo-{name}" for name in ("workloads", "production", "sandboxes")
)
UNITS = {
    WORKLOADS: ("Workloads", ROOT),
    PRODUCTION: ("Production", WORKLOADS),
    SANDBOX: ("Sandbox", ROOT),
}
"""Each unit's name, and what it is in."""


class Entry(NamedTuple):
    """An account as the organization lists it."""

    account_id: str
    name: str
    unit: str = ROOT
    state: str = "ACTIVE"


IN_UNITS = {"accountprod": PRODUCTION, "accountdata": PRODUCTION, "accountdev": SANDBOX}
CLOSED = Entry("010000000010", "Old sandbox", SANDBOX, "SUSPENDED")
ENTRIES = (
    Entry(MANAGING.account_id, MANAGING.name),
    *(
        Entry(member.account_id, member.name, IN_UNITS.get(member.name, WORKLOADS))
        for member in MEMBERS
    ),
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
        "ous": scoped({unit_id: unit(unit_id) for unit_id in UNITS}),
        "accounts": scoped({entry.account_id: account(entry) for entry in ENTRIES}),
        "tags": scoped({entry.account_id: tags(entry) for entry in ENTRIES}),
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


def unit(unit_id: str) -> dict[str, Any]:
    name, parent = UNITS[unit_id]
    return {
        "Id": unit_id,
        "Arn": arn(f"ou/{ORGANIZATION}/{unit_id}"),
        "Name": name,
        "Path": f"/{name}/",
        "_ParentId": parent,
    }


def tags(entry: Entry) -> dict[str, str]:
    return {"team": "platform"} if entry.unit == ROOT else {"team": "apps"}


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
        "_ParentId": entry.unit,
    }
