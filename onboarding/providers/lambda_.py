"""Lambda: functions, as a flag on the account's `aws` entry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from onboarding.checks import Call, Check, allow
from onboarding.details import (
    require,
    require_at_most,
    require_no_doubles,
    require_one_of,
)
from onboarding.grants import Access, Grant
from onboarding.names import BUCKET, KMS_KEY, ROLES_PATH
from onboarding.providers.base import Provider
from onboarding.providers.entry_kinds import Entry, aws_entry
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
from onboarding.resources.kinds import Resource
from onboarding.topology import Managed, Managing

FUNCTION_ROLES_PATH = "/spinnaker-lambda/"
MOST_BUCKETS, MOST_KEYS = 40, 20
"""How many of the longest names fit into one policy, in every partition."""

FUNCTION_READS = (
    "lambda:GetFunction",
    "lambda:GetPolicy",
    "lambda:ListAliases",
    "lambda:ListTags",
    "lambda:ListVersionsByFunction",
)
FUNCTION_WRITES = (
    "lambda:CreateAlias",
    "lambda:CreateFunction",
    "lambda:DeleteFunction",
    "lambda:DeleteFunctionConcurrency",
    "lambda:DeleteProvisionedConcurrencyConfig",
    "lambda:InvokeFunction",
    "lambda:PublishVersion",
    "lambda:PutFunctionConcurrency",
    "lambda:PutProvisionedConcurrencyConfig",
    "lambda:TagResource",
    "lambda:UntagResource",
    "lambda:UpdateAlias",
    "lambda:UpdateFunctionCode",
    "lambda:UpdateFunctionConfiguration",
)
EVENT_SOURCE_WRITES = (
    "lambda:CreateEventSourceMapping",
    "lambda:DeleteEventSourceMapping",
    "lambda:UpdateEventSourceMapping",
)


@dataclass(frozen=True, slots=True)
class Lambda(Provider):
    key: ClassVar[str] = "lambda"
    title: ClassVar[str] = "Lambda"
    summary: ClassVar[str] = "Lambda functions, in the same Spinnaker account as EC2."
    access: str = DEPLOY
    function_roles_path: str = FUNCTION_ROLES_PATH
    more_roles: tuple[str, ...] = ()
    """Path and name of other roles that functions can have, like /web."""
    code_buckets: tuple[str, ...] = ()
    """Where the functions' code lies; Spinnaker deploys it from S3 only."""
    kms_keys: tuple[str, ...] = ()
    """Ids of the keys that encrypt functions' environment variables."""

    def __post_init__(self) -> None:
        require_one_of("access", ACCESS, self.access)
        require("function_roles_path", ROLES_PATH, self.function_roles_path)
        require_roles(self.more_roles)
        require("code_buckets", BUCKET, *self.code_buckets)
        require_no_doubles("code_buckets", self.code_buckets)
        require_at_most(
            "code_buckets", MOST_BUCKETS, self.code_buckets, called="buckets"
        )
        require("kms_keys", KMS_KEY, *self.kms_keys)
        require_no_doubles("kms_keys", self.kms_keys)
        require_at_most("kms_keys", MOST_KEYS, self.kms_keys, called="keys")

    def suit(self, managed: Managed) -> None:
        refuse_passing_itself(managed, "function_roles_path", self.function_roles_path)

    def grants(self, managing: Managing, managed: Managed) -> tuple[Grant, ...]:
        functions = managing.arn("lambda", managed.account_id, "function:*", "*")
        reads = (
            Grant(
                "LambdaList",
                Access.READ,
                "caching",
                (
                    "iam:ListRoles",
                    "lambda:ListEventSourceMappings",
                    "lambda:ListFunctions",
                ),
            ),
            Grant("LambdaShow", Access.READ, "caching", FUNCTION_READS, (functions,)),
        )
        if self.access == READ:
            return reads
        return (
            *reads,
            *self.writes(managing, managed),
            pass_roles(
                managing,
                managed,
                to="Lambda",
                service="lambda",
                roles=(f"{self.function_roles_path}*",),
                more=self.more_roles,
            ),
        )

    def writes(self, managing: Managing, managed: Managed) -> Iterator[Grant]:
        account = managed.account_id
        functions = managing.arn("lambda", account, "function:*", "*")
        mappings = managing.arn("lambda", account, "event-source-mapping:*", "*")
        balancing = managing.aws.service_principal("elasticloadbalancing")
        yield Grant(
            "LambdaFunctions", Access.WRITE, "deploy", FUNCTION_WRITES, (functions,)
        )
        yield Grant(
            "LambdaEventSources",
            Access.WRITE,
            "event sources",
            EVENT_SOURCE_WRITES,
            condition={"ArnLike": {"lambda:FunctionArn": functions}},
            judged_on=("*", mappings),  # one is created on no resource
        )
        yield Grant(
            "LambdaInvokedByLoadBalancer",
            Access.WRITE,
            "target groups",
            ("lambda:AddPermission",),
            (functions,),
            {"StringEquals": {"lambda:Principal": balancing}},
        )
        yield Grant(
            "LambdaTargets",
            Access.WRITE,
            "target groups",
            (
                "elasticloadbalancing:DeregisterTargets",
                "elasticloadbalancing:RegisterTargets",
            ),
            (managing.arn("elasticloadbalancing", account, "targetgroup/*", "*"),),
        )
        yield Grant(
            "LambdaLayers",
            Access.WRITE,
            "layers",
            ("lambda:GetLayerVersion",),
            (managing.arn("lambda", account, "layer:*:*", "*"),),
        )
        if self.code_buckets:
            yield Grant(
                "LambdaCode",
                Access.WRITE,
                "deploy",
                ("s3:GetObject",),
                tuple(managing.arn("s3", "", f"{b}/*") for b in self.code_buckets),
            )
        if self.kms_keys:
            suffixes = {"amazonaws.com", managing.aws.dns_suffix}
            through = [f"lambda.*.{suffix}" for suffix in sorted(suffixes)]
            yield Grant(
                "LambdaKeys",
                Access.WRITE,
                "encrypted environment",
                ("kms:CreateGrant", "kms:Decrypt", "kms:Encrypt"),
                tuple(
                    managing.arn("kms", account, f"key/{k}", "*") for k in self.kms_keys
                ),
                {"StringLike": {"kms:ViaService": through}},
            )

    def resources(self, managing: Managing, managed: Managed) -> tuple[Resource, ...]:
        power = self.access == POWER_USER
        return (power_user(managing, managed),) if power else ()

    def warnings(self) -> tuple[str, ...]:
        return (POWER_USER_WARNING,) if self.access == POWER_USER else ()

    def checks(self, managing: Managing, managed: Managed) -> tuple[Check, ...]:
        functions = (
            Check(
                f"List functions in {region}",
                Call("lambda", "list_functions", region, (("MaxItems", 1),)),
                allow("lambda:ListFunctions"),
            )
            for region in managed.regions_of_all
        )
        return (*functions, ROLE_LIST)

    def entries(self, managing: Managing, managed: Managed) -> tuple[Entry, ...]:
        return (aws_entry(managing, managed, lambda_enabled=True),)
