"""Every block of code in the documents is run, or is checked and says why it is not.

`REWRITE_DOCS=1 pytest tests/documents/test_blocks.py` writes the list of both.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand, CommandError

from onboarding.accounts_file import read_accounts_file
from script.reference import EXAMPLE, entries
from tests.documents.blocks import (
    DOCS,
    ROOT,
    Block,
    blocks,
    calls,
    inline_commands,
)
from tests.documents.test_commands_run import SESSIONS

LIST = DOCS / "developers" / "blocks.md"
HEAD = """\
# Commands in the documentation

Every block of shell commands in the documents, and whether a test runs it. Bash parses
the blocks that no test runs, and the parser of `manage.py` parses its commands; the
reason is in the block's first line in the source. A test fails if this list is out of
date. To rewrite it: `REWRITE_DOCS=1 pytest tests/documents/test_blocks.py`.

| Page | First command | Run |
|---|---|---|
"""
ELSEWHERE = {
    "script/demo    #": "tests/script/test_demo.py",
    "git clone REPOSITORY bowline": "tests/script/test_demo.py",
    ".venv/bin/python -m pytest -n 0 -q tests/": "tests/documents/test_first_change.py",
}
"""Which test runs a block that begins with this; it names the script, or the page."""
ALREADY_CHECKED = {
    "docs/install/kubernetes.md": "tests/deploy/test_kubernetes.py",
    "docs/reference/command-line.md": "tests/script/test_references.py",
    "docs/spinnaker/leaving-halyard.md": "tests/conformance/test_leaving_halyard.py",
}
"""Which test builds or compares the YAML, or the usages, of a page."""
PROGRAMS = re.compile(
    r"\s*(?:\$ )?(?:python|manage\.py|script/|docker|kubectl|aws|curl|hal) "
)
SCRAPED = {
    *("job_name", "scrape_interval", "scheme", "authorization", "static_configs"),
}


KNOWN: dict[str, BaseCommand] = {
    name: load_command_class(app, name) for name, app in get_commands().items()
}
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def wrong_command(words: list[str]) -> str:
    """Say what is wrong with a command of ours; empty: nothing that is known."""
    if "manage.py" in words:
        return wrong_arguments(words[words.index("manage.py") + 1 :])
    image = next((at for at, word in enumerate(words) if "/bowline:" in word), None)
    if image is not None and words[1] == "run":
        return wrong_arguments(words[image + 1 :])
    if words[:1] and words[0].startswith(("script/", "deploy/")):
        return "" if os.access(ROOT / words[0], os.X_OK) else f"no script {words[0]}"
    if words[:2] == ["docker", "compose"] and words[2:3] in (["stop"], ["restart"]):
        unknown = {*words[3:]} - {*COMPOSE["services"]}
        return f"no service {unknown}" if unknown else ""
    return ""


def wrong_arguments(words: list[str]) -> str:
    if not words or words[0] not in KNOWN:
        return f"no command {words[:1]}"
    parser = KNOWN[words[0]].create_parser("manage.py", words[0])
    try:
        parser.parse_args(words[1:])
    except CommandError as error:
        return str(error)
    return ""


def unknown_options(text: str) -> list[str]:
    """List what a command in a sentence names that there is not; it may have a part of
    its arguments only.
    """
    (name, *rest) = re.findall(r"[\w-]+", text.partition("manage.py ")[2])
    if name not in KNOWN:
        return [name] if name != "version" else rest  # manage.py answers it itself
    parser = KNOWN[name].create_parser("manage.py", name)
    known = parser._option_string_actions
    return [one for one in rest if one.startswith("--") and one not in known]


def wrong_shell(block: Block) -> str:
    parsed = subprocess.run(
        ["bash", "-n"], input=block.text, capture_output=True, text=True
    )
    found = [parsed.stderr.strip()] if parsed.returncode else []
    for line in block.lines:
        found += filter(None, map(wrong_command, calls(line)))
    if not block.reason and run_by(block) == "":
        found.append("no test runs it: add it to SESSIONS, or say why it is not run")
    return "; ".join(found)


def run_by(block: Block) -> str:
    """Name the test that runs the block."""
    if block.page in SESSIONS:
        return "tests/documents/test_commands_run.py"
    for begins, test in ELSEWHERE.items():
        if block.text.startswith(begins):
            return test
    return ""


def wrong_yaml(block: Block) -> str:
    if block.page in ALREADY_CHECKED:
        return ""
    (found,) = yaml.safe_load_all(block.text)
    if "scrape_configs" in found:
        unknown = {key for one in found["scrape_configs"] for key in one} - SCRAPED
        return f"unknown {unknown}" if unknown else ""
    if "jobs" in found:
        return "; ".join(wrong_workflow(job) for job in found["jobs"].values()).strip()
    if "image" in block.text or found.keys() == {"components"}:
        return ""
    text = block.text
    if "accounts" not in found:
        text += ACCOUNTS
    read_accounts_file(text.encode())
    return ""


ACCOUNTS = """
managing: {name: core, account_id: "911111111111"}
accounts:
- {name: a, account_id: "922222222222", regions: [us-east-1], providers: {ec2: {}}}
"""


def wrong_workflow(job: dict[str, Any]) -> str:
    """Parse the scripts of a workflow's steps."""
    scripts = [step["run"] for step in job["steps"] if "run" in step]
    assert scripts
    parsed = [
        subprocess.run(["bash", "-n"], input=one, capture_output=True, text=True)
        for one in scripts
    ]
    return "".join(one.stderr for one in parsed)


