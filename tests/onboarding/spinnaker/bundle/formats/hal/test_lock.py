"""Two scripts never change hal's config at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from onboarding.spinnaker.bundle.formats.hal.calling import Refused
from onboarding.spinnaker.bundle.formats.hal.lock import alone


def test_the_second_is_told_who_has_it(tmp_path: Path):
    with alone(tmp_path), pytest.raises(Refused, match=f"process {os.getpid()} of"):
        alone(tmp_path).__enter__()


def test_it_is_free_again_afterwards(tmp_path: Path):
    with alone(tmp_path):
        pass

    with alone(tmp_path):
        assert (tmp_path / "bowline.lock").read_text().count("process") == 1


def test_everybody_may_take_it_whoever_made_it(tmp_path: Path):
    with alone(tmp_path):
        assert (tmp_path / "bowline.lock").stat().st_mode & 0o777 == 0o666


def test_where_no_file_can_be_made_it_says_so_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "file").touch()

    with alone(tmp_path / "file" / "hal"):
        assert "Make sure that no other script" in capsys.readouterr().err
