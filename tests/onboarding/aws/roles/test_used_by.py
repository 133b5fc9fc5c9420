"""What uses a role, as each service of AWS says it, and what was left out."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from onboarding.aws.client import AccountClient, once
from onboarding.aws.roles import used_by
from onboarding.aws.roles.used_by import MOST_PAGES, RoleUsers, users_of

HERE = "us-east-1"
ARN = "arn:aws:iam::111111111111:role/t/base"
JUNE = datetime(2026, 6, 1, tzinfo=UTC)
PROFILE = {
    "Path": "/",
    "InstanceProfileName": "web",
    "InstanceProfileId": "AIPA1234567890123456",
    "Arn": "arn:aws:iam::111111111111:instance-profile/web",
    "CreateDate": JUNE,
    "Roles": [],
}
USED: dict[str, Any] = {"RoleLastUsed": {"LastUsedDate": JUNE, "Region": HERE}}


def role(**fields: Any) -> dict[str, Any]:
    return {
        "Role": {
            "Path": "/t/",
            "RoleName": "base",
            "RoleId": "AROA1234567890123456",
            "Arn": ARN,
            "CreateDate": JUNE,
            **fields,
        }
    }


@contextmanager
def answering(
    patch: pytest.MonkeyPatch, **services: list[tuple[str, Any]]
) -> Iterator[None]:
    """Answer each service's calls in this order; a text is an error's code."""
    clients: dict[str, Any] = {}
    with ExitStack() as stack:
        for name, answers in services.items():
            client: Any = boto3.client(name, HERE)  # type: ignore[call-overload]
            client.signer = SimpleNamespace(session="")
            clients[name] = client
            stubbed = stack.enter_context(Stubber(client))
            for operation, answer in answers:
                if isinstance(answer, str):
                    stubbed.add_client_error(operation, answer)
                else:
                    stubbed.add_response(operation, answer)
        one = AccountClient("1" * 12, lambda name, _: clients[name], once)
        patch.setattr(AccountClient, "of", lambda *_: one)
        yield


def users(services: Collection[str], regions: Collection[str] = (HERE,)) -> RoleUsers:
    nothing: Any = None
    named = [f"{service}.amazonaws.com" for service in services]
    return users_of(nothing, nothing, ARN, named, regions)


def test_instances_of_the_profiles_that_hold_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    profiles = {"InstanceProfiles": [PROFILE], "IsTruncated": False}
    found = {"Reservations": [{"Instances": [{"InstanceId": "i-1"}]}]}

    with answering(
        monkeypatch,
        iam=[("list_instance_profiles_for_role", profiles), ("get_role", role(**USED))],
        ec2=[("describe_instances", {**found, "NextToken": "more"})],
    ):
        used = users(["ec2"])

    assert used == RoleUsers(
        ("Instance profile web", f"Instance i-1 in {HERE}"),
        (f"Only the first 1 instances in {HERE} were read.",),
        JUNE,
        HERE,
    )


def test_without_a_profile_no_instance_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    profiles = {"InstanceProfiles": [], "IsTruncated": False}

    with answering(
        monkeypatch,
        iam=[("list_instance_profiles_for_role", profiles), ("get_role", role())],
    ):
        assert users(["ec2"]) == RoleUsers((), ())


def function(name: str, arn: str = ARN) -> dict[str, str]:
    return {"FunctionName": name, "Role": arn}


def test_functions_that_run_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [
        {"Functions": [function("a"), function("b", f"{ARN}2")], "NextMarker": "x"},
        {"Functions": [function("c")]},
    ]

    with answering(
        monkeypatch,
        iam=[("get_role", role())],
        **{"lambda": [("list_functions", page) for page in pages]},
    ):
        used = users(["lambda"])

    assert used.named == (
        f"Lambda function a in {HERE}",
        f"Lambda function c in {HERE}",
    )
    assert used.unread == ()


def test_pages_of_functions_are_bounded_and_the_rest_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = {"Functions": [function("a")] * 50, "NextMarker": "x"}

    with answering(
        monkeypatch,
        iam=[("get_role", role())],
        **{"lambda": [("list_functions", page)] * MOST_PAGES},
    ):
        used = users(["lambda"])

    assert used.unread == (f"Only the first 500 functions in {HERE} were read.",)


def test_task_definitions_that_name_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(used_by, "together", lambda tasks: [task() for task in tasks])
    named = [{"taskRoleArn": ARN}, {}, {"executionRoleArn": ARN}]

    with answering(
        monkeypatch,
        iam=[("get_role", role())],
        ecs=[
            (
                "list_task_definition_families",
                {"families": ["web", "job", "api\u202e"], "nextToken": "more"},
            ),
            *(("describe_task_definition", {"taskDefinition": it}) for it in named),
        ],
    ):
        used = users(["ecs-tasks"])

    assert used.named == (
        f"ECS task definition web in {HERE}",
        f"ECS task definition api‹U+202E› in {HERE}",
    )
    assert used.unread == (f"Only the first 3 task definitions in {HERE} were read.",)


@pytest.mark.parametrize(
    ("service", "answers"),
    [
        ("ec2", {"iam": [("list_instance_profiles_for_role", "AccessDenied")]}),
        ("lambda", {"lambda": [("list_functions", "AccessDenied")]}),
        ("ecs-tasks", {"ecs": [("list_task_definition_families", "AccessDenied")]}),
    ],
)
def test_what_aws_refuses_is_said_and_nothing_fails(
    monkeypatch: pytest.MonkeyPatch, service: str, answers: Any
) -> None:
    asked = {**answers, "iam": [*answers.get("iam", []), ("get_role", "AccessDenied")]}

    with answering(monkeypatch, **asked):
        used = users([service])

    assert used.named == ()
    assert len(used.unread) == 2
    assert used.last_used is None


def test_only_services_that_lose_the_role_are_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with answering(monkeypatch, iam=[("get_role", role())]):
        assert users(["glue"]) == RoleUsers((), ())
