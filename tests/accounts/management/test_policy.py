"""`manage.py policy`: policies of others are accepted by the rows that pages have."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Activity, ForeignPolicy
from accounts.models.checks.foreign_policy import WRITES, today
from tests.accounts.runs.foreign.rows import foreign_row
from tests.rows import account_row, decider, managing_row, person

pytestmark = pytest.mark.django_db

DAY = f"{today() + timedelta(days=9)}"


def run(*words: str) -> tuple[int, str]:
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("policy", *words, stdout=out)
    return int(ended.value.code or 0), out.getvalue()


@pytest.fixture
def number() -> str:
    managing_row()
    account = account_row("web", environment="production")
    return f"{foreign_row(account, kind=WRITES).pk}"


def test_unknown_writes_are_asked_for_listed_and_accepted_by_two(number: str) -> None:
    decider("olga")
    decider("paul")
    ask = ("ask", number, "--reason", "Backups.", "--until", DAY, "--by", "olga")

    asked, _ = run(*ask)
    waits, said = run("list")
    read = ForeignPolicy.objects.get().asked_digest
    accepting = ("accept", number, "--read", read, "--by")
    with pytest.raises(CommandError, match=r"olga asked to accept it.* Ask paul"):
        call_command("policy", *accepting, "olga")
    done, words = run(*accepting, "paul")
    empty, nothing = run("list")

    assert (asked, waits, done, empty) == (2, 2, 0, 0)
    assert f"olga asked to accept it until {DAY}: Backups.\n  --read {read}" in said
    assert words.endswith(": accepted\n")
    assert nothing == ""
    entries = Activity.objects.order_by("number").values_list("who", "what")
    refused = ("olga", "refused")
    assert [*entries] == [("olga", "ask"), refused, ("paul", "accept policy")]
    ended, _ = run("end", number, "--by", "olga")
    assert ended == 0
    assert not ForeignPolicy.objects.get().is_accepted


def test_it_is_for_whoever_has_the_role_and_read_it(number: str) -> None:
    decider("olga")
    person("operator", username="own")
    run("ask", number, "--reason", "Backups.", "--until", DAY, "--by", "own")
    read = ForeignPolicy.objects.get().asked_digest

    for words, why in (
        (("accept", number, "--read", read, "--by", "own"), "the approver role"),
        (("accept", number, "--read", "0" * 64, "--by", "olga"), "Review it again"),
        (("accept", number, "--by", "olga"), "accept needs NUMBER and --read"),
        (("end", "--by", "olga"), "end needs NUMBER"),
        (("end", "99", "--by", "olga"), "There is no policy of others 99"),
        (("ask", "1", "--until", "soon"), "soon isn't a day such as"),
    ):
        with pytest.raises(CommandError, match=why):
            call_command("policy", *words)

    assert ForeignPolicy.objects.get().is_asked
