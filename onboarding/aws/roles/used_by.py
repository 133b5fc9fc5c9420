"""What uses a role, and when it was last used and denied."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from onboarding.aws.client import AccountClient, together
from onboarding.aws.errors import DENIED, AwsError
from onboarding.aws.session import Sessions
from onboarding.aws.shared_clients import USER_AGENT
from onboarding.names import one_line
from onboarding.partitions import Arn
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


PAGES = 10
"""The most that are read in a Region, of 50 events each, the newest first."""
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


MOST_INSTANCES = 100
MOST_PAGES = 10
"""The most pages of functions, of 50 each, that are read of a Region."""
MOST_DEFINITIONS = 50
"""The most task definitions that are read of a Region: a call for each."""
STATES = ("pending", "running", "stopping", "stopped")


class RoleUsers(NamedTuple):
    named: tuple[str, ...]
    unread: tuple[str, ...]
    """What was not read, a sentence each."""
    last_used: datetime | None = None
    last_region: str = ""


class Found(NamedTuple):
    named: list[str]
    unread: list[str]


def users_of(
    sessions: Sessions,
    reach: Reach,
    role_arn: str,
    services: Collection[str],
    regions: Iterable[str],
) -> RoleUsers:
    """Return what uses the role by these services, such as lambda.amazonaws.com, in
    these Regions; what AWS refuses counts as unread.

    Calls: one for when it was last used; for EC2, one and one for each Region; for
    Lambda, at most MOST_PAGES for each Region; for ECS, one for each Region and
    MOST_DEFINITIONS.
    """
    asked = RoleInUse(AccountClient.of(sessions, reach), role_arn)
    some = list(regions)
    tasks: list[Callable[[], Found]] = []
    kinds = {service.partition(".")[0] for service in services}
    if "ec2" in kinds:
        tasks.append(partial(asked.profiles, some))
    if "lambda" in kinds:
        tasks += [partial(asked.readable, asked.functions, one) for one in some]
    if "ecs-tasks" in kinds:
        tasks += [partial(asked.readable, asked.definitions, one) for one in some]
    found = together(tasks)
    at, region, unread = asked.last_used()
    return RoleUsers(
        named=tuple(name for one in found for name in one.named),
        unread=tuple(
            dict.fromkeys([*(why for one in found for why in one.unread), *unread])
        ),
        last_used=at,
        last_region=region,
    )


@dataclass(frozen=True, slots=True)
class RoleInUse:
    client: AccountClient
    arn: str

    @property
    def name(self) -> str:
        return Arn.of(self.arn).name

    def last_used(self) -> tuple[datetime | None, str, list[str]]:
        """Say when, in which Region, and why that isn't known."""
        iam, doing = self.client.iam, f"read when role {self.name} was last used"
        try:
            role = self.client.call(iam.get_role, doing, RoleName=self.name)["Role"]
        except AwsError as error:
            return None, "", [error.message]
        used = role.get("RoleLastUsed", {})
        return used.get("LastUsedDate"), used.get("Region", ""), []

    def readable(self, read: Callable[[str], Found], region: str) -> Found:
        """Read it in a Region; say why not where AWS refuses."""
        try:
            return read(region)
        except AwsError as error:
            return Found([], [error.message])

    def profiles(self, regions: Iterable[str]) -> Found:
        """Find the instance profiles that hold it, and their instances."""
        iam, doing = self.client.iam, f"list the instance profiles of role {self.name}"
        try:
            answer = self.client.call_all(
                iam.list_instance_profiles_for_role, doing, RoleName=self.name
            )
        except AwsError as error:
            return Found([], [error.message])
        profiles = answer["InstanceProfiles"]
        named = [f"Instance profile {one['InstanceProfileName']}" for one in profiles]
        arns = [one["Arn"] for one in profiles]
        if not arns:
            return Found(named, [])
        found = together(
            partial(self.readable, partial(self.instances, arns), region)
            for region in regions
        )
        return Found(
            named + [name for one in found for name in one.named],
            [why for one in found for why in one.unread],
        )

    def instances(self, profiles: list[str], region: str) -> Found:
        ec2 = self.client.service_client("ec2", region)
        answer = self.client.call(
            ec2.describe_instances,
            f"list the instances in {region} that have role {self.name}",
            Filters=[
                {"Name": "iam-instance-profile.arn", "Values": profiles},
                {"Name": "instance-state-name", "Values": [*STATES]},
            ],
            MaxResults=MOST_INSTANCES,
        )
        named = [
            f"Instance {instance['InstanceId']} in {region}"
            for reservation in answer["Reservations"]
            for instance in reservation["Instances"]
        ]
        more = f"Only the first {len(named)} instances in {region} were read."
        return Found(named, [more] if answer.get("NextToken") else [])

    def functions(self, region: str) -> Found:
        functions = self.client.service_client("lambda", region)
        doing = f"list the functions in {region} that have role {self.name}"
        found, given, read = list[str](), dict[str, Any](), 0
        for _ in range(MOST_PAGES):
            page = self.client.call(functions.list_functions, doing, **given)
            read += len(page["Functions"])
            found += [
                f"Lambda function {one_line(one['FunctionName'])} in {region}"
                for one in page["Functions"]
                if one.get("Role") == self.arn
            ]
            if not page.get("NextMarker"):
                return Found(found, [])
            given = {"Marker": page["NextMarker"]}
        return Found(
            found, [f"Only the first {read:,} functions in {region} were read."]
        )

    def definitions(self, region: str) -> Found:
        """Find the task definitions of which the latest revision names it."""
        ecs = self.client.service_client("ecs", region)
        listed = self.client.call(
            ecs.list_task_definition_families,
            f"list the task definitions in {region}",
            status="ACTIVE",
            maxResults=MOST_DEFINITIONS,
        )
        families = listed["families"]
        found = together(partial(self.definition, ecs, one) for one in families)
        named = [
            f"ECS task definition {one_line(family)} in {region}"
            for family, has_it in zip(families, found, strict=True)
            if has_it
        ]
        more = f"Only the first {len(families)} task definitions in {region} were read."
        return Found(named, [more] if listed.get("nextToken") else [])

    def definition(self, ecs: Any, family: str) -> bool:
        answer = self.client.call(
            ecs.describe_task_definition,
            f"read the task definition {family}",
            taskDefinition=family,
        )
        return self.arn in set(roles_of(answer["taskDefinition"]))


def roles_of(definition: dict[str, Any]) -> Iterator[str]:
    yield definition.get("taskRoleArn", "")
    yield definition.get("executionRoleArn", "")
