"""Policies, and IAM's patterns, compared with a reference too simple to be wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.resources.policy import (
    INLINE_POLICIES_LIMIT,
    Policy,
    QuotaExceeded,
    minified,
)
from onboarding.resources.wildcards import Texts, matches
from tests.growth import steps_of

actions = st.sampled_from(
    ["ec2:RunInstances", "iam:PassRole", "s3:*", "sts:AssumeRole"]
)

resources = st.sampled_from(["*", "arn:aws:s3:::b/*", "arn:aws:ec2:*:1:instance/*"])

accounts = st.from_regex(r"\d{12}", fullmatch=True)

principals = st.one_of(
    st.just("*"),
    st.builds(lambda a: {"AWS": a}, st.lists(accounts, min_size=1, max_size=3)),
    st.builds(lambda a: {"AWS": f"arn:aws:iam::{a}:root"}, accounts),
    st.just({"Service": ["ec2.amazonaws.com"], "AWS": "*"}),
)

conditions = st.dictionaries(
    st.sampled_from(["StringEquals", "Bool"]),
    st.dictionaries(
        st.sampled_from(["aws:PrincipalOrgID", "aws:SecureTransport"]),
        st.one_of(st.booleans(), st.integers(0, 9), st.text(max_size=5)),
        min_size=1,
    ),
    max_size=2,
)


def one_or_many(values):
    return st.one_of(values, st.lists(values, min_size=1, max_size=4))


statements = st.builds(
    lambda **parts: {k: v for k, v in parts.items() if v is not None},
    Sid=st.one_of(st.none(), st.just(""), st.sampled_from(["A", "B"])),
    Effect=st.sampled_from(["Allow", "Deny"]),
    Principal=st.one_of(st.none(), principals),
    Action=one_or_many(actions),
    Resource=st.one_of(st.none(), one_or_many(resources)),
    Condition=st.one_of(st.none(), conditions),
)

documents = st.builds(
    lambda s: {"Version": "2012-10-17", "Statement": s}, one_or_many(statements)
)


@given(documents)
def test_canonical_form_is_its_own_canonical_form(document):
    policy = Policy.of(document)

    assert Policy.of(policy.document) == policy


@given(documents)
def test_white_space_and_the_order_of_keys_do_not_matter(document):
    other = json.loads(json.dumps(document, indent=2, sort_keys=True))

    assert Policy.of(other) == Policy.of(document)


@given(st.lists(statements, min_size=1, max_size=4), st.randoms())
def test_the_order_of_statements_does_not_matter(listed, random):
    shuffled = list(listed)
    random.shuffle(shuffled)

    assert Policy.of({"Statement": shuffled}) == Policy.of({"Statement": listed})


@given(st.lists(actions, min_size=1), st.lists(resources, min_size=1), st.randoms())
def test_the_order_of_a_list_does_not_matter(listed, on, random):
    shuffled = random.sample(listed, len(listed)), random.sample(on, len(on))

    one = Policy.allowing({"Action": listed, "Resource": on})
    other = Policy.allowing({"Action": shuffled[0], "Resource": shuffled[1]})

    assert one == other


@pytest.mark.parametrize("part", ["Action", "NotAction", "Resource", "NotResource"])
def test_a_list_of_one_is_a_scalar(part):
    listed = Policy.allowing({"Action": "a:B", "Resource": "*", part: ["x:Y"]})
    scalar = Policy.allowing({"Action": "a:B", "Resource": "*", part: "x:Y"})

    assert listed == scalar
    assert scalar.document["Statement"][0][part] == "x:Y"


@given(accounts, st.sampled_from(["aws", "aws-cn", "aws-us-gov"]))
def test_an_accounts_root_arn_is_its_id(account, partition):
    def trusting(principal):
        return Policy.allowing({"Principal": {"AWS": principal}, "Action": "a:B"})

    assert trusting(f"arn:{partition}:iam::{account}:root") == trusting([account])


def test_a_role_arn_is_not_an_account_id():
    role = "arn:aws:iam::911111111111:role/root"
    policy = Policy.allowing({"Principal": {"AWS": role}, "Action": "a:B"})

    assert policy.document["Statement"][0]["Principal"] == {"AWS": role}


def test_a_principal_is_an_object_as_clouddrivers_parser_requires():
    policy = Policy.allowing({"Principal": "*", "Action": "sts:AssumeRole"})

    (statement,) = policy.document["Statement"]
    assert statement["Principal"] == {"AWS": "*"}
    assert statement["Action"] == "sts:AssumeRole"


def test_one_statement_is_a_list_as_clouddrivers_parser_requires():
    alone = {"Effect": "Allow", "Action": "a:B", "Resource": "*"}

    assert isinstance(Policy.of({"Statement": alone}).document["Statement"], list)


def test_a_boolean_in_a_condition_is_written_as_iam_writes_it():
    block = {"Bool": {"aws:SecureTransport": [True]}}
    policy = Policy.allowing({"Action": "a:B", "Resource": "*", "Condition": block})

    (statement,) = policy.document["Statement"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "true"}}


def test_an_empty_sid_and_an_empty_condition_say_nothing():
    bare = {"Action": "a:B", "Resource": "*"}

    assert Policy.allowing({**bare, "Sid": "", "Condition": {}}) == Policy.allowing(
        bare
    )


def test_another_version_is_another_policy():
    statement = {"Effect": "Allow", "Action": "a:B", "Resource": "*"}

    old = Policy.of({"Version": "2008-10-17", "Statement": statement})

    assert old != Policy.of({"Statement": statement})


@given(documents)
def test_size_counts_no_white_space_between_the_parts(document):
    policy = Policy.of(document)

    assert policy.size == len(minified(policy.document))


def test_a_policy_within_the_limit_is_returned():
    policy = Policy.allowing({"Action": "a:B", "Resource": "*"})

    assert policy.within(policy.size, "It") is policy


def test_a_policy_over_the_limit_says_by_how_much():
    policy = Policy.allowing({"Action": "a:B", "Resource": "*"})

    with pytest.raises(QuotaExceeded, match=f"It has {policy.size} .* accepts 10"):
        policy.within(10, "It")


def test_atoms_tell_actions_and_resources_apart():
    both = Policy.allowing({"Action": ["a:B", "a:C"], "Resource": ["x", "y"]})
    less = Policy.allowing({"Action": ["a:B"], "Resource": ["x", "y"]})

    assert len(both.atoms()) == 4
    assert less.atoms() < both.atoms()


def test_atoms_do_not_see_how_statements_are_cut():
    whole = Policy.allowing({"Sid": "A", "Action": ["a:B", "a:C"], "Resource": "*"})
    parts = Policy.allowing(
        {"Sid": "B", "Action": "a:B", "Resource": "*"},
        {"Sid": "C", "Action": "a:C", "Resource": "*"},
    )

    assert whole.atoms() == parts.atoms()


@pytest.mark.parametrize(
    "other",
    [
        {"NotAction": "a:B", "Resource": "*"},
        {"Action": "a:B", "NotResource": "*"},
        {"Action": "a:B"},
        {"Action": "a:B", "Resource": "*", "Condition": {"Null": {"aws:x": "true"}}},
        {"Action": "a:B", "Resource": "*", "NotPrincipal": {"AWS": "911111111111"}},
    ],
)
def test_atoms_of_different_permissions_differ(other):
    policy = Policy.allowing({"Action": "a:B", "Resource": "*"})

    assert not policy.atoms() & Policy.allowing(other).atoms()


@given(documents)
def test_equal_policies_have_equal_atoms(document):
    policy = Policy.of(document)

    assert Policy.of(policy.document).atoms() == policy.atoms()


def test_a_document_of_too_many_permissions_is_split_into_statements_only():
    few = {"Effect": "Allow", "Action": ["a:B", "a:C"], "Resource": "*"}
    many = {
        "Effect": "Deny",
        "Action": [f"a:{number}" for number in range(300)],
        "Resource": [f"arn:aws:a:::{number}" for number in range(300)],
        "Condition": {"StringEquals": {"aws:x": "y" * 2_000}},
    }

    atoms = Policy.of({"Statement": [few, many]}).atoms()

    assert len(atoms) == 2
    assert sum(map(len, atoms)) < INLINE_POLICIES_LIMIT
    assert Policy.of({"Statement": [few, {**many, "Sid": "A"}]}).atoms() == atoms
    assert Policy.of({"Statement": [few, {**many, "Effect": "Allow"}]}).atoms() != atoms


def test_what_has_few_permissions_is_split_into_the_smallest():
    document = Policy.allowing(
        {
            "Action": [f"a:{number}" for number in range(60)],
            "Resource": [f"arn:aws:a:::{number}" for number in range(60)],
        }
    )

    assert len(document.atoms()) == 60 * 60


def every(signs: str) -> list[str]:
    """Return each text of up to five of these signs."""
    return ["".join(one) for size in range(6) for one in product(signs, repeat=size)]


TEXTS, PATTERNS = every("ab"), every("ab*?")


def fits(text: str, pattern: str) -> bool:
    """Fill the table of which beginning of the pattern fits which one of the text."""
    fitting = [True] + [False] * len(text)
    for sign in pattern:
        longer = [sign == "*" and fitting[0]]
        for at, found in enumerate(text):
            if sign == "*":
                longer.append(longer[at] or fitting[at + 1])
            else:
                longer.append(fitting[at] and sign in ("?", found))
        fitting = longer
    return fitting[-1]


def test_it_matches_as_the_reference_does() -> None:
    pairs = product(TEXTS, PATTERNS)

    assert [one for one in pairs if matches(*one) is not fits(*one)] == []


def test_many_texts_match_as_each_of_them_does() -> None:
    known = Texts(TEXTS)

    for pattern in PATTERNS:
        found = known.chosen(known.matching(pattern))

        assert sorted(found) == sorted(one for one in TEXTS if fits(one, pattern))


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("s3:[get]object", "s3:[get]*", True),
        ("s3:g", "s3:[get]", False),
        ("s3:getobject", "S3:*", False),
        ("a.c", "a?c", True),
        ("abc", "a.c", False),
        ("a\nc", "a*c", True),
        ("a\0", "a", False),
        ("a", "a\0", False),
        ("", "", True),
        ("", "?", False),
        ("ab", "ab*b", False),
        ("aab", "*ab*b", False),
        ("cab", "*a?*b", False),
        ("abab", "*ab*b", True),
    ],
)
def test_all_but_two_signs_are_themselves(
    text: str, pattern: str, expected: bool
) -> None:
    assert matches(text, pattern) is expected


def test_many_texts_match_in_either_case_and_stay_as_they_are() -> None:
    known = Texts(["ec2:RunInstances", "İ:Thing", "s3:GetObject"])

    found = {*known.chosen(known.matching("EC2:*"))}

    assert found == {"ec2:RunInstances"}
    assert {*known.chosen(known.matching("*thing"))} == {"İ:Thing"}
    assert known.matching("a\0") == known.matching("\0*") == 0
    assert known.every & ~known.matching("*:?*") == 0


WORST: list[Callable[[int], str]] = [
    lambda size: "*" * size + "_",
    lambda size: "*?" * size + "_",
    lambda size: "*a" * size + "_",
    lambda size: "*aa?" * size + "_",
    lambda size: "*" + "?a" * size + "_*",
    lambda size: "?" * size + "*_",
]


@pytest.mark.parametrize("worst", WORST)
def test_a_pattern_takes_no_more_steps_than_both_lengths(
    worst: Callable[[int], str],
) -> None:
    text = "a" * 300

    once, twice = (
        steps_of(lambda size=size: matches(text, worst(size)))  # type: ignore[misc]
        for size in (40, 80)
    )

    assert twice < 2.2 * once + 20
    assert twice < 3 * len(text) * len(worst(80))


@pytest.mark.parametrize("worst", WORST)
def test_a_pattern_of_many_texts_takes_no_more_steps_than_both_lengths(
    worst: Callable[[int], str],
) -> None:
    few, many = (
        Texts("a" * (60 + number % 10) for number in range(count))
        for count in (50, 5_000)
    )
    for known in (few, many):
        known.matching("a_?\0")  # what is kept of each sign

    steps = [steps_of(lambda k=known: k.matching(worst(30))) for known in (few, many)]  # type: ignore[misc]

    assert steps[1] < 1.02 * steps[0]
    assert steps[1] < 5 * 71 * (len(worst(30)) + 1)
