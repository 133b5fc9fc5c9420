from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.resources.policy import Policy
from onboarding.verify.result import Cause
from onboarding.verify.trust import REPLACE, AssumeRequest, Trust, admits
from tests.evaluating import matches

IDENTITY = "arn:aws:iam::911111111111:role/SpinnakerAuthRole"
REQUIRED = {"StringEquals": {"sts:ExternalId": "3f1c"}}


def trust(**fields: Any) -> Policy:
    plain = {"Principal": {"AWS": IDENTITY}, "Action": "sts:AssumeRole"}
    return Policy.allowing({**plain, **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"Principal": {"AWS": ["911111111111", "922222222222"]}},
        {"Principal": {"AWS": "arn:aws:iam::911111111111:root"}},
        {"Principal": "*"},
        {"Action": "sts:*"},
        {"Action": ["sts:TagSession", "sts:AssumeRole"]},
        {"Condition": REQUIRED},
        {"Condition": {"StringLike": {"aws:PrincipalArn": f"{IDENTITY[:-4]}*"}}},
    ],
)
def test_it_admits_whom_the_trust_names(fields: dict[str, Any]) -> None:
    assert admits(trust(**fields), AssumeRequest(IDENTITY, "3f1c")) is True


@pytest.mark.parametrize(
    "fields",
    [
        {"Principal": {"AWS": "arn:aws:iam::911111111111:role/Other"}},
        {"Principal": {"AWS": "933333333333"}},
        {"Principal": {"Service": "ec2.amazonaws.com"}},
        {"Principal": {"AWS": "AROAJQABLZS4A3QDU576Q"}},
        {"Action": "sts:TagSession"},
        {"Condition": {"StringEquals": {"sts:ExternalId": "other"}}},
        {"Effect": "Deny"},
    ],
)
def test_it_shuts_out_whom_the_trust_does_not_name(fields: dict[str, Any]) -> None:
    assert admits(trust(**fields), AssumeRequest(IDENTITY, "3f1c")) is False


def test_a_missing_external_id_does_not_meet_the_condition() -> None:
    assert admits(trust(Condition=REQUIRED), AssumeRequest(IDENTITY, "")) is False


@pytest.mark.parametrize(
    ("operator", "value", "is_met"),
    [
        ("StringLike", "*", False),
        ("StringEquals", "", False),
        ("IpAddress", "192.0.2.0/24", False),
        ("ForAnyValue:StringNotEquals", "3f1c", False),
        ("Null", "false", False),
        ("Null", "true", True),
        ("StringNotEquals", "3f1c", True),
        ("StringEqualsIfExists", "3f1c", True),
        ("ForAllValues:StringEquals", "3f1c", True),
    ],
)
def test_what_is_not_sent_meets_only_conditions_that_allow_it_to_be_missing(
    operator: str, value: str, is_met: bool
) -> None:
    policy = trust(Condition={operator: {"sts:ExternalId": value}})

    assert admits(policy, AssumeRequest(IDENTITY, "")) is is_met


def test_whoever_has_no_organization_is_in_none() -> None:
    anyone = trust(Condition={"StringLike": {"aws:PrincipalOrgID": "*"}})

    assert admits(anyone, AssumeRequest(IDENTITY, organization="")) is False


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEqualsIfExists": {"sts:ExternalId": "3f1c"}}, True),
        ({"StringEqualsIfExists": {"sts:ExternalId": "other"}}, False),
        ({"Null": {"sts:ExternalId": "false"}}, True),
        ({"Null": {"sts:ExternalId": "true"}}, False),
    ],
)
def test_what_is_sent_is_judged_by_what_may_be_missing_too(
    condition: dict[str, Any], expected: bool
) -> None:
    assert admits(trust(Condition=condition), AssumeRequest(IDENTITY, "3f1c")) is (
        expected
    )