def wrong_variables(block: Block) -> str:
    known = {
        one.name for entry in entries(EXAMPLE.read_text()) for one in entry.settings
    }
    values = dict(line.split("=", 1) for line in block.text.splitlines() if line)
    for value in values.values():
        if value.startswith("{"):
            json.loads(value)
    unknown = {*values} - known
    return f"no variables {unknown}" if unknown else ""


def wrong_json(block: Block) -> str:
    json.loads(block.text)
    return ""


def wrong_python(block: Block) -> str:
    compile(block.text, block.page, "exec")
    return ""


def wrong_csv(block: Block) -> str:
    read_accounts_file(block.text.encode(), csv=True)
    return ""


def wrong_text(block: Block) -> str:
    if block.page in ALREADY_CHECKED:
        return ""
    is_command = any(map(PROGRAMS.match, block.text.splitlines()))
    return "commands must be in a block of sh" if is_command else ""


CHECKS: dict[str, Callable[[Block], str]] = {
    "sh": wrong_shell,
    "yaml": wrong_yaml,
    "env": wrong_variables,
    "json": wrong_json,
    "python": wrong_python,
    "csv": wrong_csv,
    "text": wrong_text,
}


def wrong(block: Block) -> str:
    """Say what is wrong with a block; empty: it is run, or nothing is wrong with it."""
    if block.language not in CHECKS:
        return f"nothing checks a block of “{block.language}”"
    try:
        return CHECKS[block.language](block)
    except (SyntaxError, ValueError, yaml.YAMLError) as error:
        return str(error)


def test_every_block_is_run_or_checked() -> None:
    found = {
        f"{one.page}: {one.text[:60]!r}": why for one in blocks() if (why := wrong(one))
    }

    assert not found


@pytest.mark.parametrize(
    ("language", "reason", "text", "why"),
    [
        ("sh", "x", "python manage.py onboard --nonsense a.yaml\n", "unrecognized"),
        ("sh", "x", "python manage.py bord a.yaml\n", "no command"),
        ("sh", "x", "docker compose exec web python manage.py export --bad", "unrecog"),
        ("sh", "x", "docker run r/bowline:VERSION onboard --bad a.yaml\n", "unrecog"),
        ("sh", "x", "cd a && script/nothing\n", "no script"),
        ("sh", "x", "docker compose stop webb\n", "no service"),
        ("sh", "x", "if true; then\n", "syntax error"),
        ("sh", "", "ls\n", "no test runs it"),
        ("yaml", "", "accounts:\n- {name: a}\n", "account_id"),
        ("yaml", "", "spinnaker: {urll: a}\n", "urll"),
        ("yaml", "", "a: [\n", "expected"),
        ("yaml", "", "scrape_configs: [{job: a}]\n", "unknown"),
        ("yaml", "", "jobs: {a: {steps: [{run: 'if'}]}}\n", "syntax error"),
        ("env", "", "OIDC_ISUER=a\n", "no variables"),
        ("env", "", "OIDC_ROLES={a}\n", "Expecting property name"),
        ("json", "", "{,}", "Expecting property name"),
        ("python", "", "def\n", "invalid syntax"),
        ("csv", "", "nam\na\n", "nam"),
        ("text", "", "docker compose up\n", "block of sh"),
        ("", "", "anything\n", "nothing checks"),
    ],
)
def test_a_block_that_is_wrong_is_found(
    language: str, reason: str, text: str, why: str
) -> None:
    assert why in wrong(Block("docs/a.md", language, reason, text))


def test_commands_in_sentences_are_those_of_the_parser() -> None:
    found = {
        f"{page}: {text}": why
        for page, text in inline_commands()
        if "COMMAND" not in text and (why := unknown_options(text))
    }

    assert not found


def test_a_command_in_a_sentence_that_is_wrong_is_found() -> None:
    assert unknown_options("manage.py onbord FILE") == ["onbord"]
    assert unknown_options("manage.py verify [NAME…] [--stal]") == ["--stal"]
    assert unknown_options("python manage.py onboard --bundle, or --resume") == []


def test_the_test_of_a_block_elsewhere_runs_it() -> None:
    for begins, test in ELSEWHERE.items():
        assert any(one.text.startswith(begins) for one in blocks()), begins
        assert re.search("script/demo|CONTRIBUTING.md", (ROOT / test).read_text())


def test_the_list_of_commands_is_what_the_documents_have() -> None:
    rows = []
    for one in blocks():
        if one.language == "sh":
            how = f"no: {one.reason}" if one.reason else f"yes, by {run_by(one)}"
            first = " ".join(one.lines[0].split())
            rows.append(f"| {one.page} | `{first[:70]}` | {how} |\n")
    written = HEAD + "".join(rows)

    if os.environ.get("REWRITE_DOCS"):
        LIST.write_text(written)

    assert LIST.read_text() == written
