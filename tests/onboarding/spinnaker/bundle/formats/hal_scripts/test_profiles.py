"""profiles.sh: files where Halyard reads them, and a person's own left alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.bundles import with_every_provider
from tests.onboarding.spinnaker.bundle.formats.hal_scripts.scripts import Scripts


@pytest.fixture
def profiles(scripts: Scripts) -> Path:
    folder = scripts.hal.home / ".hal" / "default" / "profiles"
    assert scripts.run("profiles").returncode == 0
    return folder


def test_profiles_are_put_where_halyard_reads_them(profiles: Path):
    assert sorted(path.name for path in profiles.iterdir()) == [
        "clouddriver-local.yml",
        "settings-local.js",
    ]


def test_a_profile_that_nobody_changed_is_renewed(scripts: Scripts, profiles: Path):
    scripts.holds(with_every_provider(base_role="OtherRole"))

    done = scripts.run("profiles")

    assert done.returncode == 0
    assert "OtherRole" in (profiles / "clouddriver-local.yml").read_text()
    assert "clouddriver-local.yml: renewed" in done.stderr


def test_a_persons_own_profile_is_never_overwritten(scripts: Scripts, profiles: Path):
    own = profiles / "clouddriver-local.yml"
    own.write_text(own.read_text() + "mine: true\n")
    scripts.holds(with_every_provider(base_role="OtherRole"))

    done = scripts.run("profiles")

    assert done.returncode == 1
    assert "is yours and wasn't changed" in done.stderr
    assert own.read_text().endswith("mine: true\n")


def test_profiles_go_to_another_folder_when_asked(scripts: Scripts, tmp_path: Path):
    scripts.run("profiles", str(tmp_path / "other"))

    assert (tmp_path / "other" / "settings-local.js").exists()


def test_a_profile_that_is_as_it_should_be_is_left(scripts: Scripts, profiles: Path):
    before = os.stat(profiles / "settings-local.js").st_mtime_ns

    scripts.run("profiles")

    assert os.stat(profiles / "settings-local.js").st_mtime_ns == before


def test_profiles_go_to_the_current_deployment_and_it_is_said(scripts: Scripts):
    (scripts.hal.home / "deployment").write_text("blue")

    done = scripts.run("profiles")

    folder = scripts.hal.home / ".hal" / "blue" / "profiles"
    assert (folder / "clouddriver-local.yml").exists()
    assert done.stderr.splitlines()[0] == f"Profiles go to {folder}"


def test_a_profile_that_the_bundle_has_no_longer_is_removed(
    scripts: Scripts, profiles: Path
):
    mine = profiles / "gate-local.yml"
    mine.write_text("mine: true\n")
    (scripts.folder / "hal" / "profiles" / "settings-local.js").unlink()

    done = scripts.run("profiles")

    assert done.returncode == 0
    assert not (profiles / "settings-local.js").exists()
    assert mine.exists()
    assert "settings-local.js: removed, since this bundle has it no longer" in (
        done.stderr
    )


def test_a_stale_profile_that_a_person_changed_is_left_and_named(
    scripts: Scripts, profiles: Path
):
    stale = profiles / "settings-local.js"
    stale.write_text(stale.read_text() + "// mine\n")
    (scripts.folder / "hal" / "profiles" / "settings-local.js").unlink()

    done = scripts.run("profiles")

    assert done.returncode == 1
    assert stale.exists()
    assert "but you changed it. Delete it." in done.stderr


def test_a_folder_is_relative_to_where_the_script_is_called(
    scripts: Scripts, tmp_path: Path
):
    script = scripts.folder / "hal" / "profiles.sh"

    scripts.hal.run(["bash", "-c", f"cd {tmp_path} && {script} there"])

    assert (tmp_path / "there" / "settings-local.js").exists()