def test_a_deny_wins() -> None:
    everybody = {"Principal": "*", "Action": "sts:AssumeRole"}
    policy = Policy.of(
        {
            "Statement": [
                {**everybody, "Effect": "Allow"},
                {**everybody, "Effect": "Deny"},
            ]
        }
    )

    assert admits(policy, AssumeRequest(IDENTITY, "")) is False


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
        {"NumericEquals": {"sts:ExternalId": "3"}},
    ],
)
def test_it_says_when_it_cannot_tell(condition: dict[str, Any]) -> None:
    assert admits(trust(Condition=condition), AssumeRequest(IDENTITY, "3f1c")) is None


def test_it_does_not_judge_negations() -> None:
    statement = {"NotPrincipal": {"AWS": "933333333333"}, "Action": "sts:AssumeRole"}

    assert admits(Policy.allowing(statement), AssumeRequest(IDENTITY, "")) is None


ROLE = "arn:aws:iam::922222222222:role/spinnakerManaged"


def cause(existing: Policy, *, adopted: bool = False, **sent: str) -> Cause:
    found = Trust(ROLE, existing, trust(), adopted).cause(
        AssumeRequest(IDENTITY, **sent)
    )
    assert found is not None
    return found


def marked(found: Cause) -> str:
    return found.document.splitlines()[found.line - 1].strip()


def test_a_trust_that_admits_has_no_cause() -> None:
    assert Trust(ROLE, trust(), trust()).cause(AssumeRequest(IDENTITY)) is None


def test_an_organization_may_be_asked_for() -> None:
    asked = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
    request = AssumeRequest(IDENTITY, organization="o-a1b2c3d4e5")

    assert admits(trust(Condition=asked), request) is True


def test_another_organization_is_a_condition_that_is_not_met() -> None:
    asked = {"StringEquals": {"aws:PrincipalOrgID": "o-other"}}

    found = cause(trust(Condition=asked), organization="o-a1b2c3d4e5")

    assert (found.located, found.certain) == ("a condition", True)
    assert marked(found) == '"aws:PrincipalOrgID": "o-other"'


def test_the_condition_that_is_not_met_is_marked_among_those_that_are() -> None:
    asked = {**REQUIRED, "StringLike": {"aws:PrincipalOrgID": "o-other*"}}

    found = cause(
        trust(Condition=asked), external_id="3f1c", organization="o-a1b2c3d4e5"
    )

    assert marked(found) == '"aws:PrincipalOrgID": "o-other*"'


def test_a_deny_whose_condition_is_not_met_shuts_nobody_out() -> None:
    everybody = {"Principal": "*", "Action": "sts:AssumeRole"}
    denying = {**everybody, "Effect": "Deny", "Condition": REQUIRED}
    elsewhere = {**everybody, "Principal": {"AWS": "933333333333"}, "Effect": "Allow"}

    found = cause(Policy.of({"Statement": [denying, elsewhere]}), external_id="other")

    assert found.located == "their trust"


def test_an_external_id_that_is_not_sent() -> None:
    found = cause(trust(Condition=REQUIRED))

    assert found.sentence.endswith("sts:ExternalId is “3f1c”, and none is sent.")


@pytest.mark.parametrize(
    ("missing", "sent", "words"),
    [
        ("false", "", "only where sts:ExternalId is there, and none is sent."),
        ("true", "3f1c", "only where sts:ExternalId is missing, and “3f1c” is sent."),
    ],
)
def test_an_external_id_that_must_be_sent_or_must_not(
    missing: str, sent: str, words: str
) -> None:
    asked = {"Null": {"sts:ExternalId": missing}}

    assert cause(trust(Condition=asked), external_id=sent).sentence.endswith(words)


def test_a_condition_that_only_aws_can_judge_is_not_certain() -> None:
    found = cause(trust(Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}))

    assert (found.located, found.certain) == ("a condition", False)
    assert "IpAddress on aws:SourceIp" in found.sentence


