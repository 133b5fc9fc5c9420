"""Which files and documents count, as Spring Boot finds out: tests/conformance asks
Clouddriver's own classes about the same trees.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from onboarding.adopting.report import Report
from onboarding.adopting.sources.files import BadSource
from onboarding.adopting.sources.reading import read_sources
from onboarding.adopting.sources.spring_files import properties
from onboarding.adopting.sources.spring_files.activation import Malformed, matches
from onboarding.adopting.sources.spring_files.boot import MOST_IMPORTS, START_FAILS
from onboarding.adopting.sources.spring_files.placeholders import LONGEST, MOST, filled
from onboarding.adopting.sources.spring_files.properties import MOST_ELEMENTS
from tests.conformance.trees import BY_HAND, LOADED, REFUSED
from tests.onboarding.adopting.documents import kinds, reported

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


def test_what_does_not_count_is_named() -> None:
    platform = "---\nspring.config.activate.on-cloud-platform: heroku\n"
    prod = "---\nspring.config.activate.on-profile: prod\n"

    report = report_on(
        {
            "clouddriver.yml": BASE + platform + OTHER,
            "spinnaker.yml": "x: 1\n" + prod + OTHER,
            "clouddriver-prod.yml": OTHER,
        }
    )

    assert names(report) == "a"
    found = says(report, "profile-not-read")
    assert "A document of clouddriver.yml counts only on the cloud platform" in found
    assert "A document of spinnaker.yml counts only while" in found
    assert "clouddriver-prod.yml counts only while" in found


def test_profiles_that_a_file_sets_are_named() -> None:
    files = {"clouddriver.yml": "spring.profiles.active: eu\n" + BASE}

    report = report_on(files)

    assert "these count: composite, eu." in says(report, "profiles-set")
    assert "profiles-set" not in kinds(report_on({"clouddriver.yml": BASE}))


def test_what_boot_refuses_is_said_with_the_file_and_the_reason() -> None:
    report = report_on({"clouddriver-local.yml": "spring.profiles.active: eu\n" + BASE})

    assert says(report, START_FAILS) == (
        "Clouddriver doesn't start with clouddriver-local.yml: spring.profiles.active "
        "is in a part for a profile."
    )


@pytest.mark.parametrize(
    ("location", "kind", "sentence"),
    [
        ("optional:configserver:http://x", "config-server", "imports optional:config"),
        ("configserver:https://me:hunter2@x", "config-server", "isn't shown"),
        ("vault://secret", "import-not-followed", "vault://secret"),
        ("missing.yml", "import-missing", "imports missing.yml"),
        ("file:/elsewhere/", "import-missing", "imports /elsewhere/"),
    ],
)
def test_an_import_that_is_not_here_is_named(
    location: str, kind: str, sentence: str
) -> None:
    report = report_on(
        {"clouddriver.yml": f"spring.config.import: '{location}'\n" + BASE}
    )

    assert names(report) == "a"
    assert sentence in says(report, kind)
    assert "hunter2" not in says(report, kind)


def test_a_folder_and_a_file_that_are_imported_are_read() -> None:
    imports = "spring.config.import: [optional:file:/opt/x/, of/more.yml]\n"
    files = {"clouddriver.yml": imports + BASE, "in/x/clouddriver.yml": OTHER}
    more = OTHER.replace("name: b", "name: c")

    folder = report_on(files)
    both = report_on({**files, "of/more.yml": more})

    assert names(folder) == "b"
    assert "import-missing" in kinds(folder)
    assert names(both) == "c"
    assert both.unknown == ()


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


def test_variables_that_are_not_closed_and_braces_stay() -> None:
    assert filled("${A").text == "${A"
    assert filled("${A:{x}}-${B:}").text == "{x}-"


def test_a_file_that_leads_to_a_config_server_only_is_no_source() -> None:
    server = b"spring: {cloud: {config: {uri: http://config}}}\n"

    assert read_sources({"bootstrap.yml": server}).readings == ()
    assert read_sources({"bootstrap.yml": b"x: 1"}).unknown == ("bootstrap.yml",)


# Hostile input


def test_files_that_import_without_end_are_read_in_part() -> None:
    files = {
        f"clouddriver-{one}.yml": f"spring.config.import: clouddriver-{one + 1}.yml"
        for one in range(MOST_IMPORTS + 50)
    }
    files["clouddriver.yml"] = "spring.config.import: clouddriver-0.yml\n" + BASE

    report = report_on(files)

    assert "import-not-followed" in kinds(report)
    assert names(report) == "a"


def test_files_that_import_each_other_are_read_once() -> None:
    files = {
        "clouddriver.yml": "spring.config.import: [more.yml, clouddriver.yml]\n" + BASE,
        "more.yml": "spring.config.import: clouddriver.yml\n" + OTHER,
    }

    assert names(report_on(files)) == "b"


def test_groups_of_profiles_in_a_circle_are_read() -> None:
    group = "spring: {profiles: {group: {local: eu, eu: [local, eu]}}}\n"
    files = {"clouddriver.yml": group + BASE, "clouddriver-eu.yml": OTHER}

    assert names(report_on(files)) == "b"


def test_expressions_are_bounded() -> None:
    for expression in ("(" * 10_000 + "a", "!" * 10_000 + "a", "a & b | c", "", "!"):
        with pytest.raises(Malformed):
            matches(expression, ("a",))


@pytest.mark.parametrize(
    ("expression", "is_true"),
    [
        ("a", True),
        ("!a", False),
        ("a & b", True),
        ("a & c", False),
        ("c | b", True),
        ("(a | c) & !(b & c)", True),
        ("!(a) | c", False),
        ("(c) | (d)", False),
        ("a) & b", True),
    ],
)
def test_an_expression_is_true_of_active_profiles(
    expression: str, is_true: bool
) -> None:
    assert matches(expression, ("a", "b")) is is_true


def test_variables_that_double_are_bounded() -> None:
    values = {f"v{one}": f"${{v{one + 1}}}${{v{one + 1}}}" for one in range(60)}

    for end in ("", "x" * LONGEST):
        found = filled("${v0}", {**values, "v60": end}.get)

        assert found.unknown
        assert len(found.known) <= MOST
        assert len(found.text) <= 100 * LONGEST


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


def test_a_key_of_many_elements_is_one_element() -> None:
    long = ".".join(["a"] * (100 * MOST_ELEMENTS))

    assert names(report_on({"clouddriver.yml": f"? {long}\n: 1\n{BASE}"})) == "a"
