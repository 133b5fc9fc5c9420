"""Which condition keys are known, and how: the table in docs/explain/verification.md.

`REWRITE_DOCS=1 pytest tests/onboarding/verify/conditions` writes it again.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from onboarding.verify.conditions.circumstances import (
    KEYS,
    OF_CALLS,
    PRINCIPAL_TAG,
    Caller,
    Kind,
    kind_of,
    known_of_call,
    sent_with,
)
from onboarding.verify.conditions.comparisons import value_of

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
