"""What uses a role that AWS's services assume, and when somebody last did.

Bounded: it reads what each service answers first, and says what it left out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from onboarding.aws.client import AccountClient, together
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.names import one_line
from onboarding.partitions import Arn
from onboarding.topology import Reach

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
