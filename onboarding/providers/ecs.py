"""ECS: a second account in Spinnaker, which points at the `aws` entry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from onboarding.checks import Call, Check, allow
from onboarding.details import DetailsError, require, require_one_of
from onboarding.grants import Access, Grant
from onboarding.names import ACCOUNT_NAME, ROLE_NAME, ROLES_PATH, any_case
from onboarding.providers.base import Provider
from onboarding.providers.entry_kinds import EcsEntry, Entry, aws_entry
from onboarding.providers.roles import (
    ACCESS,
    DEPLOY,
    POWER_USER,
    POWER_USER_WARNING,
    READ,
    ROLE_LIST,
    pass_roles,
    power_user,
    refuse_passing_itself,
    require_roles,
)
from onboarding.resources.kinds import Attachment, Resource, Role, ServiceLinkedRole
from onboarding.resources.policy import Policy
from onboarding.topology import Managed, Managing

ECS_ROLES_PATH = "/spinnaker-ecs/"
EXECUTION_ROLE = "ecsTaskExecutionRole"
EXECUTION_POLICY = "AmazonECSTaskExecutionRolePolicy"
READS = (
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
    "ecr:DescribeImages",
    "ecr:ListImages",
    "ecs:DescribeClusters",
    "ecs:DescribeContainerInstances",
    "ecs:DescribeServices",
    "ecs:DescribeTaskDefinition",
    "ecs:DescribeTasks",
    "ecs:ListAccountSettings",
    "ecs:ListClusters",
    "ecs:ListContainerInstances",
    "ecs:ListServices",
    "ecs:ListTasks",
    "iam:ListRoles",
    "secretsmanager:ListSecrets",
    "servicediscovery:ListServices",
)
"""Clouddriver reads secrets and service discovery even if neither is used."""

LENDS_WARNING = (
    "Fargate tasks without an execution role run as the managed role: anyone who can "
    "deploy can run a container with all of Spinnaker's permissions in the account. "
    "Set an execution role in each task definition instead."
)


@dataclass(frozen=True, slots=True)
class Ecs(Provider):
    key: ClassVar[str] = "ecs"
    title: ClassVar[str] = "ECS"
    summary: ClassVar[str] = (
        "Container services on ECS and Fargate, in clusters that already exist. "
        "Spinnaker gets a second account, which uses the AWS account."
    )
    needs_open_trust: ClassVar[bool] = True
    account_name: str = ""
    """Empty: the account's name followed by `-ecs`."""
    execution_role: str = EXECUTION_ROLE
    """The role that pulls images and writes logs, made by Bowline; empty: none.

    Without one, Clouddriver would run Fargate tasks as the managed role itself.
    """
    roles_path: str = ECS_ROLES_PATH
    more_roles: tuple[str, ...] = ()
    """Path and name of other roles that tasks can have, like /web."""
    access: str = DEPLOY
    tasks_as_managed_role: bool = False
    """Whether Fargate tasks without an execution role run as the managed role."""

    def __post_init__(self) -> None:
        if self.account_name:
            require("account_name", ACCOUNT_NAME, self.account_name)
        if self.execution_role:
            require("execution_role", ROLE_NAME, self.execution_role)
        require("roles_path", ROLES_PATH, self.roles_path)
        require_roles(self.more_roles)
        require_one_of("access", ACCESS, self.access)

    def suit(self, managed: Managed) -> None:
        refuse_passing_itself(managed, "roles_path", self.roles_path)
        name = self.name(managed)
        if any_case(name) == any_case(managed.name):
            raise DetailsError(
                "account_name",
                f"“{name}” is the AWS account's own name; ECS needs another one, "
                f"like {managed.name}-ecs.",
            )
        if not ACCOUNT_NAME.regex.fullmatch(name):
            raise DetailsError(
                "account_name", f"“{name}” is too long: give a name of 60 at most."
            )

    def name(self, managed: Managed) -> str:
        return self.account_name or f"{managed.name}-ecs"

    def names(self, managed: Managed) -> tuple[str, ...]:
        return (self.name(managed),)

    def grants(self, managing: Managing, managed: Managed) -> tuple[Grant, ...]:
        roles = managing.arn("iam", managed.account_id, "role/*")
        reads = (
            Grant("EcsRead", Access.READ, "caching", READS),
            Grant("EcsTaskRoles", Access.READ, "deploy", ("iam:GetRole",), (roles,)),
        )
        if self.access == READ:
            return reads
        passed = [f"{self.roles_path}*"]
        if managed.adopts and self.execution_role:
            passed.append(f"/{self.execution_role}")
        return (
            *reads,
            *writes(managing, managed.account_id),
            pass_roles(
                managing,
                managed,
                to="EcsTasks",
                service="ecs-tasks",
                roles=tuple(passed),
                more=self.more_roles,
            ),
            *(as_execution_role(managing, managed) if self.lends_managed_role else ()),
        )

    @property
    def lends_managed_role(self) -> bool:
        return self.tasks_as_managed_role and self.access != READ

    def trusted_services(self) -> tuple[str, ...]:
        return ("ecs-tasks",) if self.lends_managed_role else ()

    def warnings(self) -> tuple[str, ...]:
        power = (POWER_USER_WARNING,) if self.access == POWER_USER else ()
        return (*power, *((LENDS_WARNING,) if self.lends_managed_role else ()))

    def resources(self, managing: Managing, managed: Managed) -> tuple[Resource, ...]:
        if self.access == READ:
            return ()
        power = self.access == POWER_USER
        linked = tuple(
            ServiceLinkedRole(
                account=managed.account_id,
                name=managing.aws.service_principal(service),
                reason="AWS's own role for it, which ECS services need.",
            )
            for service in ("ecs", "ecs.application-autoscaling")
        )
        return (
            *self.execution(managing, managed),
            *linked,
            *((power_user(managing, managed),) if power else ()),
        )

    def execution(self, managing: Managing, managed: Managed) -> Iterator[Resource]:
        if not self.execution_role:
            return
        tasks = {"Service": managing.aws.service_principal("ecs-tasks")}
        yield Role(
            account=managed.account_id,
            name=self.execution_role,
            path=self.roles_path,
            trust=Policy.allowing({"Principal": tasks, "Action": "sts:AssumeRole"}),
            boundary=managing.boundary_in(managed.account_id),
            reason=(
                "Pulls images and writes logs for tasks. Name it in your task "
                "definitions."
            ),
        )
        policy = f"policy/service-role/{EXECUTION_POLICY}"
        yield Attachment(
            account=managed.account_id,
            holder=self.execution_role,
            policy_arn=managing.arn("iam", "aws", policy),
            reason="AWS's own policy for pulling images and writing logs.",
        )

    def checks(self, managing: Managing, managed: Managed) -> tuple[Check, ...]:
        deploys = self.access != READ
        regional = (
            check
            for region in managed.regions_of_all
            for check in region_checks(region, deploys=deploys)
        )
        return (*regional, ROLE_LIST)

    def entries(self, managing: Managing, managed: Managed) -> tuple[Entry, ...]:
        ecs = EcsEntry(
            name=self.name(managed),
            aws_account=managed.name,
            carried=managed.carried.get("ecs", {}),
        )
        return (aws_entry(managing, managed), ecs)


