"""What a role's sessions changed, and were denied to change, as CloudTrail recorded."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from onboarding.aws.client import AccountClient
from onboarding.aws.codes import DENIED
from onboarding.aws.session import Sessions
from onboarding.aws.shared_clients import USER_AGENT
from onboarding.topology import Reach

PAGES = 10
"""The most that are read in a Region, of 50 events each, the newest first."""
PAUSE = 0.5
"""Seconds between pages: CloudTrail answers two calls a second in a Region."""

VERSION = re.compile(r"\d{8}(v\d+)?$")


@dataclass
class Recorded:
    """How often each action was called: `service:Action in Region`."""

    allowed: Counter[str] = field(default_factory=Counter)
    denied: Counter[str] = field(default_factory=Counter)


def recorded_writes(
    sessions: Sessions,
    reach: Reach,
    role: str,
    regions: Iterable[str],
    since: datetime,
) -> Recorded:
    """Read what sessions of the role called since, Bowline's own aside; raise AwsError.

    Events are some minutes late. Only calls that change something are read: CloudTrail
    takes one filter, and Spinnaker's reads are thousands an hour. A read that is denied
    fails a verification, which makes it. Calls: at most 10 for each Region.
    https://docs.aws.amazon.com/awscloudtrail: LookupEvents.
    """
    client = AccountClient.of(sessions, reach)
    found = Recorded()
    for region in regions:
        for event in change_events(client, region, since):
            if not is_of(event, role) or USER_AGENT in (event.get("userAgent") or ""):
                continue
            which = found.denied if is_denied(event) else found.allowed
            which[f"{action_of(event)} in {region}"] += 1
    return found


def change_events(client: AccountClient, region: str, since: datetime) -> Iterator[Any]:
    """Yield the events of calls that change something, the newest first."""
    trail = client.service_client("cloudtrail", region)
    asked: dict[str, Any] = {
        "LookupAttributes": [{"AttributeKey": "ReadOnly", "AttributeValue": "false"}],
        "StartTime": since,
    }
    for _ in range(PAGES):
        page = client.call(
            trail.lookup_events, f"read CloudTrail's events in {region}", **asked
        )
        for one in page["Events"]:
            yield json.loads(one["CloudTrailEvent"])
        if not (token := page.get("NextToken")):
            return
        asked["NextToken"] = token
        time.sleep(PAUSE)


def is_of(event: Mapping[str, Any], role: str) -> bool:
    issuer = (
        event.get("userIdentity", {}).get("sessionContext", {}).get("sessionIssuer", {})
    )
    return bool(issuer.get("type") == "Role" and issuer.get("userName") == role)


def action_of(event: Mapping[str, Any]) -> str:
    """Name the action; Lambda's events have its version: CreateFunction20150331v2."""
    service = event["eventSource"].partition(".")[0]
    return f"{service}:{VERSION.sub('', event['eventName'])}"


def is_denied(event: Mapping[str, Any]) -> bool:
    """EC2 writes `Client.` before the code."""
    return (event.get("errorCode") or "").removeprefix("Client.") in DENIED
