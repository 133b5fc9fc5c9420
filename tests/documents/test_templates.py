"""The templates of issues and pull requests name what there is."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github"
ISSUES = sorted((FOLDER / "ISSUE_TEMPLATE").glob("*.md"))


def test_an_issue_template_has_a_name_a_sentence_and_asks_for_the_version() -> None:
    heads = [yaml.safe_load(path.read_text().split("---\n")[1]) for path in ISSUES]

    assert [head["name"] for head in heads] == ["Bug", "Question", "Sandbox report"]
    assert all(head["about"] and head["labels"] for head in heads)
    assert all("`manage.py version`" in path.read_text() for path in ISSUES)


def test_the_bug_template_sends_vulnerabilities_elsewhere() -> None:
    text = (FOLDER / "ISSUE_TEMPLATE" / "bug.md").read_text()

    assert "SECURITY.md says how to report it privately" in text
    assert "## Report a vulnerability" in (ROOT / "SECURITY.md").read_text()


def test_every_file_that_a_template_names_exists() -> None:
    texts = [path.read_text() for path in FOLDER.rglob("*.md")]
    named = {one for text in texts for one in re.findall(r"[\w./]+\.(?:md|py)\b", text)}

    assert {"docs/start/sandbox.md", "CONTRIBUTING.md"} <= named
    assert [one for one in named if not (ROOT / one).is_file()] == []
