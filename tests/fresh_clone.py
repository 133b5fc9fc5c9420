"""The tree as somebody has it who has just cloned it, and a shell that knows little."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
CACHES = shutil.ignore_patterns("__pycache__", ".*_cache", ".hypothesis")
EXCLUDED = {".git", ".venv", "var", "test-results"}


@dataclass(frozen=True, slots=True)
class FreshClone:
    folder: Path

    @classmethod
    def at(cls, folder: Path, root: Path = ROOT) -> FreshClone:
        """Copy the tree; its .venv is the one that the tests run in."""
        folder.mkdir()
        for path in root.iterdir():
            if path.name in EXCLUDED or path.name in CACHES("", [path.name]):
                continue
            if path.is_dir():
                shutil.copytree(path, folder / path.name, ignore=CACHES)
            else:
                shutil.copy2(path, folder)
        (folder / "var").mkdir()
        shutil.copy2(ROOT / "var" / ".gitignore", folder / "var")
        (folder / ".venv").symlink_to(ROOT / ".venv")
        return cls(folder)

    def run(self, line: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a line in a shell that knows `PATH` and this."""
        return subprocess.run(
            ["sh", "-c", line],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], **environment},
            capture_output=True,
            text=True,
            timeout=120,
        )
