"""Every file that code and documents name is there: a path that moved is found."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
NAMED = re.compile(
    r"(?<![\w./:~$*{}<>-])"
    r"((?:[\w-]+/)+[\w.-]+\.(?:py|html|js|css|md)|[a-z]\w*\.py)\b"
)
READ = (".py", ".md", ".html", ".js", ".css", ".sh", ".yml", ".toml")
PAST = ("CHANGELOG.md", "docs/developers/history.md", "docs/developers/editing.md")
"""They speak of what was."""
ELSEWHERE = re.compile(
    r"admin/base\.html|bootstrap/.+"  # of libraries
    r"|(?:.+/)?settings-local\.js|hal/profiles/deck\.js|hal/(?:bowline/.+|README\.md)"
    r"|.*NAME.*|hello\.py"  # to make
    r"|tests/onboarding/spinnaker/bundle/test_hal_duration\.py"
)
"""Of libraries, in bundles and at Spinnaker, or made by whoever reads it."""


def tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return listed.stdout.splitlines()


def ends_of(files: list[str]) -> set[str]:
    """List every way to name a file: by its name, its folder and name, and so on."""
    return {
        "/".join(parts[start:])
        for file in files
        if (parts := file.split("/"))
        for start in range(len(parts))
    }


def missing(ends: set[str], name: str, text: str) -> list[str]:
    """List the paths in a text that no file has."""
    return [
        f"{name}: {path}"
        for path in NAMED.findall(text)
        if path not in ends and not ELSEWHERE.fullmatch(path)
    ]


def test_a_path_that_no_file_has_is_found() -> None:
    ends = ends_of(["accounts/mapping/entries.py"])

    assert missing(ends, "a.md", "see mapping/entries.py, `b/NAME.py`") == []
    assert missing(ends, "a.md", "see mapping/proved.py, proved.py.") == [
        "a.md: mapping/proved.py",
        "a.md: proved.py",
    ]


def test_every_file_that_code_and_documents_name_is_there() -> None:
    files = tracked()
    sources = [
        file
        for file in files
        if file.endswith(READ)
        if not file.startswith("tests/") and file not in PAST
    ]

    ends = ends_of(files)

    assert len(sources) > 500
    assert [
        wrong
        for file in sources
        for wrong in missing(ends, file, (ROOT / file).read_text())
    ] == []
