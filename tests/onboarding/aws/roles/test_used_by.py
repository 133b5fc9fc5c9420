"""What uses a role, what it used last, and what it changed or was denied to change."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from onboarding.aws.client import AccountClient, once
from onboarding.aws.errors import AwsError
from onboarding.aws.roles import used_by as module
from onboarding.aws.roles.used_by import (
    MOST_PAGES,
    PAGES,
    RoleUsers,
    last_accessed,
    recorded_writes,
    users_of,
)

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
    monkeypatch.setattr(module, "together", lambda tasks: [task() for task in tasks])
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


AT = datetime(2026, 6, 1, tzinfo=UTC)

ROLE = "arn:aws:iam::111111111111:role/spinnakerManaged"


class Client:
    """IAM, with a report of these pages."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self.pages, self.asked = list(pages), list[dict[str, Any]]()
        self.iam = SimpleNamespace(
            generate_service_last_accessed_details=self.generate,
            get_service_last_accessed_details=self.get,
        )

    def call(self, method: Any, doing: str, **given: Any) -> Any:
        return method(**given)

    def generate(self, **given: Any) -> dict[str, str]:
        assert given == {"Arn": ROLE, "Granularity": "ACTION_LEVEL"}
        return {"JobId": "job"}

    def get(self, **given: Any) -> dict[str, Any]:
        self.asked.append(given)
        return self.pages.pop(0) if len(self.pages) > 1 else self.pages[0]


def page(*services: dict[str, Any], status: str = "COMPLETED", to: str = "") -> Any:
    more = {"IsTruncated": bool(to), "Marker": to}
    return {"JobStatus": status, "ServicesLastAccessed": [*services], **more}


@pytest.fixture
def read_report(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(module, "PAUSE", 0.0)

    def read_report(*pages: dict[str, Any]) -> tuple[dict[str, datetime], Client]:
        client = Client(*pages)
        monkeypatch.setattr(module.AccountClient, "of", lambda *_: client)
        reach: Any = SimpleNamespace(account_id="1" * 12)
        return last_accessed(SimpleNamespace(), reach, ROLE), client  # type: ignore[arg-type]

    return read_report


def test_it_waits_and_reads_every_page(read_report: Any) -> None:
    ec2 = {
        "ServiceNamespace": "ec2",
        "LastAuthenticated": AT,
        "TrackedActionsLastAccessed": [
            {"ActionName": "RunInstances", "LastAccessedTime": AT},
            {"ActionName": "StopInstances"},
        ],
    }
    sns = {"ServiceNamespace": "sns", "LastAuthenticated": AT}
    unused = {"ServiceNamespace": "sqs"}

    found, client = read_report(
        page(status="IN_PROGRESS"), page(ec2, to="next"), page(sns, unused)
    )

    assert found == {"ec2:RunInstances": AT, "sns:*": AT}
    assert client.asked == [
        {"JobId": "job"},
        {"JobId": "job"},
        {"JobId": "job", "Marker": "next"},
    ]


@pytest.mark.parametrize("status", ["FAILED", "IN_PROGRESS"])
def test_a_report_that_does_not_come_is_said(
    read_report: Any, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.0)

    with pytest.raises(AwsError, match="didn't finish its report"):
        read_report(page(status=status))


SINCE = datetime(2026, 6, 1, tzinfo=UTC)

MANAGED_ROLE, REGION = "spinnakerManaged", "eu-west-1"

ASKED = {
    "LookupAttributes": [{"AttributeKey": "ReadOnly", "AttributeValue": "false"}],
    "StartTime": SINCE,
}


def event(
    name: str = "RunInstances",
    service: str = "ec2",
    *,
    role: str = MANAGED_ROLE,
    agent: str = "aws-sdk-java",
    **fields: Any,
) -> dict[str, Any]:
    issuer = {"type": "Role", "userName": role}
    said = {
        "eventName": name,
        "eventSource": f"{service}.amazonaws.com",
        "userAgent": agent,
        "userIdentity": {
            "type": "AssumedRole",
            "sessionContext": {"sessionIssuer": issuer},
        },
        **fields,
    }
    return {"CloudTrailEvent": json.dumps(said)}


@pytest.fixture
def read_events(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(module, "PAUSE", 0.0)
    trail: Any = boto3.client("cloudtrail", REGION)
    trail.signer = SimpleNamespace(session="")
    client = AccountClient("1" * 12, lambda *_: trail, once)
    monkeypatch.setattr(AccountClient, "of", lambda *_: client)

    def read_events(*pages: list[dict[str, Any]], more: bool = False) -> Any:
        with Stubber(trail) as stubbed:
            for number, events in enumerate(pages):
                last = number == len(pages) - 1 and not more
                answer = {"Events": events} | ({} if last else {"NextToken": "n"})
                given = ASKED | ({"NextToken": "n"} if number else {})
                stubbed.add_response("lookup_events", answer, given)
            none: Any = None
            found = recorded_writes(none, none, MANAGED_ROLE, [REGION], SINCE)
            stubbed.assert_no_pending_responses()
            return found

    return read_events


@pytest.mark.parametrize(
    ("code", "is_denied"),
    [
        ("Client.UnauthorizedOperation", True),
        ("AccessDenied", True),
        ("AccessDeniedException", True),
        ("Client.InvalidParameterValue", False),
        ("", False),
    ],
)
def test_a_call_was_denied_or_allowed(
    read_events: Any, code: str, is_denied: bool
) -> None:
    found = read_events([event(errorCode=code) if code else event()])

    called = Counter({f"ec2:RunInstances in {REGION}": 1})
    assert (found.denied, found.allowed) == (
        (called, Counter()) if is_denied else (Counter(), called)
    )


def test_only_what_spinnaker_called_counts(read_events: Any) -> None:
    root = {"CloudTrailEvent": json.dumps({"userIdentity": {"type": "Root"}})}
    user = event(role="someone")
    own = event(agent="Boto3/1.43 bowline", errorCode="AccessDenied")

    found = read_events([user, own, root])

    assert not found.denied + found.allowed


def test_what_an_event_leaves_open_is_no_denial(read_events: Any) -> None:
    found = read_events([event(errorCode=None, userAgent=None)])

    assert found.allowed == Counter({f"ec2:RunInstances in {REGION}": 1})


def test_lambdas_events_have_the_names_of_its_actions(read_events: Any) -> None:
    found = read_events(
        [
            event("CreateFunction20150331", "lambda"),
            event("UpdateFunctionCode20150331v2", "lambda"),
        ]
    )

    assert {*found.allowed} == {
        f"lambda:CreateFunction in {REGION}",
        f"lambda:UpdateFunctionCode in {REGION}",
    }


def test_every_page_is_read_up_to_a_bound(read_events: Any) -> None:
    assert read_events([event()], [event()]).allowed.total() == 2
    assert (
        read_events(*([event()] for _ in range(PAGES)), more=True).allowed.total()
        == PAGES
    )