def test_a_denying_statement_is_marked() -> None:
    everybody = {"Principal": "*", "Action": "sts:AssumeRole"}
    both = [{**everybody, "Effect": "Allow"}, {**everybody, "Effect": "Deny"}]

    found = cause(Policy.of({"Statement": both}))

    assert found.located == "their trust"
    assert marked(found) == '"Effect": "Deny",'


def test_the_id_of_a_deleted_role_is_told_for_what_it_is() -> None:
    found = cause(trust(Principal={"AWS": "AROAJQABLZS4A3QDU576Q"}))

    assert "the id of a role that was deleted" in found.sentence


def test_a_trust_of_services_names_nobody() -> None:
    found = cause(trust(Principal={"Service": "ec2.amazonaws.com"}))

    assert found.sentence.endswith("it names no one in AWS's accounts.")


def test_a_trust_by_exception_is_not_certain() -> None:
    exception = {"NotPrincipal": {"AWS": "933333333333"}, "Action": "sts:AssumeRole"}

    found = cause(Policy.allowing(exception))

    assert (found.located, found.certain) == ("their trust", False)
    assert marked(found) == '"NotPrincipal": {'


@pytest.mark.parametrize(("adopted", "statements"), [(False, 1), (True, 2)])
def test_of_an_adopted_role_others_keep_their_trust(
    adopted: bool, statements: int
) -> None:
    theirs = trust(Principal={"AWS": "933333333333"})

    found = cause(theirs, adopted=adopted)

    document = shlex.split(found.change)[-1]
    assert len(json.loads(document)["Statement"]) == statements


EVERYBODY = {"Principal": "*", "Action": "sts:AssumeRole"}
BOTH = [{**EVERYBODY, "Effect": "Allow"}, {**EVERYBODY, "Effect": "Deny"}]
BY_MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


@pytest.mark.parametrize(
    ("theirs", "also"),
    [
        (trust(Principal={"AWS": "933333333333"}), "Or allow sts:AssumeRole to"),
        (trust(Condition=REQUIRED), "Or enter the external ID that the role requires"),
        (trust(Condition={"Null": {"aws:PrincipalArn": "true"}}), "Or set the cond"),
        (trust(Condition=BY_MFA), "A service can't have MFA. The external ID"),
        (Policy.of({"Statement": BOTH}), "Or take the denying statement out."),
    ],
)
def test_the_trust_of_an_adopted_role_is_replaced_by_a_step_not_by_a_plan(
    theirs: Policy, also: str
) -> None:
    """No plan changes it: planning again would plan nothing."""
    found, ours = cause(theirs, adopted=True), cause(theirs)

    assert found.fix.startswith(f"{REPLACE} {also}")
    assert REPLACE not in ours.fix
    assert "remove" not in found.fix


def test_no_command_adds_a_statement_next_to_one_that_denies() -> None:
    theirs = Policy.of({"Statement": BOTH})

    assert cause(theirs, adopted=True).change == ""
    assert cause(theirs).change != ""


def fits(sent: str, values: list[str]) -> bool:
    return sent != "" and any(matches(sent, value) for value in values)


AS_AWS_DOCUMENTS: dict[str, Callable[[str, list[str]], bool]] = {
    "StringEquals": lambda sent, values: sent in values,
    "StringLike": fits,
    "StringEqualsIfExists": lambda sent, values: sent in ("", *values),
    "StringLikeIfExists": lambda sent, values: sent == "" or fits(sent, values),
    "ForAnyValue:StringLike": fits,
    "Null": lambda sent, values: (sent == "") == (values == ["true"]),
    "StringNotEquals": lambda sent, values: sent not in values,
    "ForAllValues:StringEquals": lambda sent, values: sent in ("", *values),
    "ForAnyValue:StringNotEquals": lambda sent, values: sent not in ("", *values),
}
"""Whether what is sent, empty for nothing, meets the condition."""
LEFT_TO_AWS = set(list(AS_AWS_DOCUMENTS)[-3:])
"""Where something is sent."""
NAMED = (IDENTITY, "911111111111", "*")

