"""When a role last used its permissions, as IAM counts it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from onboarding.aws.client import AccountClient
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.topology import Reach

if TYPE_CHECKING:
    from mypy_boto3_iam.type_defs import (
        GetServiceLastAccessedDetailsResponseTypeDef,
        ServiceLastAccessedTypeDef,
    )

PATIENCE = 30.0
"""Seconds until the report is there; mostly it takes one or two."""
PAUSE = 0.5


def last_accessed(
    sessions: Sessions, reach: Reach, role_arn: str
) -> dict[str, datetime]:
    """Return which actions the role has used, and when last; raise AwsError.

    Attempts that were denied count. IAM looks back 400 days, hears of a use within
    four hours, and counts single actions of some services only. PassRole is in none.
    https://docs.aws.amazon.com/IAM: last accessed information. The report is read by
    the session that asked for it, as IAM wants it.
    """
    client = AccountClient.of(sessions, reach)
    doing = f"read when {role_arn} last used its permissions"
    job = client.call(
        client.iam.generate_service_last_accessed_details,
        doing,
        Arn=role_arn,
        Granularity="ACTION_LEVEL",
    )["JobId"]
    until = time.monotonic() + PATIENCE
    while (page := read_report(client, doing, job))["JobStatus"] == "IN_PROGRESS":
        if time.monotonic() > until:
            break
        time.sleep(PAUSE)
    if page["JobStatus"] != "COMPLETED":
        why = "IAM didn't finish its report in time."
        raise AwsError(reach.account_id, "iam:GetServiceLastAccessedDetails", why)
    found = list(page["ServicesLastAccessed"])
    while page["IsTruncated"]:
        page = read_report(client, doing, job, Marker=page["Marker"])
        found += page["ServicesLastAccessed"]
    return {action: at for service in found for action, at in used_of(service)}


def read_report(
    client: AccountClient, doing: str, job: str, **given: Any
) -> GetServiceLastAccessedDetailsResponseTypeDef:
    ask = client.iam.get_service_last_accessed_details
    return client.call(ask, doing, JobId=job, **given)


def used_of(service: ServiceLastAccessedTypeDef) -> Iterator[tuple[str, datetime]]:
    """Yield `service:*` where IAM counts no single actions."""
    namespace = service["ServiceNamespace"]
    tracked = service.get("TrackedActionsLastAccessed", [])
    for one in tracked:
        at: datetime | None = one.get("LastAccessedTime")
        if at:
            yield f"{namespace}:{one['ActionName']}", at
    if not tracked and (at := service.get("LastAuthenticated")):
        yield f"{namespace}:*", at
