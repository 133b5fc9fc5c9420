"""`hal backup restore` moves kubeconfigs; the scripts know them again."""

from __future__ import annotations

import pytest

from tests.hal import Hal, main
from tests.onboarding.spinnaker.bundle.formats.hal.programs import run


def restored(hal: Hal) -> None:
    """Go back to a backup of what hal has."""
    assert main(["backup", "create", "-q"]) == 0
    backup = str(max(hal.home.glob("halyard-*.tar")))
    assert main(["backup", "restore", "-q", "--backup-path", backup]) == 0


def test_a_restored_backup_is_put_right_by_apply(
    hal: Hal, capsys: pytest.CaptureFixture[str]
):
    run("apply")
    restored(hal)
    moved = hal.account("kubernetes", "staging-apps")["kubeconfigFile"]
    capsys.readouterr()

    assert run("check") == 1
    told = capsys.readouterr().out
    assert run("apply") == 0

    assert moved.startswith(".backup/required-files/")
    assert (
        "different (kubeconfig-file, which `hal backup restore` moved)  kubernetes "
        "staging-apps"
    ) in told
    assert run("check") == 0


def test_a_restored_backup_does_not_keep_accounts_from_being_removed(hal: Hal):
    run("apply")
    restored(hal)

    assert run("remove", "--yes") == 0

    assert hal.names("kubernetes") == []


def test_a_restored_kubeconfig_of_another_cluster_is_left_alone(
    hal: Hal, capsys: pytest.CaptureFixture[str]
):
    file = ".backup/required-files/7-kubeconfig.yml"
    theirs = {"name": "staging-apps", "context": "theirs", "kubeconfigFile": file}
    hal.holds(kubernetes={"enabled": True, "accounts": [theirs]})

    assert run("check") == 1

    assert "uses a kubeconfig that Bowline didn't create" in (capsys.readouterr().out)
