"""clouddriver-local.yml, judged by the classes with which Clouddriver reads it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from onboarding.topology import Managed, Permissions, Topology
from tests.bundles import core, eks, files_of, staging, with_every_provider
from tests.conformance.clouddriver import STOCK, Answer, Clouddriver
from tests.factories import managed, provider, topology

WHOLE = "clouddriver/clouddriver-local.yml"
PROFILE = "hal/profiles/clouddriver-local.yml"
GREEK = managed(provider("ec2"), name="δ", account_id="933333333333")


def whole(bundled: Topology) -> str:
    return files_of(bundled)[WHOLE]


def account_as(bundled: Topology, one: Managed) -> dict[str, Any]:
    """Say what the topology means by an account, in Clouddriver's words."""
    arn = f"arn:{bundled.managing.partition}:iam::{one.account_id}"
    ec2 = next((p for p in one.providers if p.key == "ec2"), None)
    return {
        "name": one.name,
        "accountId": one.account_id,
        "environment": one.environment or one.name,
        "regions": list(one.regions),
        # What the stock file gives to an account without a key pair.
        "keyPair": getattr(ec2, "key_pair", "") or f"{one.name}-keypair",
        "lambda": any(p.key == "lambda" for p in one.providers),
        "permissions": {
            verb: sorted(role.strip().lower() for role in roles)
            for verb, roles in (
                ("READ", one.permissions.read),
                ("WRITE", one.permissions.write),
            )
            if roles
        },
        "role": f"{arn}:role/{bundled.managing.managed_role}",
        "externalId": one.external_id or None,
        "session": "Spinnaker",
        "sts": {
            "aws": "sts.amazonaws.com",
            "aws-us-gov": "sts.us-gov-west-1.amazonaws.com",
            "aws-cn": "sts.cn-north-1.amazonaws.com.cn",
        }[bundled.managing.partition],
        "launchTemplates": bool(getattr(ec2, "launch_templates", False)),
    }


def assert_loads(answer: Answer, bundled: Topology) -> None:
    """Assert that Clouddriver knows what the topology says, and nothing else."""
    assert answer.failure == ""
    assert answer.ignored == []
    assert {one["name"]: one for one in answer.accounts} == {
        one.name: account_as(bundled, one)
        for one in bundled.managed
        if one.in_aws_provider
    }


def everything() -> Managed:
    return managed(
        provider("ec2", key_pair="ops key"),
        provider("ecs"),
        provider("lambda"),
        eks(),
        environment="pre-production",
        permissions=Permissions(("dev", "ops team"), (" Ops ",)),
    )


PLAIN_TEMPLATES = managed(
    provider("ec2", launch_templates=False), name="old", account_id="944444444444"
)
KINDS = {
    "the managing account alone": topology(core()),
    "every provider": with_every_provider(),
    "every field": topology(core(), everything()),
    "EC2 only": topology(managed(provider("ec2"), external_id="e1")),
    "Lambda only": topology(managed(provider("lambda"), external_id="e1")),
    "ECS only": topology(managed(provider("ecs"))),
    "some with launch templates": topology(core(), staging(), PLAIN_TEMPLATES),
    "none with launch templates": topology(PLAIN_TEMPLATES),
    "other roles": topology(core(), staging(), managed_role="A_Role", base_role="B"),
    "GovCloud": topology(staging(regions=("us-gov-west-1",)), partition="aws-us-gov"),
    "China": topology(staging(regions=("cn-north-1",)), partition="aws-cn"),
    "baking": topology(core(), staging(), bakes=True),
    "a name that is not ASCII": topology(GREEK),
}


@pytest.mark.parametrize("kind", KINDS)
def test_clouddriver_loads_what_the_topology_says(judge: Clouddriver, kind: str):
    bundled = KINDS[kind]

    answer = judge.read(whole(bundled))

    assert_loads(answer, bundled)
    assert answer.enabled
    assert answer.baseRole == bundled.managing.base_role


# Values that YAML, Spring or Clouddriver read as something else


