"""What Bowline says of organizations' policies, and of the same ones at the role."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from onboarding.checks import Outcome
from onboarding.verify.result import Result
from tests.onboarding.verify.simulation.service_control_policies import (
    ALLOWED,
    DENIED,
    EXAMPLES,
    HEALTHY,
    KNOWN,
    RUN,
    TOWER,
    UNKNOWABLE,
    UNKNOWN,
    Row,
)
from tests.onboarding.verify.simulation.simulated import (
    EAST,
    Simulated,
    deny,
    managed_account,
)
from tests.onboarding.verify.simulation.test_three_answers import BLIND
from tests.onboarding.verify.test_denial import document

TAGS = {"team": "core"}


def said(results: list[Result]) -> str:
    if any(one.outcome is Outcome.FAILED for one in results):
        return DENIED
    return UNKNOWN if any(one.unknown_writes for one in results) else ALLOWED


def outside(row: Row, *, ec2_only: bool = True, **fields: Any) -> Simulated:
    account = managed_account(EAST, ec2_only=ec2_only)
    return Simulated(account=account, organization=row.policy, tags=TAGS, **fields)


def wrong_of(*rows: Row, **fields: Any) -> dict[str, str]:
    found = {row: said(outside(row, **fields).writes()) for row in rows}
    return {row.what: one for row, one in found.items() if one != row.said}


@pytest.mark.parametrize("names_outside", [False, True])
def test_what_aws_publishes_is_said_as_it_is(names_outside: bool) -> None:
    rows = (*EXAMPLES, *HEALTHY)

    assert wrong_of(*rows, names_outside=names_outside) == {}


def test_what_control_tower_sets_is_said_as_it_is() -> None:
    assert wrong_of(*TOWER, ec2_only=False) == {}


def test_keys_whose_values_are_known_are_sent() -> None:
    assert wrong_of(*KNOWN, names_outside=True) == {}


def test_ten_examples_and_five_guardrails_are_tried_in_both_directions() -> None:
    for rows, least in ((EXAMPLES, 10), (TOWER, 5)):
        assert sum(row.said == ALLOWED for row in rows) >= least // 2
        assert len({row.what.partition(":")[0] for row in rows}) >= least
        assert {row.said for row in rows} > {ALLOWED, DENIED} - {
            UNKNOWN
        } or rows is TOWER
    assert {row.said for row in TOWER} == {ALLOWED, DENIED}


def test_an_unknown_write_names_the_key_that_decides() -> None:
    unnamed = [
        row.what
        for row in EXAMPLES
        if row.said == UNKNOWN
        and not any(
            row.key.lower() in one.sentence.lower()
            for one in outside(row, names_outside=True).writes()
            if one.unknown_writes
        )
    ]

    assert unnamed == []


@pytest.mark.parametrize(
    ("where", "rows", "simulator"),
    [
        ("inline", KNOWN, {"refuses": BLIND}),
        ("inline", KNOWN[:12], {}),
        ("boundary", KNOWN[:12], {}),
    ],
    ids=["refused", "simulated", "a boundary"],
)
def test_the_same_keys_are_known_of_the_roles_own_policies(
    where: str, rows: tuple[Row, ...], simulator: dict[str, Any]
) -> None:
    wrong = {}
    for row in rows:
        account = Simulated(tags=TAGS, **held(where, row), **simulator)
        if (found := said(account.writes())) != row.said:
            wrong[row.what] = found

    # Whose an image is, its ARN doesn't say.
    assert all("aws:Resource" in what for what in wrong)
    assert {*wrong.values()} <= {UNKNOWN}


def test_of_policies_of_others_a_simulator_without_conditions_is_believed() -> None:
    """It may know more than Bowline does."""
    blind = {"knows_no_conditions": True}
    found = {
        row.what: (row.said, said(Simulated(**held("inline", row), **blind).writes()))
        for row in KNOWN[:12]
    }

    denied = {what for what, both in found.items() if DENIED in both}
    assert {found[what] for what in denied} == {(DENIED, DENIED)}
    assert (ALLOWED, UNKNOWN) in found.values()


@pytest.mark.parametrize(
    ("name", "expected"), [("BowlineGranted", ALLOWED), ("Theirs", UNKNOWN)]
)
def test_what_others_allow_is_unknown_where_the_simulator_does_not_see_it(
    name: str, expected: str
) -> None:
    account = Simulated(knows_no_conditions=True)
    account.inline = {name: account.inline.pop("BowlineGranted")}

    results = account.writes()

    assert said(results) == expected
    unknown = [one.sentence for one in results if one.unknown_writes]
    assert all("no policy that Bowline can read does" in one for one in unknown)


def held(where: str, row: Row) -> dict[str, Any]:
    """Let a policy or the boundary of the role say it."""
    if where == "boundary":
        return {"boundary": bounds(row)}
    return {"inline": {"Theirs": document(*map(dict, row.policy))}}


def bounds(row: Row) -> dict[str, Any]:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return document(everything, *map(dict, row.policy))


@pytest.mark.parametrize(("operator", "key", "value"), UNKNOWABLE)
@pytest.mark.parametrize("where", ["inline", "boundary"])
def test_what_only_the_call_shows_makes_a_write_unknown(
    where: str, operator: str, key: str, value: str
) -> None:
    denying = deny(RUN, condition={operator: {key: value}}, Sid="OnlySome")
    row = Row("", UNKNOWN, (denying,))

    results = Simulated(**held(where, row)).writes()

    (unknown,) = (one for one in results if one.unknown_writes)
    assert said(results) == UNKNOWN
    assert unknown.sentence.startswith(f"Unknown: {RUN}, because the statement “OnlyS")
    assert f"({operator} on {key})" in unknown.sentence


@pytest.mark.parametrize(("operator", "key", "value"), UNKNOWABLE)
def test_what_the_organization_looks_at_is_named_where_iam_names_it(
    operator: str, key: str, value: str
) -> None:
    row = Row("", UNKNOWN, (deny("*", condition={operator: {key: value}}),))

    results = outside(row, names_outside=True).writes()

    denied = [one for one in results if one.unknown_writes]
    assert all(key.lower() in one.sentence for one in denied)
    # Where IAM takes the key for absent, and denies nothing, no one can see it.
    negated = "Not" in operator or operator == "Null"
    assert bool(denied) is negated
    assert said(results) == (UNKNOWN if negated else ALLOWED)


def test_a_denial_without_conditions_is_certain_whatever_else_iam_misses() -> None:
    row = Row("", DENIED, (deny(RUN),))
    source = deny("s3:*", condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}})
    account = outside(row, names_outside=True)
    account.inline["Theirs"] = document(dict(source))

    assert said(account.writes()) == DENIED


def test_who_may_not_read_the_organization_does_not_know_what_it_denies() -> None:
    for row in (HEALTHY[0], HEALTHY[1]):
        (*_, unknown) = outside(row, belongs_to=None).writes()

        assert said([unknown]) == UNKNOWN
        assert "aws:PrincipalOrgID or aws:ResourceOrgID" in unknown.sentence
        assert "organizations:DescribeOrganization" in unknown.fix


def test_an_account_without_an_organization_has_no_key_of_it() -> None:
    ours = deny(RUN, condition={"Null": {"aws:PrincipalOrgID": "true"}})
    account = Simulated(inline={"Theirs": document(dict(ours))}, belongs_to="")

    assert said(account.writes()) == DENIED
    assert said(replace(account, belongs_to="o-a").writes()) == ALLOWED
