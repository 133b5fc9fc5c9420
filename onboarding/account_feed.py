"""The feed that the account-registration plugin of Spinnaker pulls. Pure.

Its contract: spinnaker-plugins/aws-account-registration-plugin-spinnaker on GitHub. A
removal is a record of its own; an answer without accounts means “no change”.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from onboarding.names import replaced
from onboarding.providers.entry_kinds import AwsEntry, EcsEntry, Entry
from onboarding.topology import SESSION_NAME, Permissions

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
RULES = 5
"""Of what `carried` makes of an account: raise it with each change of them, so that
every account is compared again.
"""
PAGE = 1_000
STEP = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CURSOR = re.compile(r"(\d{1,18})\.(\d{1,18})", re.ASCII)
"""The moment of the last account that was sent, and the newest of the whole answer;
unreserved characters only, which no signature escapes.
"""
SINCE = "UpdatedAt.gt"


class Malformed(ValueError):
    """A question that the plugin never asks; the message says what is wrong."""


class Unfit(StrEnum):
    """Why the feed cannot carry an account, in words."""

    EXTERNAL_ID = "The feed has no external ID, and its role requires one."
    PARTITION = "The feed knows accounts of the AWS partition only."
    SESSION_NAME = "The feed has no session name, and the account has one of its own."
    REGION = "The plugin doesn't know one of its Regions, and would skip the account."
    ECS_NAME = "The plugin names its ECS account itself: the account's name and -ecs."
    CLUSTERS = "It has EKS clusters only, which the plugin would take for EC2."
    NAMES = "The feed has one name for an AWS account, and it has several."
    CARRIED = "The plugin takes none of its other fields, so Spinnaker would lose them."
    REPLACED = "Spinnaker would put something else in place of one of its texts."
    NAME = "Another account still has its name in the feed."


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
class FeedEntry:
    """What the feed says of an account since a moment; each row has its own moment."""

    account: Carried
    updated_at: datetime
    suspended: bool = False
    """It is to be removed; the rest of the row is what was said last."""


def carried_of(entries: Iterable[Entry]) -> Carried | Unfit:
    """Return what the feed says of an account with these entries, or why not."""
    entries = tuple(entries)
    by_kind = {type(entry): entry for entry in entries}
    aws, ecs = by_kind.get(AwsEntry), by_kind.get(EcsEntry)
    if not isinstance(aws, AwsEntry):
        return Unfit.CLUSTERS
    if sum(isinstance(entry, AwsEntry) for entry in entries) > 1:
        return Unfit.NAMES
    return carried(aws, ecs if isinstance(ecs, EcsEntry) else None)


def carried(entry: AwsEntry, ecs: EcsEntry | None = None) -> Carried | Unfit:
    """Return what the feed says of an `aws` entry and its ECS account, or why not."""
    if entry.external_id:
        return Unfit.EXTERNAL_ID
    if entry.session_name != SESSION_NAME:
        return Unfit.SESSION_NAME
    if not ROLE.fullmatch(entry.assume_role):
        return Unfit.PARTITION
    if not entry.regions or not KNOWN_REGIONS.issuperset(entry.regions):
        return Unfit.REGION
    if ecs and ecs.name != f"{entry.name}-ecs":
        return Unfit.ECS_NAME
    if entry.carried or (ecs and ecs.carried):
        return Unfit.CARRIED
    if any(replaced((entry, ecs))):
        return Unfit.REPLACED
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


@dataclass(frozen=True, slots=True)
class FeedQuery:
    """Which rows an answer holds: those after a moment, up to another."""

    after: datetime | None
    """None: from the beginning."""
    until: datetime
    """What changes while an answer is fetched page by page is later: it belongs to the
    next answer. A second record of the same account would be ignored, and never be
    sent again.
    """

    @classmethod
    def of(cls, query: Mapping[str, str], newest: datetime) -> FeedQuery:
        """Read a question about a feed whose newest row is that one; raise Malformed.

        The plugin adds SINCE to the cursor's pages, too: the cursor knows better.
        """
        if (cursor := query.get("cursor")) is not None:
            found = CURSOR.fullmatch(cursor)
            if found is None:
                raise Malformed("The cursor isn't one of this feed.")
            return cls(moment_of(found[1]), moment_of(found[2]))
        if SINCE not in query:
            return cls(None, newest)
        since = since_of(query[SINCE])
        # A client that has seen more than there is, because the database was restored,
        # would otherwise wait for moments that were given away already.
        return cls(since if since <= newest else None, newest)


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // STEP


def moment_of(micros: str) -> datetime:
    try:
        return EPOCH + int(micros) * STEP
    except OverflowError as error:
        raise Malformed("The cursor isn't one of this feed.") from error


def since_of(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo:
            return moment.astimezone(UTC)
    except (OverflowError, ValueError):
        pass
    raise Malformed(f"{SINCE} must be an ISO 8601 time with an offset.")


def answer(
    due: Sequence[FeedEntry],
    asked: FeedQuery,
    *,
    url: str,
    static: Mapping[str, str] | None = None,
    page: int = PAGE,
) -> dict[str, Any]:
    """Answer with the rows that were asked for, the oldest change first, so that each
    beginning is valid; of them, one more than a page holds is enough.

    `url` is the absolute address that was asked, without its query; `static` are
    parameters that each page must be asked with.
    """
    here = due[:page]
    if len(due) <= page:
        return body(here, "")
    cursor = f"{micros(here[-1].updated_at)}.{micros(asked.until)}"
    return body(here, f"{url}?{urlencode({**(static or {}), 'cursor': cursor})}")


def body(rows: Sequence[FeedEntry] = (), following: str = "") -> dict[str, Any]:
    return {
        "SpinnakerAccounts": [*records(rows)],
        "Pagination": {"NextUrl": following},
    }


def records(rows: Iterable[FeedEntry]) -> Iterator[dict[str, Any]]:
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
            "UpdatedAt": f"{row.updated_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
            **({"Permissions": permissions} if permissions else {}),
        }
