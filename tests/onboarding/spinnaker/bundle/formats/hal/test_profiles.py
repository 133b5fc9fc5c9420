"""Where the daemon reads its profiles."""

from __future__ import annotations

import hashlib
import os
import pwd
from pathlib import Path

import pytest

from onboarding.spinnaker.bundle.formats.hal import profiles
from onboarding.spinnaker.bundle.formats.hal.calling import Refused

HERE = Path(pwd.getpwuid(os.getuid()).pw_dir)


def process(folder: Path, number: int, *words: str) -> None:
    (folder / str(number)).mkdir(parents=True)
    (folder / str(number) / "cmdline").write_text("\0".join(words))


def test_the_daemons_own_home_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    process(tmp_path, 1, "/usr/bin/bash", "halyard")
    process(tmp_path, 2, "/usr/bin/java", "-cp", "/opt/halyard/lib/x.jar")
    asked: list[int] = []

    def getpwuid(owner: int) -> pwd.struct_passwd:
        asked.append(owner)
        words = ("spinnaker", "x", 1000, 1000, "", "/home/spinnaker", "")
        return pwd.struct_passwd(words)

    monkeypatch.setattr(pwd, "getpwuid", getpwuid)

    assert profiles.home_of_daemon(tmp_path) == Path("/home/spinnaker")
    assert asked == [os.getuid()]


def test_without_a_daemon_here_it_is_ones_own(tmp_path: Path):
    process(tmp_path, 1, "/usr/bin/java", "-jar", "other.jar")
    (tmp_path / "2" / "cmdline").mkdir(parents=True)  # it cannot be read

    assert profiles.home_of_daemon(tmp_path) == HERE


def test_the_installations_own_setting_comes_first(tmp_path: Path):
    settings = tmp_path / "halyard.yml"
    settings.write_text("halyard:\n  halconfig:\n    directory: /home/spinnaker/.hal\n")

    assert profiles.configured([tmp_path / "none", settings]) == "/home/spinnaker/.hal"


@pytest.mark.parametrize(
    "text", ["", "halyard:\n  halconfig:\n    directory: ~/.hal\n"]
)
def test_a_setting_that_names_no_folder_is_none(tmp_path: Path, text: str):
    (tmp_path / "halyard.yml").write_text(text)

    assert profiles.configured([tmp_path / "halyard.yml"]) == ""


@pytest.mark.parametrize(
    ("config", "folder"),
    [
        ("currentDeployment: prod\ndeploymentConfigurations: []\n", "prod"),
        ('deploymentConfigurations: []\ncurrentDeployment: "old-1"\n', "old-1"),
        ("deploymentConfigurations: []\n", None),
        (None, None),
    ],
)
def test_without_hal_its_config_names_the_deployment(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    config: str | None,
    folder: str | None,
):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("HALCONFIG_DIR", str(tmp_path))
    if config is not None:
        (tmp_path / "config").write_text(config)

    if folder:
        assert profiles.daemons_folder() == tmp_path / folder / "profiles"
    else:
        with pytest.raises(Refused, match="Name the folder"):
            profiles.daemons_folder()


def marked(text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"# bowline sha256 {digest}\n{text}"


def test_a_profile_is_added_once_and_then_as_it_should_be(tmp_path: Path):
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "orca-local.yml").write_text(marked("a: 1\n"))

    assert profiles.put_profiles(tmp_path / "ours", tmp_path / "theirs") == 0
    assert profiles.put_profiles(tmp_path / "ours", tmp_path / "theirs") == 0

    assert (tmp_path / "theirs" / "orca-local.yml").read_text() == marked("a: 1\n")


@pytest.mark.parametrize(
    ("held", "left", "status"),
    [
        (marked("a: 1\n"), marked("b: 2\n"), 0),
        (marked("a: 1\n") + "mine\n", marked("a: 1\n") + "mine\n", 1),
        ("mine\n", "mine\n", 1),
    ],
)
def test_a_profile_is_renewed_unless_a_person_changed_it(
    tmp_path: Path, held: str, left: str, status: int
):
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "orca-local.yml").write_text(marked("b: 2\n"))
    (tmp_path / "orca-local.yml").write_text(held)

    assert profiles.put_profiles(tmp_path / "ours", tmp_path) == status

    assert (tmp_path / "orca-local.yml").read_text() == left


OURS = """\
# Only what hal cannot hold.
aws:
  defaultRegions:
  - name: us-gov-west-1
  defaults:
    iamRole: BaseIAMRole
  features:
    launch-templates:
      enabled: true
"""


@pytest.mark.parametrize(
    ("held", "status"),
    [
        (OURS, 0),
        (f"ecs:\n  enabled: true\n{OURS}# mine\nother: 1\n", 0),
        (OURS.replace("  defaults:\n", "  defaults:\n    keyPair: mine\n"), 0),
        (OURS.replace("BaseIAMRole", "Mine"), 1),
        (OURS.replace("  features:", "other:\n  features:"), 1),
        (OURS.replace("us-gov-west-1", "us-west-2"), 1),
        (OURS.replace("    iamRole", "    # iamRole"), 1),
    ],
)
def test_a_file_of_a_persons_own_is_enough_if_it_has_the_settings(
    tmp_path: Path, held: str, status: int
):
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "clouddriver-local.yml").write_text(marked(OURS))
    (tmp_path / "clouddriver-local.yml").write_text(held)

    assert profiles.put_profiles(tmp_path / "ours", tmp_path) == status

    assert (tmp_path / "clouddriver-local.yml").read_text() == held


@pytest.mark.parametrize(
    ("held", "stays", "status"),
    [
        (marked("a: 1\n"), False, 0),
        (marked("a: 1\n") + "mine\n", True, 1),
        ("mine\n", True, 0),
    ],
)
def test_a_profile_that_the_bundle_lost_goes_unless_a_person_changed_it(
    tmp_path: Path, held: str, stays: bool, status: int
):
    (tmp_path / "deck-local.yml").write_text(held)

    assert profiles.put_profiles(tmp_path / "none", tmp_path) == status

    assert (tmp_path / "deck-local.yml").exists() is stays


@pytest.mark.parametrize("name", ["prod", ""])
def test_they_go_to_the_current_deployment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    monkeypatch.setattr(profiles, "asked", lambda: {"name": name})
    monkeypatch.setenv("HALCONFIG_DIR", str(tmp_path))

    folder = profiles.daemons_folder()

    assert folder == tmp_path / (name or "default") / "profiles"


@pytest.mark.parametrize("known", [True, False])
def test_a_user_without_a_home_is_told_to_name_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool
):
    process(tmp_path, 2, "/usr/bin/java", "-cp", "/opt/halyard/lib/x.jar")
    if known:
        (tmp_path / "2" / "cgroup").write_text(f"3:cpu:/docker/{'ab' * 32}\n")

    def getpwuid(_: int) -> pwd.struct_passwd:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", getpwuid)

    with pytest.raises(Refused, match="HALCONFIG_DIR=FOLDER") as refused:
        profiles.home_of_daemon(tmp_path)

    assert ("of container abababababab" in str(refused.value)) is known


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path):
    (tmp_path / "file").touch()

    with pytest.raises(Refused, match="file/profiles can't be written: Not a direc"):
        profiles.put_profiles(tmp_path / "none", tmp_path / "file" / "profiles")