def writes(managing: Managing, account: str) -> Iterator[Grant]:
    """Yield what deploying, resizing and destroying services changes."""

    def regional(service: str, resource: str) -> str:
        return managing.arn(service, account, resource, "*")

    services = regional("ecs", "service/*")
    task_definitions = regional("ecs", "task-definition/*:*")
    targets = regional("application-autoscaling", "scalable-target/*")
    yield Grant(
        "EcsServices",
        Access.WRITE,
        "deploy",
        ("ecs:CreateService", "ecs:DeleteService", "ecs:UpdateService"),
        (services,),
    )
    yield Grant(
        "EcsTaskDefinitions",
        Access.WRITE,
        "deploy",
        ("ecs:RegisterTaskDefinition",),
        (task_definitions,),
    )
    # AWS accepts no resource for it.
    yield Grant(
        "EcsDeregister", Access.WRITE, "destroy", ("ecs:DeregisterTaskDefinition",)
    )
    yield Grant(
        "EcsTasks",
        Access.WRITE,
        "terminate",
        ("ecs:StopTask",),
        (regional("ecs", "task/*"),),
    )
    yield Grant(
        "EcsTagOnCreate",
        Access.WRITE,
        "deploy",
        ("ecs:TagResource",),
        (services, task_definitions),
        {
            "StringEquals": {
                "ecs:CreateAction": ["CreateService", "RegisterTaskDefinition"]
            }
        },
    )
    yield Grant(
        "EcsAutoScaling",
        Access.WRITE,
        "resize",
        (
            "application-autoscaling:DeregisterScalableTarget",
            "application-autoscaling:PutScalingPolicy",
            "application-autoscaling:RegisterScalableTarget",
        ),
        (targets,),
        {"StringEquals": {"application-autoscaling:service-namespace": "ecs"}},
    )
    yield Grant(
        "EcsAlarms",
        Access.WRITE,
        "destroy",
        ("cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm"),
        (regional("cloudwatch", "alarm:*"),),
    )


def as_execution_role(managing: Managing, managed: Managed) -> Iterator[Grant]:
    """Yield what the managed role needs to start Fargate tasks as itself."""
    account = managed.account_id
    yield Grant(
        "RegistryToken",
        Access.READ,
        "Fargate without execution role",
        ("ecr:GetAuthorizationToken",),
    )
    yield Grant(
        "PullImages",
        Access.READ,
        "Fargate without execution role",
        (
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
        ),
        (managing.arn("ecr", account, "repository/*", "*"),),
    )
    yield Grant(
        "TaskLogs",
        Access.WRITE,
        "Fargate without execution role",
        ("logs:CreateLogStream", "logs:PutLogEvents"),
        (managing.arn("logs", account, "log-group:*:*", "*"),),
    )
    yield pass_roles(
        managing,
        managed,
        to="EcsTasksItself",
        service="ecs-tasks",
        roles=(managing.role_of(managed).resource.removeprefix("role"),),
    )


def region_checks(region: str, *, deploys: bool) -> Iterator[Check]:
    yield Check(
        f"List ECS clusters in {region}",
        Call("ecs", "list_clusters", region),
        allow("ecs:ListClusters"),
        expects="length(clusterArns) > `0`" if deploys else "",
        missing=(
            f"There is no ECS cluster in {region}. Spinnaker deploys to clusters that "
            "already exist and creates none."
        ),
        deploys_in=region,
        change=f"aws ecs create-cluster --region {region} --cluster-name default",
    )
    yield Check(
        f"List secrets in {region}",
        Call("secretsmanager", "list_secrets", region, (("MaxResults", 1),)),
        allow("secretsmanager:ListSecrets"),
    )
