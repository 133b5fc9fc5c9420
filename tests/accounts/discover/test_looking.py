"""Looking at AWS for a report: what is kept, by which look, and in how many slices."""

from __future__ import annotations

from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from accounts.discover import looking
from accounts.discover.looking import enabled_regions, look
from accounts.discover.questions import MOST_OF_ONE, ask
from accounts.mapping.adopting.keeping import document_of, found_by
from accounts.models import Adoption, Question
from accounts.models.question import SpinnakerReport
from accounts.tasks import carry_on
from onboarding.adopting.looking import InAws, RoleInAws, Target
from onboarding.topology import Reach
from tests.accounts.mapping.adopted import report_row
from tests.accounts.web.answers import work
from tests.rows import person

NAMES = ("a", "b", "c")
IDS = {name: f"{number}" * 12 for number, name in enumerate(NAMES, 1)}


@pytest.fixture
def olga(db: None) -> Any:
    return person("operator", username="olga")


@pytest.fixture
def row(olga) -> Adoption:
    return report_row(olga, IDS)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Target]:
    """Answer in place of AWS; return which accounts were read."""
    found: list[Target] = []

    def look_at(_: Any, target: Target) -> InAws:
        found.append(target)
        role = RoleInAws(target.roles[0], exists=True, actions=len(found))
        return InAws(target.reach.account_id, (role,))

    monkeypatch.setattr(looking, "look_at", look_at)
    return found


def carry() -> Question:
    """Let a worker do one slice."""
    lookup = Question.objects.get()
    carry_on("question", str(lookup.pk))
    lookup.refresh_from_db()
    return lookup


def kept(row: Adoption) -> dict[str, Any]:
    """Return what the report has of AWS, by the account's name."""
    document = document_of(Adoption.objects.get(pk=row.pk))
    SpinnakerReport.model_validate(document)
    return {
        one["name"]: one["in_aws"]["roles"][0]["actions"]
        for one in document["accounts"]
        if "in_aws" in one
    }


def test_every_account_that_can_be_taken_is_read_with_the_role(
    olga, row, asked
) -> None:
    look(row, "Access", olga)
    work()

    row.refresh_from_db()
    assert {one.reach for one in asked} == {Reach(it, "Access") for it in IDS.values()}
    assert asked[0].roles == ("spinnakerManaged", "BaseIAMRole")
    assert kept(row).keys() == IDS.keys()
    assert (row.look["looked"], row.look["accounts"]) == (3, 3)
    assert found_by(row)[0][1]["roles"][0]["actions"] == 3


def test_it_continues_in_the_next_slice(olga, row, asked, monkeypatch) -> None:
    monkeypatch.setattr(looking, "SLICE", 0.0)
    look(row, "Access", olga)
    first = carry()
    assert first.waits
    monkeypatch.setattr(looking, "SLICE", 15.0)
    monkeypatch.setattr(looking, "BATCH", 2)

    assert not carry().waits
    assert len(asked) == 3


def test_a_look_that_stopped_is_continued_and_one_that_ended_begins_again(
    olga, row, asked, monkeypatch
) -> None:
    monkeypatch.setattr(looking, "BATCH", 2)
    calls = iter([False, True])
    keep = looking.keep_looks

    def keep_then_die(*given: Any) -> bool:
        if next(calls, False):
            raise SoftTimeLimitExceeded
        return keep(*given)

    monkeypatch.setattr(looking, "keep_looks", keep_then_die)
    look(row, "Access", olga)
    ended = carry()
    assert ended.refused
    assert len(kept(row)) == 2

    look(row, "Access", olga)
    assert len(kept(row)) == 2
    carry()
    assert len(kept(row)) == 3

    look(row, "Access", olga)
    assert kept(row) == {}


def test_another_role_begins_another_look_and_the_first_one_ends(
    olga, row, asked
) -> None:
    first = look(row, "Access", olga)
    look(row, "Reader", olga)

    carry_on("question", str(first.pk))
    assert not asked
    work()

    assert {one.reach.access_role for one in asked} == {"Reader"}
    assert len(kept(row)) == 3


def test_what_an_earlier_look_reads_late_is_not_kept(olga, row, asked) -> None:
    look(row, "Access", olga)
    stale = Adoption.objects.get(pk=row.pk)
    look(row, "Reader", olga)

    assert not looking.keep_looks(stale, {"a": InAws("1" * 12)})
    assert kept(row) == {}


def test_one_account_that_breaks_leaves_the_others(
    olga, row, asked, monkeypatch, caplog
) -> None:
    look_at = looking.look_at

    def broken(sessions: Any, target: Target) -> InAws:
        if target.name == "a":
            raise KeyError("Statement")
        return look_at(sessions, target)

    monkeypatch.setattr(looking, "look_at", broken)
    look(row, "Access", olga)
    work()

    row.refresh_from_db()
    first = dict(found_by(row))["a"]
    assert first["unread"] == looking.FAILED
    assert len(found_by(row)) == 3
    assert "KeyError" in caplog.text


def test_an_internal_error_ends_it_with_a_sentence(
    olga, row, monkeypatch, caplog
) -> None:
    monkeypatch.setattr(looking, "left_to_look", lambda row: 1 // 0)
    look(row, "Access", olga)

    assert carry().message == looking.FAILED
    assert "ZeroDivisionError" in caplog.text


def test_where_too_much_waits_nothing_begins(olga, row) -> None:
    for number in range(MOST_OF_ONE):
        ask(enabled_regions.at("aws", Reach(f"{number}")), olga)

    assert look(row, "Access", olga) is None
    row.refresh_from_db()
    assert row.look is None


def test_a_report_that_expired_is_not_looked_at(olga, row, asked) -> None:
    look(row, "Access", olga)
    Adoption.objects.all().delete()

    assert not carry().waits
    assert not asked
