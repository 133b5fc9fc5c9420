"""What Spinnaker changed and was denied to change is read from CloudTrail's events."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from onboarding.aws.client import AccountClient, once
from onboarding.aws.roles import recorded
from onboarding.aws.roles.recorded import PAGES, recorded_writes

SINCE = datetime(2026, 6, 1, tzinfo=UTC)
ROLE, REGION = "spinnakerManaged", "eu-west-1"
ASKED = {
    "LookupAttributes": [{"AttributeKey": "ReadOnly", "AttributeValue": "false"}],
    "StartTime": SINCE,
}


def event(
    name: str = "RunInstances",
    service: str = "ec2",
    *,
    role: str = ROLE,
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
def read(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(recorded, "PAUSE", 0.0)
    trail: Any = boto3.client("cloudtrail", REGION)
    trail.signer = SimpleNamespace(session="")
    client = AccountClient("1" * 12, lambda *_: trail, once)
    monkeypatch.setattr(AccountClient, "of", lambda *_: client)

    def read(*pages: list[dict[str, Any]], more: bool = False) -> Any:
        with Stubber(trail) as stubbed:
            for number, events in enumerate(pages):
                last = number == len(pages) - 1 and not more
                answer = {"Events": events} | ({} if last else {"NextToken": "n"})
                given = ASKED | ({"NextToken": "n"} if number else {})
                stubbed.add_response("lookup_events", answer, given)
            none: Any = None
            found = recorded_writes(none, none, ROLE, [REGION], SINCE)
            stubbed.assert_no_pending_responses()
            return found

    return read


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
def test_a_call_was_denied_or_allowed(read: Any, code: str, is_denied: bool) -> None:
    found = read([event(errorCode=code) if code else event()])

    called = Counter({f"ec2:RunInstances in {REGION}": 1})
    assert (found.denied, found.allowed) == (
        (called, Counter()) if is_denied else (Counter(), called)
    )


def test_only_what_spinnaker_called_counts(read: Any) -> None:
    root = {"CloudTrailEvent": json.dumps({"userIdentity": {"type": "Root"}})}
    user = event(role="someone")
    own = event(agent="Boto3/1.43 bowline", errorCode="AccessDenied")

    found = read([user, own, root])

    assert not found.denied + found.allowed


def test_what_an_event_leaves_open_is_no_denial(read: Any) -> None:
    found = read([event(errorCode=None, userAgent=None)])

    assert found.allowed == Counter({f"ec2:RunInstances in {REGION}": 1})


def test_lambdas_events_have_the_names_of_its_actions(read: Any) -> None:
    found = read(
        [
            event("CreateFunction20150331", "lambda"),
            event("UpdateFunctionCode20150331v2", "lambda"),
        ]
    )

    assert {*found.allowed} == {
        f"lambda:CreateFunction in {REGION}",
        f"lambda:UpdateFunctionCode in {REGION}",
    }


def test_every_page_is_read_up_to_a_bound(read: Any) -> None:
    assert read([event()], [event()]).allowed.total() == 2
    assert read(*([event()] for _ in range(PAGES)), more=True).allowed.total() == PAGES
