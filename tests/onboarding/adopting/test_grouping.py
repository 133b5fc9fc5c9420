"""Which profiles belong to a Halyard config, whatever the files are called."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from onboarding.adopting.report import Report
from tests.onboarding.adopting.documents import (
    aws,
    halconfig,
    kinds,
    outcomes,
    reported,
    yaml_of,
)

CONFIG = halconfig(
    {"aws": {"accounts": [aws(name) for name in ("dev", "old", "older")]}}
)["config"]
PROFILE = yaml_of({"aws": {"accounts": [aws("dev")]}})
LOCAL = "clouddriver-local.yml"

LAYOUTS: Mapping[str, tuple[str, str]] = {
    "next to the config": ("config", LOCAL),
    "in profiles": ("config", f"profiles/{LOCAL}"),
    "in the deployment's folder": ("config", f"default/profiles/{LOCAL}"),
    "with a dot": ("./config", f"./profiles/{LOCAL}"),
    "with one dot": ("config", f"./default/profiles/{LOCAL}"),
    "with two dots": ("config", f"x/../profiles/{LOCAL}"),
    "in hal's folder": ("~/.hal/config", f"~/.hal/default/profiles/{LOCAL}"),
    "by whole names": ("/home/me/.hal/config", f"/home/me/.hal/profiles/{LOCAL}"),
    "of an archive": ("backup/config", f"backup/default/profiles/{LOCAL}"),
    "of Windows": ("hal\\config", f"hal\\profiles\\{LOCAL}"),
    "of two folders": ("/home/me/.hal/config", f"default/profiles/{LOCAL}"),
    "of two other folders": ("hal/config", f"profiles/{LOCAL}"),
}


def sources(report: Report) -> list[str]:
    return [one.kind.name for one in report.spinnaker.readings]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_profile_belongs_to_the_deployment_that_is_read(layout: str) -> None:
    config, profile = LAYOUTS[layout]

    for files in (
        {config: CONFIG, profile: PROFILE},
        {profile: PROFILE, config: CONFIG},
    ):
        report = reported(files)

        assert sources(report) == ["HALCONFIG"]
        assert [*outcomes(report)] == ["dev"]
        (hidden,) = (o for o in report.findings if o.kind == "hidden-list")
        assert hidden.accounts == ("old", "older")


def test_a_profile_in_another_folder_is_named() -> None:
    elsewhere = reported({"hal/config": CONFIG, f"profiles/{LOCAL}": PROFILE})
    within = reported({"config": CONFIG, f"profiles/{LOCAL}": PROFILE})

    assert "profile-elsewhere" in kinds(elsewhere)
    assert "profile-elsewhere" not in kinds(within)


def two_deployments() -> bytes:
    return yaml_of(
        {
            "currentDeployment": "default",
            "deploymentConfigurations": [
                {"name": name, "providers": {"aws": {"accounts": [aws(name)]}}}
                for name in ("default", "staging")
            ],
        }
    )


@pytest.mark.parametrize("home", ["", ".hal/", "/home/me/.hal/"])
def test_profiles_of_another_deployment_do_not_count_and_are_named(home: str) -> None:
    files = {
        f"{home}config": two_deployments(),
        f"{home}staging/profiles/{LOCAL}": PROFILE,
    }

    report, other = reported(files), reported(files, deployment="staging")

    assert [*outcomes(report)] == ["default"]
    assert kinds(report) >= {"profile-of-other", "other-deployments"}
    assert [*outcomes(other)] == ["dev"]
    assert "profile-of-other" not in kinds(other)
    (finding,) = (o for o in other.findings if o.kind == "other-deployments")
    assert finding.says.startswith(f"{home}config has other deployments, which aren't")


def test_a_profile_that_belongs_to_nothing_is_named() -> None:
    own, elsewhere = f"default/profiles/{LOCAL}", f"lost/profiles/{LOCAL}"
    files = {"config": CONFIG, own: PROFILE, elsewhere: PROFILE, LOCAL: PROFILE}

    report = reported(files)

    assert [*outcomes(report)] == ["dev"]
    assert sources(report) == ["HALCONFIG"]
    named = [one.says for one in report.findings if one.kind == "profile-of-none"]
    assert [one.partition(" ")[0] for one in named] == [LOCAL, elsewhere]


def test_each_of_two_configs_has_its_own_profiles() -> None:
    files = {
        "a/config": two_deployments(),
        f"a/profiles/{LOCAL}": PROFILE,
        "b/config": CONFIG,
        f"b/staging/profiles/{LOCAL}": PROFILE,
    }

    report = reported(files)

    assert sources(report) == ["HALCONFIG", "HALCONFIG"]
    first, second = report.spinnaker.readings
    assert [one.name for one in first.accounts] == ["dev"]
    assert [one.name for one in second.accounts] == ["dev", "old", "older"]
    assert "profile-of-none" in {one.kind for one in second.findings}


def test_a_folder_for_kustomize_next_to_a_config_is_a_source_of_its_own() -> None:
    kustomize = f"kustomize/overlays/config/files/{LOCAL}"

    report = reported({"hal/config": CONFIG, kustomize: PROFILE})

    assert sources(report) == ["HALCONFIG", "SPRING"]
    assert "sources-differ" not in kinds(report)
    assert "one-source-only" in kinds(report)
