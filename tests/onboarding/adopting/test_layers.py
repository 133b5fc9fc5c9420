"""What Spring would layer by profiles, imports and variables in variables is refused,
with the line and what to do instead; files as Spinnaker's own tools write them are not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from onboarding.adopting.report import Report
from onboarding.adopting.sources.files import BadSource
from onboarding.adopting.sources.reading import read_sources
from tests.onboarding.adopting.documents import (
    aws,
    halconfig,
    kinds,
    outcomes,
    reported,
    service,
    yaml_of,
)

BASE = "aws: {accounts: [{name: a, accountId: '123456789012', assumeRole: role/a}]}\n"
OTHER = BASE.replace("name: a", "name: b")
INSTEAD = (
    "connect Gate: Bowline then reads what Spinnaker has loaded; or upload the files "
    "that Clouddriver was started with, without profiles."
)
KUSTOMIZE = "optional:file:/opt/spinnaker/config/*/"


def report_on(files: Mapping[str, str]) -> Report:
    return reported({path: text.encode() for path, text in files.items()})


def names(report: Report) -> str:
    return " ".join(one.name for one in report.spinnaker.of_type("aws"))


def refusal(files: Mapping[str, str]) -> str:
    """Return why the files are refused; empty where they aren't."""
    try:
        report_on(files)
    except BadSource as error:
        return str(error)
    return ""


ACTIVE = "spring.profiles.active"


@pytest.mark.parametrize(
    ("text", "line", "name"),
    [
        ("spring.config.import: more.yml\n", 2, "spring.config.import"),
        ("spring: {config: {import: [a, b]}}\n", 2, "spring.config.import"),
        ("spring:\n  config.import: x\n", 3, "spring.config.import"),
        ("spring.config.import[0]: x\n", 2, "spring.config.import"),
        (f"spring.config.import: {KUSTOMIZE}\n", 2, "spring.config.import"),
        ("spring.profiles.active: prod\n", 2, ACTIVE),
        ("spring: {profiles: {active: prod}}\n", 2, ACTIVE),
        ("spring.profiles:\n  active: ''\n", 3, ACTIVE),
        ("SPRING: {Profiles: {Active: prod}}\n", 2, ACTIVE),
        ("'[spring].profiles[active]': prod\n", 2, ACTIVE),
        ("'spring..pro-files .ac!tive': prod\n", 2, ACTIVE),
        ("'': {spring: {' ': {profiles: {active: x}}}}\n", 2, ACTIVE),
        ("x: &x {profiles: {active: x}}\nspring: {<<: *x}\n", 2, ACTIVE),
        ("spring.profiles.include: prod\n", 2, "spring.profiles.include"),
        ("spring.profiles.group.local: prod\n", 2, "spring.profiles.group"),
        ("spring.profiles.default: prod\n", 2, "spring.profiles.default"),
        ("x: y\n---\n" + BASE + "spring.profiles: local\n", 5, "spring.profiles"),
        (
            "---\n" + BASE + "spring.config.activate.on-profile: local & test\n",
            4,
            "spring.config.activate",
        ),
        (
            "---\nspring: {config: {activate: {onCloudPlatform: kubernetes}}}\n" + BASE,
            3,
            "spring.config.activate",
        ),
        ("---\nspring.profiles: a & b\n", 3, "spring.profiles"),
    ],
)
def test_layers_are_refused_with_the_line(text: str, line: int, name: str) -> None:
    for path, before in (
        ("clouddriver.yml", BASE),
        ("spinnaker-local.yml", "services: {}\n"),
    ):
        found = refusal({"clouddriver-local.yml": BASE, path: before + text})

        assert found == (
            f"{path}: In line {line}, Bowline doesn't follow {name}; {INSTEAD}"
        )


def test_they_are_refused_in_each_container() -> None:
    spring = {"spring": {"profiles": {"active": "prod"}}}
    config = halconfig({"aws": {"accounts": [aws("dev")]}})
    profile = {"profiles/clouddriver-local.yml": yaml_of(spring)}
    files = {"profiles__clouddriver-local.yml": json.dumps(spring)}
    for sources, place in (
        ({**config, **profile}, "profiles/clouddriver-local.yml: In line 3"),
        (service({"aws": {}}, spring), "spinnakerservice.yml, profiles.clouddriver: "),
        (service({"aws": {}}, files=files), "files.profiles__clouddriver-local.yml: "),
        ({"clouddriver.yml": json.dumps(spring).encode()}, "yml: In this file, "),
    ):
        with pytest.raises(BadSource) as refused:
            reported(sources)

        assert place in str(refused.value)
        assert str(refused.value).endswith(INSTEAD)


def test_a_file_of_the_operator_that_cannot_be_read_is_not_skipped() -> None:
    files = {"profiles__clouddriver-local.yml": "aws: [", "readme": "a: ["}

    with pytest.raises(BadSource, match=r"local.yml: Line 2: Invalid YAML"):
        reported(service({"aws": {}}, files=files))


