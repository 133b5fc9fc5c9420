"""Documents say what the code says: each key, figure, state and example."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import MISSING, fields
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from accounts.discover import questions
from accounts.models import notifications, question
from accounts.models.states import (
    GROUPS,
    WORDS,
    State,
    Status,
    word_of,
    words_of,
)
from accounts.web.you.preferences import COOKIE_OUTLIVES
from onboarding.accounts_file import read_accounts_file
from onboarding.accounts_file.managed import ACCOUNT_KEYS, MANAGING_KEYS, SPINNAKER_KEYS
from onboarding.accounts_file.spreadsheet import COLUMNS
from onboarding.checks import Outcome
from onboarding.providers import PROVIDERS
from onboarding.providers.eks import LEARNED, Cluster

DOCS = Path(__file__).parents[2] / "docs"

DOCUMENT = (DOCS / "reference" / "accounts-file.md").read_text()

ROW = re.compile(r"^\| (`.+?) \| (.+?) \| .+? \|$", re.MULTILINE)


def keys_after(start: str, end: str) -> dict[str, str]:
    """Read the rows of a table or a part: each key, with its default."""
    rows = ROW.findall(DOCUMENT.partition(start)[2].partition(end)[0])
    return {
        key: default for keys, default in rows for key in re.findall(r"`(\w+)`", keys)
    }


@pytest.mark.parametrize(
    ("part", "known"),
    [
        ("managing", MANAGING_KEYS),
        ("accounts", ACCOUNT_KEYS),
        ("spinnaker", SPINNAKER_KEYS),
    ],
)
def test_each_part_has_all_of_its_keys(part: str, known: Sequence[str]) -> None:
    assert {*keys_after(f"\n## `{part}`\n", "\n## ")} == {*known}


@pytest.mark.parametrize("key", ["ec2", "ecs", "lambda"])
def test_a_provider_has_its_details_and_their_defaults(key: str) -> None:
    documented = keys_after(f"\n| {PROVIDERS[key].title} | Default |", "\n\n")
    known = {field.name: field.default for field in fields(PROVIDERS[key])}

    assert {*documented} == {*known}
    for name, default in known.items():
        if isinstance(default, bool):
            assert documented[name] == f"`{str(default).lower()}`"
        elif isinstance(default, str) and default:
            assert documented[name] == f"`{default}`"


def test_a_cluster_has_its_details() -> None:
    documented = keys_after("\n| EKS cluster | Default |", "\n\n")
    known = [field for field in fields(Cluster) if field.name not in LEARNED]

    assert {*documented} == {field.name for field in known}
    for field in known:
        assert (documented[field.name] == "required") == (field.default is MISSING)


def test_csv_has_its_columns() -> None:
    named = DOCUMENT.partition("The columns are")[2].partition(";")[0]

    assert {*re.findall(r"`(\w+)`", named)} == {*COLUMNS}


def test_the_examples_are_read() -> None:
    written = re.search(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)
    rows = re.search(r"```csv\n(name,.*?)```", DOCUMENT, re.DOTALL)
    assert written
    assert rows

    file = read_accounts_file(written[1].encode())

    assert [account.managed.name for account in file.accounts] == ["staging", "tools"]
    assert len(read_accounts_file(rows[1].encode(), csv=True).accounts) == 1


def test_the_page_for_users_has_the_figures_of_the_benchmarks() -> None:
    pages = [DOCS / "developers" / f"{one}.md" for one in ("benchmarks", "hosts")]
    measured = "".join(page.read_text() for page in pages)
    page = (DOCS / "operate" / "capacity.md").read_text()
    rows = [line for line in page.splitlines() if re.match(r"\|.*\d", line)]
    (accounts,) = re.findall(r"([\d,]+) accounts are verified in one night", page)

    assert [line for line in rows if line not in measured] == []
    assert len(rows) > 5
    assert f"{accounts} accounts are verified in a night" in measured


def test_security_says_how_long_what_expires_is_kept() -> None:
    page = (DOCS.parent / "SECURITY.md").read_text()
    of_people = (questions.KEPT, question.KEPT_SAVED, question.KEPT)
    days = [kept.days for kept in of_people]

    assert (
        f"notifications: for whom | database | {notifications.KEPT.days} days |" in page
    )
    assert days[0] == 1
    assert f"| a day; {days[1]} days; {days[2]} days |" in page
    hours, more = settings.SESSION_COOKIE_AGE // 3600, COOKIE_OUTLIVES // 86_400
    sessions = f"| {hours} hours at most; a session that expired, {more} days more |"
    assert sessions in page


EXAMPLES = DOCS / "examples"


def test_the_docs_show_the_examples_word_for_word() -> None:
    page = (DOCS / "onboard" / "automate.md").read_text()

    assert (EXAMPLES / "onboard.py").read_text() in page
    assert (EXAMPLES / "onboard_in_short.py").read_text() in page


def test_the_short_example_has_a_dozen_lines_below_its_settings() -> None:
    _, lines = (EXAMPLES / "onboard_in_short.py").read_text().split("\n\n\n", 1)

    assert len([line for line in lines.splitlines() if line]) <= 12


STATES = (Path(__file__).parents[2] / "docs" / "reference" / "states.md").read_text()


@pytest.mark.parametrize(
    ("part", "known"),
    [("Accounts", WORDS), ("Runs", tuple(Status.values))],
)
def test_each_state_has_a_row(part: str, known: tuple[str, ...]) -> None:
    assert re.findall(r"^\| ([^|]*) \| `(.*?)` \|", rows_of(part), re.MULTILINE) == [
        (words_of(state), state) for state in known
    ]


def rows_of(part: str) -> str:
    return STATES.partition(f"\n## {part}\n")[2].partition("\n## ")[0]


def test_each_outcome_has_a_row() -> None:
    found = re.findall(
        r"^\| ([a-z][^|]*?) \|", rows_of("Checks of a verification"), re.M
    )

    assert found == [*Outcome]


def test_accounts_are_in_one_of_eight_states() -> None:
    assert {word_of(state) for state in (*WORDS, State.APPLIED)} == {
        word_of(group) for group in GROUPS
    }
    assert len(GROUPS) == 8


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
