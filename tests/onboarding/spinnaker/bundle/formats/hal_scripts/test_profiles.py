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
    assert "is yours and was left as it is" in done.stderr
    assert own.read_text().endswith("mine: true\n")


def test_profiles_go_to_another_folder_when_asked(scripts: Scripts, tmp_path: Path):
    scripts.run("profiles", str(tmp_path / "other"))

    assert (tmp_path / "other" / "settings-local.js").exists()


def test_a_profile_that_is_as_it_should_be_is_left(scripts: Scripts, profiles: Path):
    before = os.stat(profiles / "settings-local.js").st_mtime_ns

    scripts.run("profiles")

    assert os.stat(profiles / "settings-local.js").st_mtime_ns == before