def accounts_with(field: str, values: tuple[str, ...], **fields: Any) -> Topology:
    """Give each value to an account of its own, so that one question asks for all."""
    return topology(
        *(
            managed(
                provider("ec2"),
                **{"name": f"a{n}", "account_id": f"{n:012}", **fields, field: value},
            )
            for n, value in enumerate(values, start=1)
        )
    )


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


@pytest.mark.parametrize("values", [ALLOWED_BY_IAM, NOT_ALLOWED_BY_IAM])
def test_no_external_id_is_read_as_anything_else(
    judge: Clouddriver, values: tuple[str, ...]
):
    bundled = accounts_with("external_id", values)

    assert_loads(judge.read(whole(bundled)), bundled)


NAMES = ("yes", "010", "1e3", "null", "on", "12-30", "0x1f", "true", "prod.eu", "A1")


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


# Beside Halyard, whose clouddriver.yml holds the accounts


def halyards(bundled: Topology, *theirs: dict[str, Any]) -> str:
    """Write the accounts as Halyard does: its providers, whole, in clouddriver.yml."""
    known = yaml.safe_load(files_of(bundled)["hal/accounts.yml"])
    aws = {
        "enabled": True,
        "accounts": [*known["aws"], *theirs],
        "primaryAccount": known["primary"],
        "defaultKeyPairTemplate": "{{name}}-keypair",
        "defaultRegions": [{"name": "us-west-2"}],
        "defaults": {"iamRole": "BaseIAMRole"},
    }
    dumper = yaml.SafeDumper
    dumper.ignore_aliases = lambda *_: True  # type: ignore[method-assign]
    return yaml.dump({"aws": aws}, Dumper=dumper)


def test_the_profile_beside_halyard_hides_no_account(judge: Clouddriver):
    bundled = topology(core(), staging(), base_role="AppRole")
    theirs = {"name": "theirs", "accountId": "955555555555", "assumeRole": "role/x"}

    answer = judge.read_files(
        {
            "clouddriver.yml": halyards(bundled, theirs),
            "clouddriver-local.yml": files_of(bundled)[PROFILE],
        }
    )

    assert answer.names == {"core", "staging", "theirs"}
    assert answer.account("core") == account_as(bundled, core())
    assert answer.account("staging") == account_as(bundled, staging())
    assert not answer.account("theirs")["launchTemplates"]
    assert answer.baseRole == "AppRole"
    # Halyard's own; it alone reads it.
    assert answer.ignored == ["aws.primaryaccount"]


def test_many_accounts_beside_halyard_load_with_threads(judge: Clouddriver):
    bundled = accounts_with("external_id", tuple(f"id-{n}" for n in range(300)))

    answer = judge.read_files(
        {
            "clouddriver.yml": halyards(bundled),
            "clouddriver-local.yml": files_of(bundled)[PROFILE],
        }
    )

    assert len(answer.accounts) == 300


# Beside spinnaker-kustomize, whose own configuration imports the folders below it


IMPORTS = "spring.config.import: optional:file:/opt/spinnaker/config/*/\n"


def test_a_mounted_folder_is_read_before_the_files_of_the_base(judge: Clouddriver):
    bundled = with_every_provider()

    answer = judge.read_files(
        {
            "spinnaker.yml": IMPORTS,
            "clouddriver.yml": STOCK,
            "clouddriver-local.yml": "aws:\n  accounts: []\n",
            "bowline/clouddriver-local.yml": whole(bundled),
        }
    )

    assert_loads(answer, bundled)


def test_a_mounted_clouddriver_yml_would_stand_below_the_base(judge: Clouddriver):
    base = "aws:\n  accounts: [{name: theirs, accountId: '1', assumeRole: role/x}]\n"

    answer = judge.read_files(
        {
            "spinnaker.yml": IMPORTS,
            "clouddriver.yml": STOCK.replace("  accounts: []\n", base[5:]),
            "bowline/clouddriver.yml": whole(with_every_provider()),
        }
    )

    assert answer.names == {"theirs"}
