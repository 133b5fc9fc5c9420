"""A halconfig is read as strictly as Halyard reads it, and written as hal writes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from onboarding.bounded_yaml import DEEPEST, MOST_ALIASES
from onboarding.spinnaker.halconfig.parsing import read_halconfig
from onboarding.spinnaker.halconfig.tree import BadHalconfig, Table
from onboarding.spinnaker.halconfig.writing import MASK, text

START = "currentDeployment: default\ndeploymentConfigurations:\n- name: default\n"


def refusal(text: str | bytes) -> str:
    content = text.encode() if isinstance(text, str) else text
    with pytest.raises(BadHalconfig) as refused:
        read_halconfig(content)
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There is nothing in this file."),
        ("# nothing\n", "There is nothing in this file."),
        ("{}\n", "There is nothing in this file."),
        ("Dear hal,\nhello\n", "Line 1: This file isn't a Halyard config"),
        ("- a\n- b\n", "Line 1: This file isn't a Halyard config"),
        (START + "  version: [a\n", "Line 5: Invalid YAML"),
        (START + "  x:\n\ty: 1\n", "Line 5: Invalid YAML"),
        (START + "---\na: 1\n", "Line 4: The file has a second document"),
        (START + "  version: *v\n", "Line 4: The alias *v names nothing"),
        (START + "  security: &s [*s]\n", "Line 4: *s contains itself"),
        (START + "  version: !!java.net.URL [x]\n", "Line 4: The tag"),
        (START + "  ? [a]\n  : b\n", "Line 4: A list or mapping can't be a key"),
        (START + "  security: {<<: 1}\n", "Line 4: “<<” can merge mappings only"),
        (START + "  version: \x00\n", "Line 4: The character U+0000 isn't allowed"),
    ],
)
def test_what_hal_cannot_read_is_refused_with_its_line(text: str, sentence: str):
    assert refusal(text).startswith(sentence)


def test_another_encoding_is_refused_with_its_line():
    latin = (START + "  version: f\xfcnf\n").encode("latin-1")

    assert refusal(latin) == "Line 4: The file isn't UTF-8."


def test_a_mark_of_utf8_is_skipped():
    assert read_halconfig(b"\xef\xbb\xbf" + START.encode()).root.text(
        "currentDeployment"
    )


def test_50_mb_are_refused_unread():
    assert refusal(b"x" * 50_000_000).startswith("This is 50,000,000 bytes.")


def test_hal_takes_50_aliases_of_mappings_and_refuses_51():
    head = START + "  security: &s {a: b}\n  canary:\n"

    read_halconfig((head + "  - *s\n" * MOST_ALIASES).encode())

    sentence = refusal(head + "  - *s\n" * (MOST_ALIASES + 1))
    assert sentence.startswith("Line 56: More than 50 aliases")


def test_aliases_of_texts_are_not_counted():
    many = "  - *v\n" * 60

    assert read_halconfig((START + "  version: &v x\n  canary:\n" + many).encode())


def test_merges_are_flattened_and_own_keys_win():
    text = START + "  security: &s {a: 1, b: 2}\n  canary: {<<: *s, b: 3}\n"

    (deployment,) = read_halconfig(text.encode()).root.tables(
        "deploymentConfigurations"
    )

    canary = deployment.table("canary")
    assert canary is not None
    assert (canary.text("a"), canary.text("b")) == ("1", "3")


def test_aliases_do_not_nest_deeper_than_what_is_written():
    deep = "[" * 30 + "x" + "]" * 30
    text = START + f"  security: &s {deep}\n  canary: {'[' * 30}*s{']' * 30}\n"

    assert "This nests deeper than 50 levels." in refusal(text)


@pytest.mark.parametrize("text", ["[" * 10_000_000, "{a: " * 3_000_000])
def test_a_deep_nest_is_refused_at_once(text: str, monkeypatch: pytest.MonkeyPatch):
    parse, parsed = yaml.parse, []

    def noted(*args: Any, **options: Any) -> Iterator[yaml.Event]:
        for event in parse(*args, **options):
            parsed.append(event)
            yield event

    monkeypatch.setattr(yaml, "parse", noted)

    assert "This nests deeper than 50 levels." in refusal(text)
    assert len(parsed) < 3 * DEEPEST


def test_no_refusal_quotes_a_value():
    secret = "AKIASECRET"

    for written in (
        START + f"  providers: {{aws: {{enabled: {secret}}}}}\n",
        START + f"  version: {secret}: x\n",
        START + f"  version: [{secret}\n",
    ):
        assert secret not in refusal(written)


def test_a_key_that_stands_twice_is_read_as_hal_does_and_told():
    found = read_halconfig((START + "  version: a\n  version: b\n").encode())

    (deployment,) = found.root.tables("deploymentConfigurations")
    assert deployment.text("version") == "b"
    assert found.notes == (
        "Line 5: “version” is twice in the same mapping. hal reads the last one "
        "only, and so the merge did.",
    )


def test_an_unquoted_octal_id_is_told():
    accounts = "{aws: {accounts: [{name: a, accountId: 012345670123}]}}"

    (note,) = read_halconfig((START + f"  providers: {accounts}\n").encode()).notes

    assert note.startswith("Line 4: hal reads this account ID as another number")


def test_comments_are_told_to_be_lost():
    (note,) = read_halconfig((START + "  version: a # mine\n").encode()).notes

    assert note.startswith("Comments aren't kept")


def config(providers: dict[str, Any]) -> bytes:
    deployment = {"name": "default", "providers": providers}
    value = {"currentDeployment": "default", "deploymentConfigurations": [deployment]}
    return yaml.safe_dump(value, sort_keys=False).encode()


def account(**fields: Any) -> bytes:
    return config({"aws": {"accounts": [{"name": "a", **fields}]}})


def cluster(**fields: Any) -> bytes:
    return config({"kubernetes": {"accounts": [{"name": "k", **fields}]}})


AWS = "deploymentConfigurations.providers.aws"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (config({"awss": {}}), "Line 5: hal knows no “deploymentConfigurations.prov"),
        (config({"aws": {"account": []}}), f"Line 6: hal knows no “{AWS}.account”."),
        (account(accountID="1"), f"Line 8: hal knows no “{AWS}.accounts.accountID”."),
        (account(regions=["us-east-1"]), f"Line 9: “{AWS}.accounts.regions” must be a"),
        (account(regions="us-east-1"), f"Line 8: “{AWS}.accounts.regions” must be a l"),
        (account(lambdaEnabled="maybe"), f"Line 8: “{AWS}.accounts.lambdaEnabled” mus"),
        (account(permissions=["a"]), f"Line 9: “{AWS}.accounts.permissions” must be a"),
        (account(name=["a"]), f"Line 8: “{AWS}.accounts.name” must be one text."),
        (account(lifecycleHooks=[{"heartbeatTimeout": "long"}]), "Line 9: “deployment"),
        (
            config({"aws": {"features": {"launch-templates": {}}}}),
            "Line 7: hal knows n",
        ),
        (config({"ecs": {"accounts": [{"namingStrategy": "x"}]}}), "Line 7: hal knows"),
        (cluster(providerVersion="V3"), "Line 8: “deploymentConfigurations.providers."),
        (cluster(namespaces="web"), "Line 8: “deploymentConfigurations.providers.kub"),
        (config({"alicloud": {}}), "Line 5: hal knows no “deploymentConfigurations.pr"),
        (cluster(metrics=True), "Line 8: hal knows no “deploymentConfigurations.provi"),
    ],
)
def test_what_halyards_strict_reader_refuses_is_refused(content: bytes, sentence: str):
    with pytest.raises(BadHalconfig) as refused:
        read_halconfig(content)

    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize(
    "content",
    [
        account(providerVersion="V1", sessionName="s", edda="e", discovery="d"),
        account(regions=[], lifecycleHooks=[{"heartbeatTimeout": 3600}]),
        account(permissions={"READ": ["a"], "EXECUTE": ["b"]}, environment=None),
        account(lambdaEnabled="true"),
        cluster(cacheThreads=1, providerVersion="V2", serviceAccount=True),
        config({"openstack": {"anything": [1]}, "google": {"accounts": []}}),
        config({"aws": {"defaultRegions": [{"name": "us-west-2"}], "accounts": None}}),
    ],
)
def test_what_halyard_reads_is_read(content: bytes):
    assert read_halconfig(content).root.text("currentDeployment") == "default"


def test_several_problems_are_told_at_once_but_not_thousands():
    many = config({"aws": {"accounts": [{f"x{n}": 1} for n in range(1000)]}})

    with pytest.raises(BadHalconfig) as refused:
        read_halconfig(many)

    assert len(str(refused.value).splitlines()) == 10


def test_a_config_as_a_current_hal_writes_it_is_read_whole():
    """Of Halyard 1.69 and newer, with every provider of its last release."""
    written = Path(__file__).with_name("written_by_hal.yml").read_bytes()

    (deployment,) = read_halconfig(written).root.items("deploymentConfigurations")

    assert isinstance(deployment, Table)
    providers = deployment.table("providers")
    assert providers is not None
    assert "cloudrun" in providers.pairs
    assert len(providers.pairs) == 13


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
