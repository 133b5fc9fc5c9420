"""Organizations as it answers: in small pages, and with the errors that it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from accounts.discover.organization.reading import (
    begin_reading,
    kept_organization,
    read_on,
)
from accounts.models import Member, Organization, Question
from onboarding import names
from onboarding.aws.errors import AwsError
from onboarding.description.fields import SHARED
from onboarding.topology import Managing

JOINED = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
ROOT = "r-root"
CORE = Managing("core", "911111111111")


def shared(**said: Any) -> dict[str, Any]:
    """Return what accounts have in common: what is usual, but for what is said."""
    usual = {one.name: one.usual for one in SHARED}
    return {**usual, "regions": ["us-east-1"], "providers": ["ec2"], **said}


def account(number: int, name: str = "", state: str = "ACTIVE") -> dict[str, Any]:
    return {
        "Id": f"{number:012}",
        "Name": name or f"m{number}",
        "Email": f"m{number}@example.com",
        "State": state,
        "JoinedTimestamp": JOINED,
    }


def error(operation: str, code: str, *, retryable: bool = False) -> AwsError:
    return AwsError("1", operation, f"AWS said {code}.", "Fix it.", retryable, code)


@dataclass
class Organizations:
    """The client of Bowline and the service behind it, in one."""

    units: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    accounts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    size: int = 2
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    before: Callable[[str, dict[str, Any]], None] = lambda operation, given: None

    @property
    def organizations(self) -> Organizations:
        return self

    def call(self, method: Callable[..., Any], doing: str, **given: Any) -> Any:
        self.calls.append((method.__name__, given))
        self.before(method.__name__, given)
        return method(**given)

    call_all = call

    def page(self, key: str, rows: list[Any], token: str) -> dict[str, Any]:
        start = int(token or 0)
        more = (
            {"NextToken": str(start + self.size)} if rows[start + self.size :] else {}
        )
        return {key: rows[start : start + self.size], **more}

    def all_accounts(self) -> Iterator[dict[str, Any]]:
        return (one for accounts in self.accounts.values() for one in accounts)

    def list_roots(self, NextToken: str = "") -> Any:
        return self.page("Roots", [{"Id": ROOT, "Name": "Root"}], NextToken)

    def list_organizational_units_for_parent(
        self, ParentId: str, NextToken: str = ""
    ) -> Any:
        below = self.units.get(ParentId, [])
        rows = [{"Id": unit_id, "Name": name} for unit_id, name in below]
        return self.page("OrganizationalUnits", rows, NextToken)

    def list_accounts_for_parent(self, ParentId: str, NextToken: str = "") -> Any:
        return self.page("Accounts", self.accounts.get(ParentId, []), NextToken)

    def list_accounts(self, NextToken: str = "") -> Any:
        return self.page("Accounts", [*self.all_accounts()], NextToken)

    def describe_account(self, AccountId: str) -> Any:
        for one in self.all_accounts():
            if one["Id"] == AccountId:
                return {"Account": one}
        raise error("organizations:DescribeAccount", "AccountNotFoundException")

    def list_tags_for_resource(self, ResourceId: str) -> Any:
        found = self.tags.get(ResourceId, {})
        return {"Tags": [{"Key": key, "Value": value} for key, value in found.items()]}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Organizations:
    """Answer as an organization of two units, one below the other, and 7 accounts."""
    found = Organizations(
        units={ROOT: [("ou-work", "Workloads")], "ou-work": [("ou-prod", "Prod")]},
        accounts={
            ROOT: [account(1, "Management")],
            "ou-work": [account(2), account(3), account(4)],
            "ou-prod": [account(5), account(6), account(7, state="SUSPENDED")],
        },
    )
    monkeypatch.setattr(
        "accounts.discover.organization.reading.client_of", lambda row: found
    )
    return found


def read(*, tags: bool | None = None) -> Organization:
    """Read the organization once, to its end."""
    assert begin_reading(CORE, None, tags=tags)
    row = kept()
    while row.is_reading:
        read_on(row)
    return kept()


def kept() -> Organization:
    row = kept_organization(CORE)
    assert row is not None
    return row


def member_row(account_id: str, name: str, state: str = "ACTIVE") -> Member:
    """Keep an account as a reading does."""
    organization, _ = Organization.objects.get_or_create(
        partition=CORE.partition,
        account_id=CORE.account_id,
        defaults={"reading": 1, "read_at": JOINED, "organization_id": "o-a1b2c3d4e5"},
    )
    return Member.objects.create(
        organization=organization,
        account_id=account_id,
        name=name[:200],
        called=names.account_name_from(name),
        email=f"{account_id}@example.com",
        state=state,
        unit_since=JOINED,
        seen_in=1,
    )


def taken_over(then: Callable[..., Any]) -> Callable[..., Any]:
    """Let another worker take over an adding right after that."""

    def done(*given: Any) -> Any:
        found = then(*given)
        Question.objects.update(lease=uuid4())
        return found

    return done
