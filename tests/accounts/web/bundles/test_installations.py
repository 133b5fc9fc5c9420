from __future__ import annotations

import pytest

from accounts.web.bundles.installations import formats, installations
from onboarding.spinnaker.bundle.formats.verify_script import COMMAND
from tests.bundles import files_of, with_every_provider

ZIP = "bowline-1-2026-03-01.zip"


def test_each_kind_of_installation_has_three_commands_that_begin_with_unpacking():
    kinds = list(installations(ZIP, files_of(with_every_provider())))

    assert kinds[0].title == "Halyard"
    for kind in kinds:
        assert len(kind.commands) == 3
        assert kind.commands[0].line.startswith(f"unzip -o {ZIP}")


def test_accounts_are_proved_by_the_same_command_as_in_the_readme():
    files = files_of(with_every_provider())

    proofs = {kind.commands[1] for kind in installations(ZIP, files)}

    (proof,) = proofs
    sentence = proof.says.split(". ", 1)[1]
    readme = " ".join(files["README.md"].split())
    assert proof.line == COMMAND
    assert f"```sh {COMMAND} ``` {sentence}" in readme


@pytest.mark.parametrize("folder", ["hal", "kustomize", "operator"])
def test_only_what_the_bundle_serves_is_offered(folder: str):
    (kind,) = installations(ZIP, [f"{folder}/x", "README.md"])

    assert folder in kind.commands[2].line


@pytest.mark.parametrize("path", ["operator/kubeconfigs.yml", "operator/x"])
def test_the_operators_kubeconfigs_come_first_where_there_are_any(path: str):
    (kind,) = installations(ZIP, ["operator/spinnakerservice.yml", path])

    assert ("kubeconfigs.yml &&" in kind.commands[2].line) is ("kubeconfigs" in path)


def test_the_formats_that_are_there_are_explained():
    found = formats(["README.md", "hal/apply.sh", "hal/check.sh", "verify.sh"])

    assert [one.path for one in found] == ["hal/", "verify.sh"]
