"""`docker run IMAGE onboard accounts.yaml`: what the image's entrypoint runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        [str(ROOT / "deploy" / "entrypoint"), *arguments],
        cwd=folder,
        env={"PATH": path, "DATABASE_URL": f"sqlite:///{folder}/bowline.sqlite3"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_command_of_bowline_is_run_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "accounts.yaml").write_text("accounts: []\n")

    ending = run("onboard", "accounts.yaml", "--check", folder=tmp_path)

    assert (ending.returncode, ending.stderr) == (0, "")
    assert ending.stdout == "accounts.yaml: 0 accounts, no errors.\n"


def test_any_other_program_is_run_as_it_is(tmp_path: Path) -> None:
    assert run("echo", "onboard", folder=tmp_path).stdout == "onboard\n"


def test_the_image_starts_with_it() -> None:
    text = (ROOT / "Dockerfile").read_text()

    assert 'ENTRYPOINT ["/app/deploy/entrypoint"]' in text
    assert "COPY deploy/entrypoint " in text
