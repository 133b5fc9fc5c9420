from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.details import DetailsError
from onboarding.providers import name_formats as names
from onboarding.providers.name_formats import (
    require,
    require_no_doubles,
    require_one_of,
)

FORMATS = {
    "account": (names.ACCOUNT, ["a", "staging-1", "a" * 60]),
    "role": (names.ROLE, ["ecsTaskExecutionRole", "a+b=c,d.e@f_g-h"]),
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


def refuses(format_, value):
    with pytest.raises(DetailsError) as error:
        require("field", format_, value)
    return error.value


@every_format
def test_good_names_pass(format_):
    wanted, good = FORMATS[format_]

    for value in good:
        assert wanted.pattern.fullmatch(value), value
    assert require("field", wanted, *good) is None


@every_format
@pytest.mark.parametrize("value", EVIL)
def test_what_a_shell_or_a_policy_could_take_for_more_is_refused(format_, value):
    error = refuses(FORMATS[format_][0], value)

    assert error.field == "field"
    assert "cannot be used" in str(error)


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
    if FORMATS[format_][0].pattern.fullmatch(value):
        assert value.isascii()
        assert value.isprintable()


def test_what_is_no_text_is_no_name():
    assert "7" in str(refuses(names.NAMESPACE, 7))


def test_the_first_bad_name_is_told():
    with pytest.raises(DetailsError, match="“B”"):
        require("field", names.NAMESPACE, "a", "B", "C")


def test_one_of_the_known_passes():
    assert require_one_of("field", ("a", "b"), "b") is None


def test_none_of_the_known_is_refused_with_them():
    with pytest.raises(DetailsError, match="Choose one of a, b"):
        require_one_of("field", ("a", "b"), "c")


def test_a_name_that_is_listed_twice_is_refused():
    with pytest.raises(DetailsError, match="“b” is listed twice"):
        require_no_doubles("field", ("a", "b", "b"))
