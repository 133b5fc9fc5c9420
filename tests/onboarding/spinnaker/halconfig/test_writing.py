from __future__ import annotations

import pytest
import yaml

from onboarding.spinnaker.halconfig.parsing import read_halconfig
from onboarding.spinnaker.halconfig.writing import MASK, text

START = "currentDeployment: default\ndeploymentConfigurations:\n- name: default\n"


def again(said: str, *, masked: bool = False) -> str:
    return text(
        read_halconfig((START + said).encode()).root, masked=masked
    ).removeprefix(START)


@pytest.mark.parametrize(
    "said",
    [
        "  version: ''\n",
        "  version: 1.20.8\n  timezone: America/Los_Angeles\n",
        '  version: "a\\nb"\n',
        "  version: 'it''s'\n",
        "  canary:\n    enabled: false\n    a:\n    - x\n    - - y\n      - z\n",
        "  canary:\n  - a: 1\n    b: {}\n  - []\n",
        "  canary:\n    nothing:\n    also: ~\n    n: 0x1F\n    t: 12:30\n",
        "  canary: !!int '5'\n",
    ],
)
def test_what_hal_writes_is_written_again_byte_by_byte(said: str):
    assert again(said) == said


@pytest.mark.parametrize("account_id", ["012345670123", "012345678901", "'1'", '"2"'])
def test_account_ids_are_texts_in_quotes(account_id: str):
    account = f"[{{name: a, accountId: {account_id}}}]"

    written = again(f"  providers: {{aws: {{accounts: {account}}}}}\n")

    (line,) = [line for line in written.splitlines() if "accountId" in line]
    told = line.split(": ")[1]
    assert told[0] == told[-1]
    assert told[1:-1] == account_id.strip("'\"")
    assert told[0] in "'\""


@pytest.mark.parametrize(
    "said",
    [
        "  version: !!str 012\n",
        "  version: |\n    two\n    lines\n",
        "  version: >-\n    folded\n    text\n",
        "  version: plain\n    over lines\n",
        "  canary: {a: [1, 'x'], b: {c: ü☃}}\n",
        '  canary: {"yes": no, ? null : x}\n',
        "  canary: &c [1]\n  security: [*c, *c]\n",
        "  timezone: 'na\u00efve \U0001f600'\n",
    ],
)
def test_any_other_style_keeps_its_meaning(said: str):
    assert yaml.safe_load(START + again(said)) == yaml.safe_load(START + said)


def test_no_alias_is_written():
    written = again("  canary: &c {a: b}\n  security: [*c, *c, *c]\n")

    assert "*" not in written
    assert "&" not in written


def test_secrets_are_masked_and_the_rest_is_shown():
    written = again(
        "  providers:\n    aws:\n      secretAccessKey: one\n      accessKeyId: two\n"
        "      bakeryDefaults: {awsSecretKey: three, awsVpcId: vpc-1}\n"
        "  security:\n    oauth2: {clientSecret: four, token: 'five'}\n"
        "    passwords:\n    - six\n    password:\n",
        masked=True,
    )

    secrets = ("one", "two", "three", "four", "five", "six")
    assert not [secret for secret in secrets if secret in written]
    assert "vpc-1" in written
    assert written.count(MASK) == 6
    assert "    password:\n" in written
