"""clouddriver-local.yml, judged by the classes with which Clouddriver reads it."""

from __future__ import annotations

import pytest

from onboarding.topology import Permissions
from tests.conformance.clouddriver import Clouddriver
from tests.conformance.expected import KINDS, accounts_with, assert_loads, whole
from tests.factories import managed, provider, topology


@pytest.mark.smoke
@pytest.mark.parametrize("kind", KINDS)
def test_clouddriver_loads_what_the_topology_says(judge: Clouddriver, kind: str):
    assert_loads(judge.read(whole(KINDS[kind])), KINDS[kind])


# Values that YAML, Spring or Clouddriver read as something else


@pytest.mark.smoke
def test_ids_with_leading_zeros_stay_what_they_are(judge: Clouddriver):
    ids = ("012345670123", "012345678901", "000000000001", "000000000000")
    bundled = topology(
        *(managed(provider("ec2"), name=f"a{id_}", account_id=id_) for id_ in ids)
    )

    assert_loads(judge.read(whole(bundled)), bundled)


ALLOWED_BY_IAM = (
    *("0", "007", "0x1F", "0o17", "0b1", "1e5", ".5", "+1", "1_000", "1.0", "-1"),
    *("12:30:45", "2026-11-20", "2026-11-20T10:00:00", ".inf", ".NaN"),
    *("yes", "No", "on", "OFF", "true", "y", "null", "NULL"),
    *("=", "-", "--", "-x", "@x", ":", "x:", ",", "a,b", "/", "a/b", "x" * 1224),
)
NOT_ALLOWED_BY_IAM = (
    *("~", " a ", "a #b", "a: b", "#", "'", '"', "\\", "a\\nb", "a\tb", "a\nb", "%x"),
    *("&a", "*a", "!a", "|", ">", "[a]", "{a}", "{{name}}", "$x", "`", "ü", "🔑"),
    *("\x85", "\u2028", "\ufeff", "\x7f"),
)


@pytest.mark.smoke
@pytest.mark.parametrize("values", [ALLOWED_BY_IAM, NOT_ALLOWED_BY_IAM])
def test_no_external_id_is_read_as_anything_else(
    judge: Clouddriver, values: tuple[str, ...]
):
    bundled = accounts_with("external_id", values)

    assert_loads(judge.read(whole(bundled)), bundled)


NAMES = ("yes", "010", "1e3", "null", "on", "12-30", "0x1f", "true", "prod.eu", "A1")


@pytest.mark.smoke
def test_no_name_is_read_as_anything_else(judge: Clouddriver):
    bundled = accounts_with("name", NAMES)

    assert_loads(judge.read(whole(bundled)), bundled)


def test_no_environment_is_read_as_anything_else(judge: Clouddriver):
    bundled = accounts_with("environment", ("010", "no", "~", "a: b", "{{name}}"))

    assert_loads(judge.read(whole(bundled)), bundled)


def test_no_fiat_role_is_read_as_anything_else(judge: Clouddriver):
    roles = ("Ops Team", "010", "yes", "a,b", 'say "hi"', "$x", "it's", "#1", "a: b")
    bundled = topology(managed(provider("ec2"), permissions=Permissions(roles, roles)))

    assert_loads(judge.read(whole(bundled)), bundled)


KEY_PAIRS = ("0x1F", "1e5", "yes", "012", "12:30:45", "ops team: 1", "a =b", "1_000")


def test_no_key_pair_is_read_as_anything_else(judge: Clouddriver):
    bundled = topology(
        *(
            managed(
                provider("ec2", key_pair=key_pair),
                name=f"a{number}",
                account_id=f"{number:012}",
            )
            for number, key_pair in enumerate(KEY_PAIRS)
        )
    )

    assert_loads(judge.read(whole(bundled)), bundled)


# A large installation


@pytest.mark.parametrize("number", [20, 300])
def test_many_accounts_load_by_one_or_with_threads(judge: Clouddriver, number: int):
    bundled = accounts_with("external_id", tuple(f"id-{n}" for n in range(number)))

    answer = judge.read(whole(bundled))

    assert_loads(answer, bundled)
    assert len(answer.accounts) == number


# Keys: Clouddriver ignores what it does not know, so each must be one that it knows


KEYS = (
    *("defaultAssumeRole", "defaultSessionName", "defaultRegions", "iamRole"),
    *("launch-templates", "all-applications", "lambda", "loadAccounts"),
    *("multiThreadingEnabled", "numberOfThreads", "timeoutInSeconds", "accounts"),
    *("environment", "accountId", "regions", "assumeRole", "sessionName"),
    *("externalId", "defaultKeyPair", "lambdaEnabled"),
)


@pytest.mark.parametrize("key", KEYS)
def test_a_key_that_clouddriver_ignores_would_be_noticed(judge: Clouddriver, key: str):
    one = managed(
        provider("ec2", key_pair="ops"),
        provider("lambda"),
        name="one",
        environment="prod",
        external_id="e1",
    )
    others = accounts_with("external_id", ("x",) * 20).managed
    text = whole(topology(one, *others))
    assert f"{key}:" in text

    answer = judge.read(text.replace(f"{key}:", f"{key}x:"))

    assert any(f"{key}x".lower() in name for name in answer.ignored)