texts = st.lists(st.sampled_from(["ab", "a*", "?b", "*", "[ab]*"]), min_size=1)
wishes = st.one_of(
    st.tuples(st.sampled_from(sorted({*AS_AWS_DOCUMENTS} - {"Null"})), texts),
    st.tuples(st.just("Null"), st.sampled_from([["true"], ["false"]])),
)
statements = st.tuples(
    st.sampled_from(["Allow", "Allow", "Deny"]),
    st.sampled_from([*NAMED, f"{IDENTITY}2", "933333333333"]),
    st.lists(wishes, max_size=2).map(dict),
)


@given(
    st.lists(statements, min_size=1, max_size=3),
    st.sampled_from(["", "ab", "abc", "b"]),
)
def test_it_admits_whom_aws_does_or_says_that_it_cannot_tell(
    written: list[tuple[str, str, dict[str, list[str]]]], sent: str
) -> None:
    policy = Policy.of(
        {
            "Statement": [
                {
                    "Effect": effect,
                    "Principal": {"AWS": principal},
                    "Action": "sts:AssumeRole",
                    "Condition": {
                        operator: {"sts:ExternalId": values}
                        for operator, values in wanted.items()
                    },
                }
                for effect, principal, wanted in written
            ]
        }
    )

    admitted = admits(policy, AssumeRequest(IDENTITY, sent))

    ours = [(effect, wanted) for effect, who, wanted in written if who in NAMED]
    effects = {
        effect
        for effect, wanted in ours
        if all(AS_AWS_DOCUMENTS[one](sent, wanted[one]) for one in wanted)
    }
    unsure = sent != "" and any(LEFT_TO_AWS & {*wanted} for _, wanted in ours)
    assert admitted is (effects == {"Allow"}) or (admitted is None and unsure)


@pytest.mark.parametrize(("wanted", "admitted"), [("other", True), ("3f1c", False)])
def test_it_judges_what_must_not_be_sent(wanted: str, admitted: bool) -> None:
    condition = {"StringNotEquals": {"sts:ExternalId": wanted}}

    assert (
        admits(trust(Condition=condition), AssumeRequest(IDENTITY, "3f1c")) is admitted
    )


USER = "arn:aws:iam::911111111111:user/spinnaker"
WITH_MFA = [
    ("Allow", {"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
    ("Allow", {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}),
    ("Deny", {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}),
    ("Deny", {"Null": {"aws:MultiFactorAuthAge": "true"}}),
]


@pytest.mark.parametrize("principal", [IDENTITY, USER])
@pytest.mark.parametrize(("effect", "condition"), WITH_MFA)
def test_a_trust_that_asks_for_mfa_shuts_a_service_out_and_says_why(
    effect: str, condition: dict[str, Any], principal: str
) -> None:
    asking = {"Effect": effect, "Action": "sts:AssumeRole", "Condition": condition}
    statements = [{**asking, "Principal": {"AWS": principal}}]
    if effect == "Deny":
        statements.insert(
            0, {"Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
        )
    existing = Policy.allowing(*statements)
    request = AssumeRequest(principal)
    role = "arn:aws:iam::922222222222:role/spinnakerManaged"

    assert admits(existing, request) is False
    cause = Trust(role, existing, trust()).cause(request)

    assert cause is not None
    assert cause.certain
    assert "MFA" in cause.sentence or "MultiFactor" in cause.sentence
    assert "A service can't have MFA" in cause.fix


def test_a_user_with_a_key_has_no_mfa_that_could_be_false() -> None:
    condition = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}
    lenient = trust(Principal={"AWS": USER}, Condition=condition)

    assert admits(lenient, AssumeRequest(USER)) is True
