"""Names that Spinnaker, AWS and a shell can all take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding import names


@pytest.mark.parametrize("value", ["922222222222", " 9222 2222-2222 ", "012345678901"])
def test_an_account_id_is_its_twelve_digits(value: str) -> None:
    assert names.account_id(value) == value.replace(" ", "").replace("-", "")


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (names.account_id, "92222222222"),
        (names.account_id, "٩٢٢٢٢٢٢٢٢٢٢٢"),
        (names.account_name, "Staging"),
        (names.account_name, "-a"),
        (names.account_name, "a" * 61),
        (names.account_name, "a\n"),
        (names.role_name, "a/b"),
        (names.chain_role, "deploy-aws-cn"),
        (names.chain_role, "aws-us-gov"),
        (names.organization, "o-UPPER12345"),
        (names.identity_arn, "arn:aws:sts::911111111111:assumed-role/a/b"),
        (names.fiat_role, "-rf"),
        (names.fiat_role, "${HOME}"),
        (names.fiat_role, "a\x00b"),
        (names.fiat_role, ""),
    ],
)
def test_what_cannot_be_right_is_quoted_and_refused(rule, value: str) -> None:
    with pytest.raises(names.BadName) as caught:
        rule(value)

    assert f"“{value}”" in str(caught.value)


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (names.fiat_role, 'Team “A” & $friends\' "x"'),
        (names.chain_role, "spinnakerManaged"),
        (names.organization, "o-a1b2c3d4e5"),
        (names.identity_arn, "arn:aws-cn:iam::911111111111:role/path/to/x"),
    ],
)
def test_what_is_right_stays_as_it_is(rule, value: str) -> None:
    assert rule(value) == value


@pytest.mark.parametrize("sign", [":", ",", "/", "%", "?", " ", "ü", "_", "@"])
def test_no_name_breaks_cache_keys_roll_out_lists_or_hals_own_urls(sign: str) -> None:
    with pytest.raises(names.BadName):
        names.account_name(f"a{sign}b")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("accountdev", "accountdev"),
        ("Payments (Production)", "payments-production"),
        ("  R&D / EU_west 1 ", "r-d-eu-west-1"),
        ("Bob's Zürich Straße", "bobs-zurich-strasse"),
        ("本番 prod", "prod"),
        ("本番", ""),
        ("--", ""),
        ("x" * 59 + " tail", "x" * 59),
    ],
)
def test_a_name_is_made_of_any_text(text: str, name: str) -> None:
    assert names.account_name_from(text) == name


@given(st.text(), st.integers(1, 60))
def test_what_is_made_of_a_text_is_a_name_or_nothing(text: str, longest: int) -> None:
    name = names.account_name_from(text, longest=longest)

    assert len(name) <= longest
    assert not name or names.account_name(name) == name
