"""hal's daemon in a container, which sees other folders; deployments; backups."""

from __future__ import annotations

from pathlib import Path

import pytest

from onboarding.spinnaker.bundle.formats.hal import __main__ as program
from onboarding.spinnaker.bundle.formats.hal import afterwards
from onboarding.spinnaker.bundle.formats.hal.calling import Refused
from tests.hal import Daemon, Hal, main
from tests.hal import run as call
from tests.onboarding.spinnaker.bundle.formats.hal.programs import run

CONTAINER = "0c1e3a90b7f2" + "5" * 52


@pytest.fixture
def in_a_container(hal: Hal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let hal's daemon run in a container, with a process that this host sees."""
    process = tmp_path / "proc" / "12"
    process.mkdir(parents=True)
    (process / "cmdline").write_text("/usr/bin/java\0-jar\0halyard.jar")
    (process / "cgroup").write_text(f"0::/system.slice/docker-{CONTAINER}.scope\n")
    monkeypatch.setattr(afterwards, "PROCESSES", tmp_path / "proc")
    return tmp_path


def test_a_cluster_that_the_daemon_cannot_read_is_undone_and_the_container_named(
    hal: Hal, in_a_container: Path, capsys: pytest.CaptureFixture[str]
):
    hal.is_in_a_container(without=in_a_container / "bundle")

    assert run("apply") == 1

    told = capsys.readouterr().err
    assert "staging-apps: hal didn't do it." in told
    assert "Its kubeconfig was taken back." in told
    assert "probably runs in container 0c1e3a90b7f2, and" in told
    assert "Stopped after 7 of 8." in told
    assert hal.names("kubernetes") == []
    assert call(hal.home, ["backup", "create", "-q"])
    assert run("remove", "--yes") == 0


@pytest.mark.parametrize("field", ["kubeconfigFile", "serviceAccount"])
def test_a_cluster_of_before_gets_its_former_kubeconfig(
    hal: Hal, in_a_container: Path, field: str
):
    run("apply")
    theirs = in_a_container / "kubernetes" / "staging-apps" / "kubeconfig.yml"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("")
    former = {"kubeconfigFile": str(theirs), "serviceAccount": True}[field]
    cluster = hal.account("kubernetes", "staging-apps") | {"kubeconfigFile": ""}
    cluster |= {field: former}
    hal.holds(kubernetes={"enabled": True, "accounts": [cluster]})
    hal.is_in_a_container(without=in_a_container / "bundle")

    assert run("apply", "--take-over", "staging-apps") == 1

    assert hal.account("kubernetes", "staging-apps")[field] == former


def test_it_probes_once_and_only_where_a_kubeconfig_is_named(hal: Hal):
    def backups() -> int:
        return sum(words[0] == "backup" for words in hal.calls)

    run("apply", "--only", "core", "staging", "staging-ecs")
    without = backups()
    run("apply")

    assert (without, backups()) == (1, 2)


def test_a_backup_that_fails_already_is_explained_by_its_cause(
    hal: Hal, in_a_container: Path
):
    run("apply")
    hal.is_in_a_container(without=in_a_container / "bundle")

    with pytest.raises(Refused, match="in container 0c1e3a90b7f2") as elsewhere:
        run("remove", "--yes")
    file = in_a_container / "bundle" / "kubernetes" / "staging-apps" / "kubeconfig.yml"
    file.unlink()
    with pytest.raises(Refused, match=r"kubeconfig\.yml isn't here") as gone:
        run("remove", "--yes")

    assert "Unpack the bundle again where it was" not in str(elsewhere.value)
    assert "container" not in str(gone.value)


def test_a_restored_kubeconfig_that_is_gone_is_said_to_be_in_the_backup(hal: Hal):
    run("apply")
    (cluster,) = hal.providers["kubernetes"]["accounts"]
    cluster["kubeconfigFile"] = ".backup/required-files/0-kubeconfig.yml"
    hal.holds(kubernetes={"enabled": True, "accounts": [cluster]})

    with pytest.raises(Refused, match="restore the backup again"):
        run("remove", "--yes")


def test_without_a_cluster_a_failing_backup_is_hals_own_words(hal: Hal):
    hal.fails_at("backup")

    with pytest.raises(Refused) as refused:
        run("apply")

    assert str(refused.value).endswith("Unable to reach the daemon")


@pytest.mark.smoke
def test_all_goes_to_the_deployment_that_was_current_first(
    hal: Hal, capsys: pytest.CaptureFixture[str]
):
    hal.meanwhile("staging-ecs", "config", "--set-current-deployment", "other")

    assert run("apply") == 0

    first, other = Daemon(hal.home, "default").load(), Daemon(hal.home, "other").load()
    accounts = [one["name"] for held in first.values() for one in held["accounts"]]
    assert accounts == ["core", "staging", "staging-ecs", "staging-apps"]
    assert [held["accounts"] for held in other.values()] == [[], [], []]
    assert "Changing hal's accounts in deployment default." in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["check", "remove"])
def test_every_script_names_the_deployment(
    hal: Hal, verb: str, capsys: pytest.CaptureFixture[str]
):
    call(hal.home, ["config", "--set-current-deployment", "other"])

    program.run([verb])

    assert " in deployment other." in capsys.readouterr().err


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
