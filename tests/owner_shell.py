"""An owner's shell: what it is given runs there as in CloudShell."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests import owner_cli


def run(
    script: str, folder: Path, emulator: str, account: str
) -> subprocess.CompletedProcess[str]:
    """Run it as the owner of that account, who has nothing but an aws command."""
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    aws = programs / "aws"
    aws.write_text(f'#!/bin/sh\nexec {sys.executable} {owner_cli.__file__} "$@"\n')
    aws.chmod(0o755)
    for used in ("cat", "dirname", "sh", "touch"):
        if not (programs / used).exists():
            (programs / used).symlink_to(shutil.which(used) or "")
    return subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=folder,
        env={
            "PATH": str(programs),
            "PYTHONPATH": os.pathsep.join(sys.path),
            "AWS_ENDPOINT_URL": emulator,
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "any",
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
