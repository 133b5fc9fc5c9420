"""Clouddriver's files as Spring reads them, and what of that surprises people; which
files count. tests/conformance asks Clouddriver's own classes about the same trees.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from onboarding.adopting.report import Report, report_of
from onboarding.adopting.sources import overlay, properties
from onboarding.adopting.sources.files import BadSource
from onboarding.adopting.sources.overlay import START_FAILS
from onboarding.adopting.sources.reading import read_sources
from onboarding.adopting.sources.variables import LONGEST, LONGEST_NAME, filled
from tests.conformance.trees import BY_HAND, LOADED, REFUSED
from tests.onboarding.adopting.documents import (
    aws,
    halconfig,
    kinds,
    outcomes,
    reported,
    service,
    spring,
    yaml_of,
)


def profile(*accounts: dict[str, Any], **aws_settings: Any) -> bytes:
    return yaml_of({"aws": {"enabled": True, **aws_settings, "accounts": [*accounts]}})


def values(report: Report, name: str) -> dict[str, Any]:
    return next(dict(o.values) for o in report.spinnaker.accounts if o.name == name)


def hidden(report: Report) -> list[str]:
    return [n for o in report.findings if o.kind == "hidden-list" for n in o.accounts]


def test_a_list_in_a_profile_hides_the_configs_list() -> None:
    config = halconfig({"aws": {"enabled": True, "accounts": [aws("dev"), aws("old")]}})
    files = {".hal/config": config["config"]}
    files[".hal/default/profiles/clouddriver-local.yml"] = profile(aws("dev"))

    report = reported(files)

    assert outcomes(report) == {"dev": "taken"}
    assert hidden(report) == ["old"]


def test_an_empty_list_hides_every_account() -> None:
    for empty in (b"aws: {accounts: []}", b"aws: {accounts: }", b"aws.accounts: ''"):
        config = halconfig({"aws": {"enabled": True, "accounts": [aws("dev")]}})

        report = reported(config, {"clouddriver-local.yml": empty})

        assert hidden(report) == ["dev"]
        assert not report.spinnaker.accounts


@pytest.mark.parametrize(
    ("accounts", "kind"),
    [
        (b"{}", "start-fails"),
        (b"x", "start-fails"),
        (b"{a: {name: b}}", "accounts-unreadable"),
    ],
)
def test_what_is_no_list_hides_no_account(accounts: bytes, kind: str) -> None:
    config = halconfig({"aws": {"enabled": True, "accounts": [aws("dev")]}})
    profile = b"aws: {accounts: " + accounts + b"}"

    report = reported(config, {"clouddriver-local.yml": profile})

    assert [*outcomes(report)] == ["dev"]
    assert kind in kinds(report)


def test_a_profile_without_a_list_leaves_the_configs_accounts() -> None:
    config = halconfig({"aws": {"enabled": True, "accounts": [aws("dev")]}})
    switch = b"aws.features.lambda.enabled: true\naws: {default-session-name: corp}"

    report = reported(config, {"clouddriver-local.yml": switch})

    assert values(report, "dev")["sessionName"] == "corp"
    assert report.spinnaker.settings["aws"]["features"] == {"lambda": {"enabled": True}}
    assert not hidden(report)


def test_the_operators_profile_wins_over_its_config() -> None:
    report = reported(
        service(
            {"aws": {"accounts": [aws("dev"), aws("old")]}},
            {"aws": {"accounts": [aws("dev", "210987654321")]}},
        )
    )

    assert values(report, "dev")["accountId"] == "210987654321"
    assert hidden(report) == ["old"]


def test_a_file_of_the_service_itself_replaces_what_halyard_makes() -> None:
    ecs = {"accounts": [{"name": "dev-ecs", "awsAccount": "dev"}]}
    config = halconfig({"aws": {"enabled": True, "accounts": [aws("dev")]}, "ecs": ecs})

    report = reported(config, {"clouddriver.yml": profile(aws("own"))})

    assert [*outcomes(report)] == ["own"]
    assert "config-replaced" in kinds(report)


def test_files_of_other_services_are_not_clouddrivers_unless_they_are_named() -> None:
    files = {
        "clouddriver-local.yml": profile(aws("dev")),
        "rosco-local.yml": profile(aws("bakes"), bakeryDefaults={"x": "y"}),
    }

    folder = report_of(read_sources(files))
    named = reported({"my-accounts.yml": profile(aws("own"))})

    assert [*outcomes(folder)] == ["dev"]
    assert folder.unknown == ("rosco-local.yml",)
    assert [*outcomes(named)] == ["own"]


def test_the_last_of_files_in_folders_of_their_own_wins() -> None:
    files = {
        f"repo/{name}/clouddriver-local.yml": profile(aws(f"from-{name}"))
        for name in ("b", "a")
    }

    report = reported(files)

    assert [*outcomes(report)] == ["from-b"]
    assert "order-assumed" in kinds(report)


def test_files_are_read_in_the_order_of_spring() -> None:
    names = (
        "spinnaker.yml",
        "repo/bowline/clouddriver.yml",
        "base/clouddriver/files/clouddriver.yml",
        "spinnaker-local.yml",
        "overlays/config/files/clouddriver-local.yml",
        "repo/bowline/clouddriver-local.yml",
    )
    files = {name: profile(aws(f"from-{place}")) for place, name in enumerate(names)}

    for last in range(1, len(names) + 1):
        some = {name: files[name] for name in reversed(names[:last])}

        assert [*outcomes(reported(some))] == [f"from-{last - 1}"]


def test_of_two_spellings_of_a_key_the_one_with_dashes_counts() -> None:
    text = (
        b"aws: {accounts: [{name: a, account-id: '1', accountId: '2'}], Enabled: true"
    )
    report = reported({"clouddriver.yml": text + b", enabled: false}"})

    assert values(report, "a")["accountId"] == "1"
    assert report.spinnaker.settings["aws"]["enabled"] is False
    assert "two-spellings" in kinds(report)


def test_keys_that_stop_the_start_or_are_not_read_are_named() -> None:
    text = (
        b"aws:\n  accounts:\n  - {name: a, regions: [us-east-1], lambdaEnabled: maybe,"
        b" permissions: [x]}\n  - accountId: '1'\n  - name: b\n    name: c\n"
        b"    regions: us-east-1,eu-west-1\n    permissions: {ADMIN: [x]}\n"
        b"aws.accounts[4].name: d\n"
    )

    report = reported({"clouddriver.yml": text})

    assert kinds(report) >= {
        "string-regions",
        "bad-truth",
        "bad-permissions",
        "no-name",
        "key-twice",
        "start-fails",
    }
    assert values(report, "a")["regions"] == ["us-east-1"]
    assert values(report, "c")["regions"] == ["eu-west-1", "us-east-1"]


def test_the_last_of_a_name_counts() -> None:
    report = reported(spring({"aws": {"accounts": [aws("a", "1"), aws("a", "2")]}}))

    assert values(report, "a")["accountId"] == "2"
    assert "duplicate" in kinds(report)


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("007", "7"),
        ("12:30:45", "45045"),
        ("0x1F", "31"),
        ("0b101", "5"),
        ("1e5", "100000.0"),
        ("yes", "true"),
        ("off", "false"),
        ("1_000", "1000"),
        ("-010", "-8"),
        ("-1:30", "-90"),
        ("ab #cd", "ab"),
        ("corp-1", "corp-1"),
        ('"007"', "007"),
        ("!!str 007", "007"),
        ("9" * 200, "9" * 200),
    ],
)
def test_a_text_without_quotes_is_what_spinnaker_reads(text: str, read_as: str) -> None:
    file = f"aws: {{accounts: [\n{{name: a, externalId: {text}\n}}\n]}}"

    report = reported({"clouddriver.yml": file.encode()})

    assert values(report, "a")["externalId"] == read_as
    misread = read_as != text and text[0] not in '"!' and "#" not in text
    assert ("misread" in kinds(report)) == misread


def test_an_octal_account_id_keeps_its_digits_and_is_a_finding() -> None:
    file = b"aws: {accounts: [{name: a, accountId: 012345670123}]}"
    nine = b"aws: {accounts: [{name: a, accountId: 012345678901}]}"

    octal, kept = (reported({"clouddriver.yml": text}) for text in (file, nine))

    (account,) = octal.spinnaker.accounts
    assert account.values["accountId"] == "012345670123"
    assert "1402433619" in account.notes["accountId"]
    assert "octal-id" in kinds(octal)
    assert values(kept, "a")["accountId"] == "012345678901"
    assert "octal-id" not in kinds(kept)


def test_an_empty_external_id_is_a_finding() -> None:
    for text, is_sent in (("''", True), ("", True), ("'x'", False)):
        file = f"aws: {{accounts: [\n{{name: a, externalId: {text}\n}}]}}"

        found = kinds(reported({"clouddriver.yml": file.encode()}))

        assert ("empty-external-id" in found) == is_sent


def test_halyard_does_not_write_what_is_null() -> None:
    for written, is_sent in ((None, False), ("", True)):
        config = halconfig({"aws": {"accounts": [aws("a", externalId=written)]}})

        assert ("empty-external-id" in kinds(reported(config))) == is_sent


@pytest.mark.parametrize(
    ("text", "filled_in", "defaults", "unknown"),
    [
        ("role/x", "role/x", (), ()),
        ("${A:x}", "x", ("A",), ()),
        ("${A:y}-${C}", "y-${C}", ("A",), ("C",)),
        ("${A}", "${A}", (), ("A",)),
        ("${A:}", "", ("A",), ()),
        ("${A:{x}}-${B:}", "{x}-", ("A", "B"), ()),
        ("$A {x}", "$A {x}", (), ()),
    ],
)
def test_the_default_of_a_variable_is_taken(
    text: str, filled_in: str, defaults: tuple[str, ...], unknown: tuple[str, ...]
) -> None:
    assert filled(text)[:3] == (filled_in, defaults, unknown)


def test_a_value_of_the_files_and_a_default_are_both_taken() -> None:
    long = {"k" * LONGEST_NAME: {"is": {"never": "looked up"}}}
    account = aws("a", environment="${one}-${TWO:y}", edda=[long])

    report = reported(spring({"aws": {"accounts": [account]}, "one": "x"}))

    assert values(report, "a")["environment"] == "x-y"
    assert "this report has the default: TWO." in says(report, "variable-default")


def test_a_variable_without_a_default_leaves_the_account() -> None:
    report = reported(spring({"aws": {"accounts": [aws("a", environment="${ENV}")]}}))

    assert outcomes(report) == {"a": "left"}
    assert "variable-unknown" in kinds(report)


def test_templates_are_filled_in_as_clouddriver_does() -> None:
    account = aws("a", assumeRole="arn:aws:iam::{{accountId}}:role/{{name}}-x")

    report = reported(spring({"aws": {"accounts": [account]}}))

    assert values(report, "a")["assumeRole"] == "arn:aws:iam::123456789012:role/a-x"
    assert "template" in kinds(report)


def test_accounts_get_what_the_provider_says_for_all() -> None:
    section = {
        "defaultAssumeRole": "role/all",
        "defaultRegions": [{"name": "eu-west-1"}],
        "defaultKeyPairTemplate": "{{name}}-key",
        "accounts": [{"name": "a", "accountId": "123456789012"}],
    }

    given, stock = (
        reported(spring({"aws": section})),
        reported(spring({"aws": {"accounts": section["accounts"]}})),
    )

    assert values(given, "a") == {
        "name": "a",
        "accountId": "123456789012",
        "assumeRole": "arn:aws:iam::123456789012:role/all",
        "regions": ["eu-west-1"],
        "defaultKeyPair": "a-key",
    }
    assert values(stock, "a")["regions"] == ["us-east-1"]


def test_a_deployment_of_the_halconfig_is_chosen_by_its_name() -> None:
    two = {
        "config": yaml_of(
            {
                "currentDeployment": "one",
                "deploymentConfigurations": [
                    {"name": "one", "providers": {"aws": {"accounts": [aws("a")]}}},
                    {"name": "two", "providers": {"aws": {"accounts": [aws("b")]}}},
                ],
            }
        )
    }

    assert [*outcomes(reported(two))] == ["a"]
    assert [*outcomes(reported(two, deployment="two"))] == ["b"]
    with pytest.raises(BadSource, match="Its deployments: one, two"):
        reported(two, deployment="three")


def test_a_source_in_a_folder_that_cannot_be_read_is_not_skipped() -> None:
    broken = {
        "x/clouddriver.yml": b"aws: [",
        "x/config": b"deploymentConfigurations: [",
        "x/service.yml": b"kind: SpinnakerService\nspec: [",
    }

    for path, content in broken.items():
        with pytest.raises(BadSource, match=path):
            read_sources({path: content})


def test_files_that_are_no_source_are_passed_by_unless_they_are_named() -> None:
    files = {"deployment.yml": b"kind: Deployment", "x.txt": b"\xff", "e.yml": b""}

    assert read_sources(files).unknown == ("deployment.yml", "x.txt", "e.yml")
    for name in files:
        with pytest.raises(BadSource, match=name):
            read_sources(files, named=frozenset({name}))


def test_spinnaker_account_objects_hide_the_configs_clusters() -> None:
    config = service({"kubernetes": {"accounts": [{"name": "old"}]}})
    manifest = {
        "kind": "SpinnakerAccount",
        "metadata": {"name": "new"},
        "spec": {
            "type": "Kubernetes",
            "permissions": {"READ": ["team"]},
            "kubernetes": {"kubeconfig": {"users": []}},
            "settings": {"context": "c"},
        },
    }
    named = {**manifest, "metadata": {"name": "by-file"}}
    named["spec"] = {"type": "kubernetes", "kubernetes": {"kubeconfigFile": "/x"}}
    other = {**manifest, "spec": {"type": "aws"}}
    content = b"---\n".join(map(yaml_of, (manifest, named, other)))

    report = reported(config, {"accounts.yml": content})

    assert [*outcomes(report)] == ["by-file", "new"]
    assert values(report, "by-file")["kubeconfigFile"] == "/x"
    assert values(report, "new")["permissions"] == {"READ": ["team"]}
    assert hidden(report) == ["old"]


def test_accounts_of_other_providers_are_counted() -> None:
    google = {"google": {"accounts": [{"name": "g"}, {"name": "h"}]}}

    for files in (halconfig(google), service(google), spring({**google, "aws": {}})):
        assert reported(files).others == {"google": 2}


BASE = "aws: {accounts: [{name: a, accountId: '123456789012', assumeRole: role/a}]}\n"
OTHER = BASE.replace("name: a", "name: b")


def report_on(files: Mapping[str, str]) -> Report:
    return reported({path: text.encode() for path, text in files.items()})


def names(report: Report) -> str:
    return " ".join(one.name for one in report.spinnaker.of_type("aws"))


def says(report: Report, kind: str) -> str:
    return " ".join(one.says for one in report.findings if one.kind == kind)


@pytest.mark.parametrize("name", BY_HAND)
def test_each_tree_is_read_as_clouddriver_loads_it(name: str) -> None:
    files = {
        path: text for path, text in BY_HAND[name].items() if path.endswith(".yml")
    }

    report = report_on(files if "yaml" not in name else BY_HAND[name])

    if LOADED[name] == REFUSED:
        assert START_FAILS in kinds(report)
    else:
        assert names(report) == LOADED[name]
        assert START_FAILS not in kinds(report)


def test_a_config_server_is_named() -> None:
    server = "spring: {cloud: {config: {uri: http://config}}}\n"

    for name in ("bootstrap.yml", "spinnakerconfig.yml", "spinnaker.yml"):
        report = report_on({"clouddriver.yml": BASE, name: server})

        assert says(report, "config-server").startswith(f"{name} names a config server")
    assert "config-server" not in kinds(report_on({"clouddriver.yml": BASE}))


def test_spellings_that_are_one_key_are_named_with_the_one_that_counts() -> None:
    text = BASE.replace("accountId", "account_id: '1', accountId")

    report = report_on({"clouddriver.yml": text})

    assert "“accountId” and “account_id”" in says(report, "two-spellings") or (
        "“account_id” and “accountId”" in says(report, "two-spellings")
    )


def test_a_file_that_leads_to_a_config_server_only_is_no_source() -> None:
    server = b"spring: {cloud: {config: {uri: http://config}}}\n"

    assert read_sources({"bootstrap.yml": server}).readings == ()
    assert read_sources({"bootstrap.yml": b"x: 1"}).unknown == ("bootstrap.yml",)


# Hostile input


def test_keys_with_dots_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(properties, "MOST_ODD", 100)

    for text in (
        "".join(f"aws.b{one}: 1\n" for one in range(101)),
        BASE + "".join(f"spring.b{one}: 1\n" for one in range(101)),
        "aws: {accounts: [" + "{a.b: 1}," * 101 + "]}",
        "aws: {accounts: [x], ACCOUNTS: [" + "x," * 101 + "]}",
    ):
        with pytest.raises(BadSource, match=r"clouddriver.yml: .* keys with dots"):
            report_on({"clouddriver.yml": text})
    assert names(report_on({"clouddriver.yml": BASE})) == "a"


def test_a_key_of_many_elements_is_read() -> None:
    deep = ".".join(["a"] * (LONGEST_NAME // 2 - 2))

    report = report_on({"clouddriver.yml": f"{BASE}aws.{deep}: '${{X:y}}'\n"})

    assert names(report) == "a"
    assert "variable-default" in kinds(report)


def test_a_long_key_is_not_repeated_for_all_that_is_in_it() -> None:
    long = "k" * LONGEST_NAME
    many = {long: {f"a{one}": 1 for one in range(10)}}

    with pytest.raises(BadSource, match=r"clouddriver.yml: .* more than 300 charact"):
        reported({"clouddriver.yml": json.dumps({"aws": many}).encode()})


def test_a_key_of_very_many_elements_is_refused() -> None:
    for text in (f"? {'spring.' * 100_000}\n: x\n", f"? {'.' * 500}\n: {{a: b}}\n"):
        with pytest.raises(BadSource, match=r"clouddriver.yml: Line 2: The name of a"):
            report_on({"clouddriver.yml": BASE + text})


def test_values_of_variables_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    value, variable = "x" * (LONGEST // 10), "environment: '-${one}'"
    account = f"{{name: a, accountId: '1', {variable}}}"
    few = f"one: {value}\naws: {{accounts: [{account}]}}"
    many = few.replace("${one}", "${one}" * 11)

    assert (
        len(values(report_on({"clouddriver.yml": few}), "a")["environment"])
        > LONGEST // 10
    )
    with pytest.raises(BadSource, match=r"clouddriver.yml: In line 2, .* a variable"):
        report_on({"clouddriver.yml": many})
    monkeypatch.setattr(overlay, "MOST_FILLED", LONGEST // 10)
    with pytest.raises(BadSource, match=r"clouddriver.yml: Its variables make more"):
        report_on({"clouddriver.yml": few})
