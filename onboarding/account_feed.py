"""The feed that the account-registration plugin of Spinnaker pulls. Pure.

Its contract: <https://github.com/awslabs/aws-account-registration-plugin-spinnaker>. A
removal is a record of its own; an answer without accounts means “no change”.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from urllib.parse import urlencode

from onboarding.providers.entry_kinds import AwsEntry, EcsEntry
from onboarding.topology import Permissions

REGIONS = (
    "af-south-1 ap-east-1 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 "
    "ap-southeast-1 ap-southeast-2 ap-southeast-3 ca-central-1 eu-central-1 eu-north-1 "
    "eu-south-1 eu-west-1 eu-west-2 eu-west-3 me-south-1 sa-east-1 us-east-1 us-east-2 "
    "us-west-1 us-west-2"
)
KNOWN_REGIONS = frozenset(REGIONS.split())
"""Regions from before 2022: the plugin skips the whole account if its AWS SDK, of the
first generation, does not know one of its regions.
"""
ROLE = re.compile(r"role/[\w+=,.@/-]+", re.ASCII)
PAGE = 1_000
STEP = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CURSOR = re.compile(r"(\d{1,18})\.(\d{1,18})\.([a-z0-9-]*)", re.ASCII)
"""The moment and the name of the last account that was sent, and the newest moment of
the whole answer; unreserved characters only, which no signature escapes.
"""


class Unfit(StrEnum):
    """Why the feed cannot carry an account, in words."""

    EXTERNAL_ID = "The feed has no external ID, and its role requires one."
    PARTITION = "The feed knows accounts of the AWS partition only."
    REGION = "The plugin does not know one of its regions, and would skip the account."
    ECS_NAME = "The plugin names its ECS account itself: the account's name and -ecs."


@dataclass(frozen=True, slots=True)
class Carried:
    """An account, as the feed can carry it."""

    name: str
    account_id: str
    assume_role: str
    regions: tuple[str, ...]
    providers: tuple[str, ...]
    permissions: Permissions


@dataclass(frozen=True, slots=True)
class Row:
    """What the feed says of an account since a moment; each row has its own moment."""

    account: Carried
    updated_at: datetime
    suspended: bool = False
    """It is to be removed; the rest of the row is what was said last."""

    @property
    def place(self) -> tuple[datetime, str]:
        return self.updated_at, self.account.name


def carried(entry: AwsEntry, ecs: EcsEntry | None = None) -> Carried | Unfit:
    """Return what the feed says of an `aws` entry and its ECS account, or why not.

    An account with clusters only has no `aws` entry: the plugin would take it for EC2.
    """
    if entry.external_id:
        return Unfit.EXTERNAL_ID
    if not ROLE.fullmatch(entry.assume_role):
        return Unfit.PARTITION
    if not entry.regions or not KNOWN_REGIONS.issuperset(entry.regions):
        return Unfit.REGION
    if ecs and ecs.name != f"{entry.name}-ecs":
        return Unfit.ECS_NAME
    providers = {"ec2": True, "ecs": ecs is not None, "lambda": entry.lambda_enabled}
    return Carried(
        name=entry.name,
        account_id=entry.account_id,
        assume_role=entry.assume_role,
        regions=entry.regions,
        providers=tuple(key for key, used in providers.items() if used),
        permissions=entry.permissions,
    )


def next_moment(now: datetime, newest: datetime | None) -> datetime:
    """Return the moment of a change: later than every one before, whatever the clock.

    Take it under a lock that is held until the change is committed: the plugin never
    asks for what is older than the newest that it has seen.
    """
    return max(now, newest + STEP) if newest else now


class Cursor(NamedTuple):
    """How far an answer of several pages has come."""

    moment: datetime
    until: datetime
    """What changes meanwhile is later: it belongs to the next answer. A second record
    of the same account would be ignored, and never be sent again.
    """
    name: str

    @classmethod
    def of(cls, text: str) -> Cursor | None:
        found = CURSOR.fullmatch(text)
        if found is None:
            return None
        try:
            return cls(moment_of(found[1]), moment_of(found[2]), found[3])
        except OverflowError:
            return None

    def __str__(self) -> str:
        return f"{micros(self.moment)}.{micros(self.until)}.{self.name}"


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // STEP


def moment_of(micros: str) -> datetime:
    return EPOCH + int(micros) * STEP


def asked_since(text: str) -> datetime | None:
    """Read `UpdatedAt.gt`; None, and so all accounts, where it is no such moment."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (OverflowError, ValueError):
        return None


def answer(
    rows: Iterable[Row],
    query: Mapping[str, str],
    *,
    url: str,
    static: Mapping[str, str] | None = None,
    page: int = PAGE,
) -> dict[str, Any]:
    """Answer a request: the oldest change first, so that each beginning is valid.

    `url` is the absolute address that was asked, without its query; `static` are
    parameters that each page must be asked with.
    """
    ordered = sorted(rows, key=lambda row: row.place)
    cursor = Cursor.of(query["cursor"]) if "cursor" in query else None
    if not ordered or ("cursor" in query and cursor is None):
        return body([], "")
    since = asked_since(query.get("UpdatedAt.gt", ""))
    until = cursor.until if cursor else ordered[-1].updated_at
    due = [
        row
        for row in ordered
        if row.updated_at <= until and is_due(row, cursor=cursor, since=since)
    ]
    here = due[:page]
    following = ""
    if len(due) > page:
        moment, name = here[-1].place
        parameters = {**(static or {}), "cursor": str(Cursor(moment, until, name))}
        following = f"{url}?{urlencode(parameters)}"
    return body(here, following)


def is_due(row: Row, *, cursor: Cursor | None, since: datetime | None) -> bool:
    if cursor:
        return row.place > (cursor.moment, cursor.name)
    return since is None or row.updated_at > since


def body(rows: Sequence[Row], following: str) -> dict[str, Any]:
    return {
        "SpinnakerAccounts": [*records(rows)],
        "Pagination": {"NextUrl": following},
    }


def records(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    for row in rows:
        account = row.account
        given = {
            "READ": list(account.permissions.read),
            "WRITE": list(account.permissions.write),
        }
        permissions = {verb: roles for verb, roles in given.items() if roles}
        yield {
            "SpinnakerAccountName": account.name,
            "AccountId": account.account_id,
            "SpinnakerAssumeRole": account.assume_role,
            "Regions": list(account.regions),
            "SpinnakerStatus": "SUSPENDED" if row.suspended else "ACTIVE",
            "SpinnakerProviders": list(account.providers),
            "UpdatedAt": row.updated_at.astimezone(UTC).isoformat(
                timespec="microseconds"
            ),
            **({"Permissions": permissions} if permissions else {}),
        }
