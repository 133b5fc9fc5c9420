"""Names that Spinnaker, AWS and a shell can all take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding import names
from onboarding.details import DetailsError, require

FORMATS = {
    "account": (names.ACCOUNT_NAME, ["a", "PROD-US", "aws.prod_1", "a" * 60]),
    "role": (names.ROLE_NAME, ["ecsTaskExecutionRole", "a+b=c,d.e@f_g-h"]),
    "path and role": (
        names.PATH_AND_ROLE,
        ["spinnakerManaged", "spinnaker/deploy", "a/b/c", f"{'a' * 511}/{'b' * 64}"],
    ),
    "external ID": (
        names.EXTERNAL_ID,
        ["corp-1", "a:b/c@d", "=+1", "-x", "0x1F", "a" * 1224, "trueish"],
    ),
    "roles path": (names.ROLES_PATH, ["/spinnaker-ec2/", "/a/b/", "/_/"]),
    "key pair": (
        names.KEY_PAIR,
        ["ops", "staging-keypair", "My key (2)".replace("(2)", "2")],
    ),
    "bucket": (names.BUCKET, ["abc", "code.example.com", "a" * 63]),
    "cluster": (names.CLUSTER, ["apps", "Apps_2-x", "a" * 100]),
    "namespace": (names.NAMESPACE, ["web", "a" * 63, "0"]),
}
EVIL = [
    "",
    " ",
    "$(id)",
    "`id`",
    "${HOME}",
    "{{name}}",
    "a'b",
    'a"b',
    "a\nb",
    "a\n",
    "\na",
    "a\x00",
    "a;b",
    "a|b",
    "a&b",
    "a<b",
    "a\\b",
    "a*",
    "a?",
    "é",
]
every_format = pytest.mark.parametrize("format_", FORMATS)


@pytest.mark.parametrize("value", ["922222222222", " 9222 2222-2222 ", "012345678901"])
def test_an_account_id_is_its_twelve_digits(value: str) -> None:
    assert names.account_id(value) == value.replace(" ", "").replace("-", "")


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (names.account_id, "92222222222"),
        (names.account_id, "٩٢٢٢٢٢٢٢٢٢٢٢"),
        (names.ENVIRONMENT, "Staging EU"),
        (names.ACCOUNT_NAME, "-a"),
        (names.ACCOUNT_NAME, "a" * 61),
        (names.ACCOUNT_NAME, "a\n"),
        (names.ROLE_NAME, "a/b"),
        (names.chain_role, "deploy-aws-cn"),
        (names.chain_role, "aws-us-gov"),
        (names.chain_role_in_path, "/a"),
        (names.chain_role_in_path, "a/"),
        (names.chain_role_in_path, "a//b"),
        (names.chain_role_in_path, "role/a"),
        (names.chain_role_in_path, "a/" + "b" * 65),
        (names.chain_role_in_path, "arn:aws:iam::911111111111:role/a"),
        (names.chain_role_in_path, "in-aws-cn/a"),
        (names.EXTERNAL_ID, "a"),
        (names.EXTERNAL_ID, "a b"),
        (names.EXTERNAL_ID, "corp\n"),
        (names.EXTERNAL_ID, "Yes"),
        (names.EXTERNAL_ID, "secret://x"),
        (names.ORGANIZATION, "o-UPPER12345"),
        (names.IDENTITY_ARN, "arn:aws:sts::911111111111:assumed-role/a/b"),
        (names.fiat_role, "-rf"),
        (names.fiat_role, "${HOME}"),
        (names.fiat_role, "a\x00b"),
        (names.fiat_role, "a\tb"),
        (names.fiat_role, "admins\u200b"),
        (names.fiat_role, "\u202esnimda"),
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
        (names.chain_role_in_path, "spinnaker/deploy"),
        (names.ORGANIZATION, "o-a1b2c3d4e5"),
        (names.IDENTITY_ARN, "arn:aws-cn:iam::911111111111:role/path/to/x"),
    ],
)
def test_what_is_right_stays_as_it_is(rule, value: str) -> None:
    assert rule(value) == value


def test_an_external_id_is_as_long_as_aws_takes_it() -> None:
    with pytest.raises(names.BadName, match="2 to 1,224"):
        names.EXTERNAL_ID("a" * 1225)


@pytest.mark.parametrize("sign", [":", ",", "/", "%", "?", " ", "ü", "@", "$", "!"])
def test_no_name_breaks_cache_keys_roll_out_lists_or_hals_own_urls(sign: str) -> None:
    with pytest.raises(names.BadName):
        names.ACCOUNT_NAME(f"a{sign}b")


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
    assert not name or names.ACCOUNT_NAME(name) == name


def refuses(format_, value):
    with pytest.raises(DetailsError) as error:
        require("field", format_, value)
    return error.value


@every_format
def test_good_names_pass(format_):
    wanted, good = FORMATS[format_]

    for value in good:
        assert wanted.regex.fullmatch(value), value
    assert require("field", wanted, *good) is None


@every_format
@pytest.mark.parametrize("value", EVIL)
def test_what_a_shell_or_a_policy_could_take_for_more_is_refused(format_, value):
    error = refuses(FORMATS[format_][0], value)

    assert error.field == "field"
    assert "isn't valid" in str(error)


@pytest.mark.parametrize("first", ["-", "@", "."])
@pytest.mark.parametrize(
    "format_", ["account", "roles path", "key pair", "bucket", "cluster", "namespace"]
)
def test_what_a_command_could_take_for_an_option_or_a_file_is_refused(format_, first):
    refuses(FORMATS[format_][0], f"{first}name")


@pytest.mark.parametrize(
    "path",
    ["/", "//", "spinnaker/", "/spinnaker", "/a//b/", "/*/", "/../", f"/{'a' * 511}/"],
)
def test_a_path_that_could_match_any_role_is_refused(path):
    error = refuses(names.ROLES_PATH, path)

    assert "every role" in str(error)


@pytest.mark.parametrize(
    "bucket", ["ab", "a..b", "192.168.0.1", "Code", "s3://code", "a" * 64, "a-"]
)
def test_a_bucket_that_s3_could_not_have_is_refused(bucket):
    refuses(names.BUCKET, bucket)


@pytest.mark.parametrize("key_pair", ["ops ", "a" * 256])
def test_a_key_pair_that_ec2_could_not_have_is_refused(key_pair):
    refuses(names.KEY_PAIR, key_pair)


@given(st.sampled_from(sorted(FORMATS)), st.text(max_size=40))
def test_whatever_passes_is_one_plain_ascii_line(format_, value):
    if FORMATS[format_][0].regex.fullmatch(value):
        assert value.isascii()
        assert value.isprintable()


def test_what_is_no_text_is_no_name():
    assert "7" in str(refuses(names.NAMESPACE, 7))
