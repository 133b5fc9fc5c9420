"""Documents that are prepared once answer as ones that are read anew for each call."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.verify.policy_evaluation import (
    Document,
    RequestContext,
    Statement,
    find_statement,
    keys_looked_at,
    names,
)
from tests.strict_aws import policies

ACTIONS = ("ec2:RunInstances", "ec2:CreateTags", "s3:GetObject", "iam:PassRole")
ROLE = "arn:aws:iam::922222222222:role/"
RESOURCES = ("*", f"{ROLE}web", f"{ROLE}core", "arn:aws:s3:::logs/core/a")
VALUES: dict[str, tuple[str, ...]] = {
    "Arn": (f"{ROLE}web", f"{ROLE}*", "arn:aws:iam::*:role/core"),
    "Bool": ("true", "false", "True"),
    "Date": ("2026-01-01T00:00:00Z", "2026-12-01T00:00:00Z"),
    "Null": ("true", "false"),
    "Numeric": ("1", "2.5", "300"),
    "String": ("core", "cor?", "*", "c*e", "CORE", "${aws:username}", "${aws:gone}"),
}
"""What conditions want, by how their operator begins."""
KNOWN: dict[str, tuple[str | None, ...]] = {
    "Arn": (f"{ROLE}web", f"{ROLE}core", None),
    "Bool": ("true", "false", None),
    "Date": ("2026-06-01T00:00:00Z", None),
    "Null": ("core", None),
    "Numeric": ("2", "40", None),
    "String": ("core", "Core", "other", None),
}
OPERATORS = sorted({*policies.OPERATORS} - {"IpAddress"})
"""Of addresses, only the call knows."""


def some(*texts: str) -> st.SearchStrategy[str | list[str]]:
    one = st.sampled_from(texts)
    return one | st.lists(one, max_size=4)


def kind(operator: str) -> str:
    return next(name for name in VALUES if name in operator)


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for plain in draw(st.lists(st.sampled_from([*OPERATORS, "Null"]), max_size=2)):
        operator = plain
        can_be_negated = plain.startswith(("String", "Arn")) and plain != "Null"
        if can_be_negated and draw(st.booleans()):
            beginning = "String" if plain.startswith("String") else "Arn"
            operator = plain.replace(beginning, f"{beginning}Not")
        if plain != "Null":
            before = draw(st.sampled_from(["", "ForAllValues:", "ForAnyValue:"]))
            operator = before + operator + draw(st.sampled_from(["", "IfExists"]))
        wanted = draw(some(*VALUES[kind(plain)]).filter(bool))
        if plain == "Null":
            wanted = wanted if isinstance(wanted, str) else wanted[0]
        found[operator] = {f"aws:{kind(plain)}": wanted}
    return found


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    action, resource = (
        draw(st.sampled_from([name, f"Not{name}"])) for name in ("Action", "Resource")
    )
    return {
        "Effect": draw(st.sampled_from(["Allow", "Deny"])),
        action: draw(
            some("*", "ec2:*", "EC2:create*", "s3:Get?bject", "*:Pass*", *ACTIONS)
        ),
        resource: draw(
            some("*", f"{ROLE}*", f"{ROLE}${{aws:username}}", "arn:*:logs/c*", ROLE)
        ),
        "Condition": draw(conditions()),
    }


CONTEXTS = st.fixed_dictionaries(
    {
        "aws:username": st.sampled_from(["web", "core"]),
        "aws:gone": st.none(),
        **{f"aws:{name.lower()}": st.sampled_from(KNOWN[name]) for name in KNOWN},
    }
)


@given(
    st.lists(statements(), max_size=5),
    st.lists(
        st.tuples(st.sampled_from(ACTIONS), st.sampled_from(RESOURCES), CONTEXTS),
        min_size=1,
        max_size=5,
    ),
)
def test_they_answer_each_call_as_if_it_was_the_only_one(
    written: list[dict[str, Any]], calls: list[tuple[str, str, dict[str, str | None]]]
) -> None:
    document = Document("Theirs", {"Statement": written})
    for action, resource, context in calls:
        known = {key: value for key, value in context.items() if value is not None}
        for effect in ("Allow", "Deny"):
            found = find_statement(
                [document], effect, RequestContext(action, resource, context)
            )

            assert (found.number if found else None) == next(
                (
                    number
                    for number, one in enumerate(written)
                    if one["Effect"] == effect
                    and policies.concerns(with_variables(one, known), action, resource)
                    and policies.is_met(one, known)
                ),
                None,
            )


def with_variables(statement: Any, known: dict[str, str]) -> Any:
    """Write the values of variables into the resources of a statement."""
    part = "Resource" if "Resource" in statement else "NotResource"
    filled = [policies.filled(one, known) for one in policies.listed(statement[part])]
    return {**statement, part: filled}


@given(st.lists(statements(), max_size=5), st.sampled_from(ACTIONS))
def test_only_the_keys_of_what_concerns_a_call_are_looked_at(
    written: list[dict[str, Any]], action: str
) -> None:
    document = Document("Theirs", {"Statement": written})

    looked_at = keys_looked_at([document], action, "*")

    assert looked_at <= document.keys
    assert looked_at == frozenset().union(
        *(Statement(one).keys for one in written if policies.concerns(one, action, "*"))
    )


def test_names_are_prepared_once_for_all_accounts() -> None:
    one, other = (
        Statement(
            {
                "Effect": "Allow",
                "Action": ["ec2:*", "s3:GetObject"],
                "Resource": f"arn:aws:s3:::logs-of-{account}",
            }
        )
        for account in ("911111111111", "922222222222")
    )

    assert one.actions is other.actions


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("s3:GetObject", True),
        ("S3:GETOBJECT", True),
        ("s3:Get*", True),
        ("s3:*Object", True),
        ("s3:GetObjec?", True),
        ("s3:**", True),
        ("*", True),
        ("", False),
        ("?", False),
        ("s3:GetObject?", False),
        ("s3:GetObjects*", False),
    ],
)
@pytest.mark.parametrize("negated", [False, True])
def test_every_kind_of_pattern(pattern: str, fits: bool, negated: bool) -> None:
    prepared = names(frozenset({pattern}), negated=negated)

    assert prepared.has("s3:getobject") is (fits is not negated)
