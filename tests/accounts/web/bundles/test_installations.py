from __future__ import annotations

import re
from pathlib import Path

import pytest

from accounts.web.bundles.views import Installation, formats, installations
from onboarding.spinnaker.bundle.formats.verify_script import COMMAND
from onboarding.spinnaker.bundle.readme import WAYS
from tests.bundles import files_of, with_every_provider

ZIP = "bowline-1-2026-03-01.zip"
DOCS = Path(__file__).parents[4] / "docs"
GUIDE = DOCS / "spinnaker" / "leaving-halyard.md"


def kinds_of(*paths: str, first: str = "") -> dict[str, Installation]:
    return {one.way.key: one for one in installations(ZIP, paths, first)}


def test_each_way_unpacks_verifies_and_installs_and_halyard_shows_it_before():
    kinds = list(installations(ZIP, files_of(with_every_provider())))

    assert [one.way for one in kinds] == [*WAYS]
    for kind in kinds:
        if kind.way.folder:
            shows_it = kind.way.key == "halyard"
            assert len(kind.commands) == 3 + shows_it
            assert kind.commands[0].line.startswith(f"unzip -o {ZIP}")


def test_accounts_are_proved_by_the_same_command_as_in_the_readme():
    files = files_of(with_every_provider())

    verifications = {
        kind.commands[1] for kind in installations(ZIP, files) if kind.way.folder
    }

    (verification,) = verifications
    sentence = verification.says.split(". ", 1)[1]
    readme = " ".join(files["README.md"].split())
    assert verification.line == COMMAND
    assert f"```sh {COMMAND} ``` {sentence}" in readme


@pytest.mark.parametrize(
    ("folder", "key"),
    [(way.folder, way.key) for way in WAYS if way.folder],
)
def test_only_what_the_bundle_serves_is_offered(folder: str, key: str):
    kinds = kinds_of(f"{folder}/x", "README.md")

    assert [*kinds] == [key, "live"]
    assert folder in kinds[key].commands[2].line


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.key)
def test_the_way_that_was_said_comes_first(way):
    paths = [f"{one.folder}/x" for one in WAYS if one.folder]

    assert next(iter(kinds_of(*paths, first=way.key))) == way.key


@pytest.mark.parametrize("path", ["operator/kubeconfigs.yml", "operator/x"])
def test_the_operators_kubeconfigs_come_first_where_there_are_any(path: str):
    kind = kinds_of("operator/spinnakerservice.yml", path)["operator"]

    assert ("kubeconfigs.yml &&" in kind.commands[2].line) is ("kubeconfigs" in path)


def test_the_formats_that_are_there_are_explained():
    found = formats(["README.md", "hal/apply.sh", "hal/check.sh", "verify.sh"])

    assert [*found] == ["hal/", "verify.sh"]


HALS_OWN = {
    "hal backup create",
    "hal/check.sh",
    "hal/remove.sh && hal deploy apply",
    "grep -rn allowed-accounts: ~/.hal/default/profiles/",
}


def test_readme_and_the_guide_away_from_halyard_say_these_commands():
    files = files_of(with_every_provider())
    kinds = installations(ZIP, files)
    parts = {
        part
        for kind in kinds
        for command in kind.commands
        for part in (command.line, *command.line.split(" && "))
    }
    said = re.findall(r"```sh[^\n]*\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    lines = {
        line.strip() for text in said for line in text.splitlines() if line.strip()
    }
    readme = files["README.md"].replace(" \\\n  ", " ")

    whole = {line for line in lines - HALS_OWN if line not in parts}
    assert {p for line in whole for p in line.split(" && ")} <= parts
    for line in ("./verify.sh", kinds_of("operator/x")["operator"].commands[2].line):
        assert line in readme