def test_a_file_for_a_profile_is_refused_or_named() -> None:
    for profile in ("test", "composite"):
        path = f"spinnaker-{profile}.yml"

        assert refusal({"clouddriver.yml": BASE, path: OTHER}) == (
            f"{path}: Bowline doesn't follow the Spring profile {profile} of this "
            f"file; {INSTEAD}"
        )
    report = report_on({"clouddriver.yml": BASE, "clouddriver-ro.yml": OTHER})
    assert names(report) == "a"
    (left,) = (one.says for one in report.findings if one.kind == "profile-not-read")
    assert left.startswith("clouddriver-ro.yml counts only while its Spring profile is")


def test_files_that_are_not_read_are_not_refused() -> None:
    layered = b"spring.profiles.active: prod\n"
    config = {f".hal/{n}": c for n, c in halconfig({"aws": {}}).items()}
    files = {
        **config,
        ".hal/default/profiles/orca-local.yml": layered,
        ".hal/other/profiles/clouddriver-local.yml": layered,
        ".hal/default/profiles/clouddriver-ro-local.yml": layered,
    }

    assert len(read_sources(files).readings) == 1
    assert names(report_on({"clouddriver.yml": f"spring: x\n{BASE}"})) == "a"


# What Spinnaker's own tools write


def test_kustomizes_own_import_is_read() -> None:
    base = (
        f"spring.config.import: {KUSTOMIZE}\n\nservices:\n  orca: {{enabled: true}}\n"
    )
    files = {"clouddriver-local.yml": BASE, "x/clouddriver-local.yml": OTHER}

    for name in ("spinnaker.yml", "base/spinnaker.yml"):
        report = report_on({**files, name: base})

        assert names(report) == "b"
    last = f"x: y\n---\n{base}"
    assert names(report_on({**files, "spinnaker.yml": last})) == "b"
    for name, text in (
        ("spinnaker.yml", base + "---\nx: y\n"),
        ("spinnaker.yaml", base),
        ("spinnaker-local.yml", base),
        ("clouddriver.yml", base),
        ("spinnaker.yml", base.replace("optional:", "")),
        ("spinnaker.yml", base.replace("/*/", "/more.yml")),
    ):
        assert refusal({**files, name: text}).startswith(f"{name}: In line 1, ")


def test_the_file_that_clouddriver_comes_with_is_read() -> None:
    """It has documents for two profiles, in which all is commented out."""
    documents = (
        "aws: {enabled: '${AWS_ENABLED:false}', defaultRegions: [{name: eu-west-1}], "
        "accounts: []}\ncf: {accounts: [{name: demos, password: '${CF_PASSWORD}'}]}\n",
        "spring:\n  profiles: prod\n\n#aws:\n  #accounts:\n",
        "spring:\n  profiles: local\n\n#bastion:\n#  enabled: false\n",
    )
    stock = "\n---\n\n".join(documents)

    report = report_on({"clouddriver.yml": stock, "clouddriver-local.yml": BASE})

    assert outcomes(report) == {"a": "taken"}
    assert refusal({"clouddriver.yml": f"{stock}\nx: y\n"}).startswith(
        "clouddriver.yml: In line 15, Bowline doesn't follow spring.profiles; "
    )


def test_variables_of_what_bowline_does_not_read_may_be_anything() -> None:
    halyards = (
        "services:\n  redis: {baseUrl: '${services.x.url:redis://${x.host}:6379}'}\n"
        "server: {address: '${services.clouddriver.host:${HOST:localhost}}'}\n"
        "google: {accounts: [{name: '${a.${b}}'}]}\n"
    )
    lower = BASE.replace("role/a", "'${a.${b}}'").replace(
        "name: a", "name: '${a:${b}}'"
    )

    report = report_on(
        {
            "spinnaker.yml": halyards,
            "clouddriver.yml": lower,
            "clouddriver-local.yml": BASE,
        }
    )

    assert outcomes(report) == {"a": "taken"}
    assert not kinds(report) & {"variable-default", "variable-unknown"}


@pytest.mark.parametrize(
    "value",
    [
        "${a:${b}}",
        "${a.${b}}",
        "${${a}}",
        "x-${of}",
        "${of:x}",
        "$${cut}",
        "${open",
        "${}",
        "${:x}",
        "${" * 10_000,
    ],
)
def test_other_variables_are_refused_where_bowline_needs_the_value(value: str) -> None:
    properties = "of: ${more}\nmore: x\ncut: '{b}'\n'a.${b}': y\n"
    account = BASE.replace("role/a", f"\n '{value}'\n")
    setting = f"aws:\n  defaultAssumeRole: '{value}'\n"

    for text in (account, setting):
        files = {"clouddriver-local.yml": text, "spinnaker.yml": properties + OTHER}

        assert refusal(files) == (
            "clouddriver-local.yml: In line 2, Bowline doesn't follow a variable other "
            "than ${NAME} or ${NAME:default} with plain text for its value; " + INSTEAD
        )


def test_gate_is_not_refused_for_a_variable() -> None:
    row = {**aws("a"), "environment": "${a:${b}}", "type": "aws"}

    report = reported({"aws.json": json.dumps([row]).encode()})

    assert outcomes(report) == {"a": "left"}
    assert "variable-unknown" in kinds(report)
