"""Which condition keys are known, by the docs' table, and how they are compared."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from onboarding.verify.conditions import (
    KEYS,
    OF_CALLS,
    PRINCIPAL_TAG,
    Beginning,
    Caller,
    Kind,
    kind_of,
    known_of_call,
    sent_with,
    value_of,
)
from onboarding.verify.policy_evaluation import RequestContext
from tests.evaluating import speaks

DOCS = Path(__file__).parents[4] / "docs" / "explain" / "verification.md"

HEAD = "| Known from | Condition keys |\n|---|---|\n"

ACCOUNT = "922222222222"

ROLE = f"arn:aws:iam::{ACCOUNT}:role/spinnakerManaged"

AT = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)

CALLER = Caller(ROLE, "Spinnaker", "AROA1", {"team": "core"}, "o-a1b2", AT)


def test_the_table_in_the_docs_is_what_is_known() -> None:
    sources = [(key.source, key.name) for key in KEYS] + [
        ("tags of the managed role", f"{PRINCIPAL_TAG}/*"),
        *((source, key) for key, source in OF_CALLS.items()),
    ]
    by_source: dict[str, list[str]] = {}
    for source, name in sources:
        by_source.setdefault(source, []).append(f"`{name}`")
    rows = [f"| {source} | {', '.join(by)} |" for source, by in by_source.items()]
    text = DOCS.read_text(encoding="utf-8")
    before, _, rest = text.partition(HEAD)
    table = HEAD + "".join(f"{row}\n" for row in rows)
    after = rest[rest.index("\n\n") + 1 :] if rest[:1] == "|" else rest

    if os.environ.get("REWRITE_DOCS"):
        DOCS.write_text(before + table + after, encoding="utf-8")

    assert DOCS.read_text(encoding="utf-8") == before + table + after


def test_what_is_known_is_sent_and_nothing_else() -> None:
    known, sent = CALLER.known, dict(CALLER.sent)

    assert {key.lower() for key in sent} == {k for k, v in known.items() if v}
    assert sent["aws:userid"] == "AROA1:Spinnaker"
    assert sent["aws:CurrentTime"] == "2026-12-01T12:00:00Z"
    assert sent["aws:EpochTime"] == "1796126400"
    assert value_of(known, "aws:PrincipalTag/Team") == (True, "core")
    assert value_of(known, "aws:PrincipalTag/other") == (True, None)


def test_what_could_not_be_read_is_unknown_not_absent() -> None:
    caller = Caller(ROLE, "Spinnaker")

    for key in ("aws:userid", "aws:PrincipalOrgID", "aws:PrincipalTag/team"):
        assert value_of(caller.known, key)[0] is False
        assert key not in dict(caller.sent)


def test_a_user_has_no_session() -> None:
    user = Caller(f"arn:aws:iam::{ACCOUNT}:user/spinnaker", "", "AIDA1")

    assert user.known["aws:principaltype"] == "User"
    assert user.known["aws:userid"] == "AIDA1"
    assert user.known["aws:username"] == "spinnaker"
    assert user.known["aws:multifactorauthpresent"] is None
    assert user.known["aws:tokenissuetime"] is None


def test_an_account_of_no_organization_has_none_of_its_keys() -> None:
    alone = Caller(ROLE, organization="")

    known = known_of_call(alone, "*", sent_with("ec2:RunInstances", "*", "x", alone))

    assert known["aws:resourceorgid"] is known["aws:principalorgid"] is None


@pytest.mark.parametrize(
    ("resource", "owner"),
    [
        ("*", ACCOUNT),
        (f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/i", ACCOUNT),
        ("arn:aws:ec2:us-east-1:933333333333:subnet/s", "933333333333"),
        ("arn:aws:ec2:us-east-1::image/ami-1", None),
    ],
)
def test_whose_a_resource_is_its_arn_says(resource: str, owner: str | None) -> None:
    sent = sent_with("ec2:RunInstances", resource, "us-east-1", CALLER)

    known = known_of_call(CALLER, resource, sent)

    assert known.get("aws:resourceaccount") == owner
    assert dict(sent)["ec2:Region"] == "us-east-1"


def test_the_simulator_is_given_types() -> None:
    assert kind_of("aws:CurrentTime") is Kind.DATE
    assert kind_of("AWS:SecureTransport") is Kind.BOOLEAN
    assert kind_of("aws:TagKeys") is Kind.STRINGS
    assert kind_of("iam:PassedToService") is Kind.STRING


CONTEXT = {
    "aws:currenttime": "2026-12-01T12:00:00Z",
    "aws:epochtime": "1796126400",
    "aws:principalaccount": "922222222222",
    "aws:principalorgpaths": Beginning("o-a1b2/"),
    "aws:principaltag/*": None,
    "aws:principaltag/team": "core",
    "aws:username": None,
    "ec2:minutes": "7",
}


def met(operator: str, key: str, value: Any, **fields: Any) -> bool | None:
    statement = {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {operator: {key: value}},
        **fields,
    }
    asked = RequestContext("ec2:RunInstances", "arn:aws:ec2:x:1:instance/i", CONTEXT)
    return speaks(statement, asked)


@pytest.mark.parametrize(
    ("operator", "key", "value", "expected"),
    [
        ("DateGreaterThan", "aws:CurrentTime", "2026-12-01T11:59:59Z", True),
        ("DateGreaterThan", "aws:CurrentTime", "2026-12-01T12:00:00Z", False),
        ("DateGreaterThanEquals", "aws:CurrentTime", "2026-12-01", True),
        ("DateLessThan", "aws:CurrentTime", "2026-12-01T14:00:00+01:00", True),
        ("DateLessThan", "aws:EpochTime", "2026-12-02T00:00:00Z", True),
        ("DateNotEquals", "aws:CurrentTime", "2026-12-01T12:00:00Z", False),
        ("DateLessThan", "aws:CurrentTime", "tomorrow", None),
        ("NumericLessThan", "ec2:Minutes", ["5", 8], True),
        ("NumericGreaterThanEquals", "ec2:Minutes", "7.5", False),
        ("NumericNotEquals", "ec2:Minutes", "7", False),
        ("NumericEquals", "ec2:Minutes", "nan", None),
        ("NumericLessThanIfExists", "ec2:Other", "1", None),
        ("StringEqualsIgnoreCase", "aws:PrincipalTag/team", "CORE", True),
        ("StringNotEqualsIgnoreCase", "aws:PrincipalTag/team", "CORE", False),
        ("Bool", "aws:PrincipalTag/other", "false", False),
        ("BoolIfExists", "aws:PrincipalTag/other", "false", True),
        ("BinaryEquals", "aws:PrincipalTag/team", "Y29yZQ==", None),
        ("IpAddress", "aws:SourceIp", "192.0.2.0/24", None),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-a1b2/*", True),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-*", True),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-a1b2/r-1/*", None),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-zzzz/*", False),
        ("ForAnyValue:StringEquals", "aws:PrincipalOrgPaths", "o-a1b2/r-1/", None),
        ("ForAnyValue:StringEquals", "aws:PrincipalOrgPaths", "o-zzzz/r-1/", False),
        ("StringEquals", "iam:PassedToService", "ec2.amazonaws.com", False),
        ("StringNotEquals", "iam:PassedToService", "ec2.amazonaws.com", True),
        ("StringEquals", "ec2:InstanceType", "t3.micro", None),
        ("StringEquals", "aws:PrincipalTag/team", "${aws:PrincipalTag/team}", True),
        ("StringEquals", "aws:PrincipalTag/team", "${aws:username}", False),
        ("StringNotEquals", "aws:PrincipalTag/team", "${aws:username}", True),
        ("StringEquals", "aws:PrincipalTag/team", "${aws:username, 'core'}", True),
        ("StringEquals", "aws:PrincipalTag/team", "${aws:SourceIp}", None),
        ("StringEquals", "aws:PrincipalTag/team", "${*}", None),
        ("StringLike", "aws:PrincipalTag/team", "${aws:PrincipalOrgPaths}*", None),
    ],
)
def test_a_condition_is_met(
    operator: str, key: str, value: Any, expected: bool | None
) -> None:
    assert met(operator, key, value) is expected


@pytest.mark.parametrize(
    ("part", "pattern", "expected"),
    [
        ("Resource", "arn:aws:ec2:x:1:${aws:PrincipalTag/kind}/*", False),
        ("Resource", "arn:aws:ec2:x:1:${aws:SourceIp}/*", None),
        ("Resource", "arn:aws:ec2:y:1:${aws:SourceIp}/*", False),
        ("NotResource", "arn:aws:ec2:x:1:${aws:SourceIp}/*", None),
        ("NotResource", "arn:aws:ec2:*:${aws:PrincipalAccount}:*", True),
    ],
)
def test_a_variable_in_a_resource_decides(
    part: str, pattern: str, expected: bool | None
) -> None:
    statement = {"Effect": "Deny", "Action": "*", part: pattern}
    asked = RequestContext("ec2:RunInstances", "arn:aws:ec2:x:1:instance/i", CONTEXT)

    assert speaks(statement, asked) is expected


def test_a_role_is_assumed_with_keys_of_other_services() -> None:
    statement = {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringEquals": {"iam:ResourceTag/team": "core"}},
    }

    assert speaks(statement, RequestContext("sts:AssumeRole")) is None
    assert speaks(statement, RequestContext("ec2:StopInstances")) is False
