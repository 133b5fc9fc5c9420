"""The scripts on machines that lack something, and in folders of any name."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from tests.onboarding.spinnaker.bundle.formats.hal_scripts.scripts import Scripts


def test_a_missing_hal_is_named(scripts: Scripts):
    (scripts.hal.bin / "hal").unlink()

    done = scripts.run("apply")

    assert done.returncode == 1
    assert "apply.sh needs hal, and there is none here" in done.stderr


def test_help_needs_no_hal_and_says_how_to_try_profiles_elsewhere(scripts: Scripts):
    (scripts.hal.bin / "hal").unlink()

    helps = {
        verb: scripts.run(verb, "--help")
        for verb in ("apply", "check", "remove", "profiles", "../verify")
    }

    assert [verb for verb, done in helps.items() if done.returncode] == []
    assert [verb for verb, done in helps.items() if "sage: " not in done.stdout] == []
    said = " ".join(helps["profiles"].stdout.split())
    assert "HALCONFIG_DIR=FOLDER" in said
    assert "whatever $HOME says" in said
    assert "NO_VALIDATE=1" in helps["apply"].stdout


def test_a_link_to_a_script_is_the_script(scripts: Scripts, tmp_path: Path):
    linked_to = tmp_path / "linked"
    (tmp_path / "near").symlink_to("bundle/hal/apply.sh")
    linked_to.symlink_to("near")

    done = scripts.hal.run(["bash", str(linked_to)])

    assert done.returncode == 0, done.stderr
    assert scripts.hal.names("aws") == ["core", "staging"]


def test_a_missing_python_is_named(scripts: Scripts):
    linked(scripts.hal.bin, "bash", "dirname", "basename")

    done = scripts.run("apply", PATH=str(scripts.hal.bin))

    assert done.returncode == 1
    assert "apply.sh needs python3" in done.stderr


@pytest.mark.skipif(
    not shutil.which("dash"), reason="dash is missing: apt-get install dash"
)
@pytest.mark.parametrize("script", ["hal/apply.sh", "hal/profiles.sh", "verify.sh"])
def test_dash_without_bash_says_so(scripts: Scripts, script: str):
    linked(scripts.hal.bin, "dash")

    done = scripts.hal.run(
        [shutil.which("dash") or "", str(scripts.folder / script)],
        PATH=str(scripts.hal.bin),
    )

    assert done.returncode == 1
    assert "needs bash, and there is none here" in done.stderr


@pytest.mark.skipif(
    not shutil.which("dash"), reason="dash is missing: apt-get install dash"
)
def test_dash_hands_over_to_bash(scripts: Scripts):
    done = scripts.hal.run(["dash", str(scripts.folder / "hal" / "apply.sh")])

    assert done.returncode == 0
    assert scripts.hal.names("aws") == ["core", "staging"]


def linked(folder: Path, *programs: str) -> None:
    for program in programs:
        (folder / program).symlink_to(shutil.which(program) or "")


def test_it_runs_from_any_folder_and_leaves_nothing_behind(
    scripts: Scripts, tmp_path: Path
):
    strange = tmp_path / "it's $HOME, really"
    shutil.move(scripts.folder, strange)
    before = sorted(path for path in strange.rglob("*"))

    done = scripts.hal.run([str(strange / "hal" / "apply.sh")])

    assert done.returncode == 0, done.stderr
    assert sorted(path for path in strange.rglob("*")) == before
    held = scripts.hal.account("kubernetes", "staging-apps")["kubeconfigFile"]
    assert Path(held).is_file()


def test_the_scripts_python_is_as_old_as_the_scripts_say(scripts: Scripts):
    for path in (scripts.folder / "hal" / "bowline").glob("*.py"):
        assert ast.parse(path.read_text(), feature_version=(3, 8))


def test_a_bundle_unpacked_elsewhere_takes_over(scripts: Scripts, tmp_path: Path):
    scripts.applied()
    shutil.copytree(scripts.folder, tmp_path / "elsewhere")
    scripts.folder = tmp_path / "elsewhere"

    done = scripts.applied()

    assert "staging-apps: changed (kubeconfig-file)" in done.stderr


@pytest.fixture
def profiles(scripts: Scripts) -> Path:
    folder = scripts.hal.home / ".hal" / "default" / "profiles"
    assert scripts.run("profiles").returncode == 0
    return folder


def test_profiles_are_put_where_halyard_reads_them(profiles: Path):
    assert sorted(path.name for path in profiles.iterdir()) == [
        "clouddriver-local.yml",
        "orca-local.yml",
        "settings-local.js",
    ]


def test_a_folder_is_relative_to_where_the_script_is_called(
    scripts: Scripts, tmp_path: Path
):
    script = scripts.folder / "hal" / "profiles.sh"

    scripts.hal.run(["bash", "-c", f"cd {tmp_path} && {script} there"])

    assert (tmp_path / "there" / "settings-local.js").exists()
