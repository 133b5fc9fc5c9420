"""Badge, banner, picture and table of an account agree, whatever its row holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from html import unescape
from itertools import product
from typing import NamedTuple

import pytest
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import Bundle, DeliveredAccount, FoundRoles, ManagedAccount
from accounts.models.account import MISSES
from accounts.models.checks import WRITES
from accounts.models.states import (
    TOGETHER,
    VERIFIED,
    Facts,
    State,
    Status,
    standing,
)
from accounts.spinnaker.presence import presence_of
from accounts.web.overview import views
from tests.accounts.runs.foreign.rows import foreign_row
from tests.rows import account_row, run_row

pytestmark = pytest.mark.usefixtures("managing")

BADGE = re.compile(
    r'<span class="state state-(\w+)"\s+title="[^"]*"><svg.*?</svg>'
    r"([^<]+|<span>(?:<span[^>]*>[^<]+</span> ?)+</span>)</span>",
    re.S,
)
VERDICT = re.compile(
    r'class="panel result result-(\w+) verdict".*?<h2 id="verdict">([^<]+)</h2>', re.S
)
NODE = re.compile(
    r'class="node node-(\w+)"[^>]*>\s*<title>([\w-]+) \(\d+\): ([^<]+)</title>'
)


class Shown(NamedTuple):
    colour: str
    word: str


def rows_of_all_facts() -> list[ManagedAccount]:
    """Make an account of every combination: state, proof, age, edit, acceptance."""
    now = timezone.now()
    states = [state for state in State.values if state != State.APPLIED]
    kinds = product(states, ("", *VERIFIED), (1, 9), (1, 2), (None, now))
    return ManagedAccount.objects.bulk_create(
        ManagedAccount(
            name=f"a{n}",
            account_id=f"{n:012}",
            environment=f"e{n}",
            state=state,
            verification=verification,
            verified_at=now - timedelta(days=days),
            granted_at=now,
            approved_version=1,
            version=version,
            accepted_at=accepted,
        )
        for n, (state, verification, days, version, accepted) in enumerate(kinds)
    )


def table(page: str) -> dict[str, Shown]:
    """Read each row's badge from the table of a page."""
    body = re.search(r'<tbody(?: id="rows")?>(.*?)</tbody>', page, re.S)
    rows = re.findall(r"<tr.*?</tr>", body[1] if body else "", re.S)
    names = [re.search(r'<td[^>]*><a href="[^"]*">([\w-]+)</a>', row) for row in rows]
    return {name[1]: badge(row) for name, row in zip(names, rows, strict=True)}


def badge(part: str) -> Shown:
    """Read the first badge of a part of a page."""
    colour, words = BADGE.search(part).groups()
    return Shown(colour, re.sub("<[^>]*>", "", words))


def nodes(page: str) -> dict[str, Shown]:
    return {name: Shown(colour, word) for colour, name, word in NODE.findall(page)}


def test_all_places_agree_about_all_facts(viewer, monkeypatch) -> None:
    rows = rows_of_all_facts()
    monkeypatch.setattr(views, "MOST_NODES", len(rows))
    overview = viewer.get("/").content.decode()
    pages = range(1, len(rows) // 50 + 2)
    lists = [viewer.get(f"/accounts/?page={n}").content.decode() for n in pages]
    listed = {name: one for page in lists for name, one in table(page).items()}
    drawn, tabled = nodes(overview), table(overview)

    for row in rows:
        page = viewer.get(row.get_absolute_url()).content.decode()
        shown = badge(page)
        (verdict,) = VERDICT.findall(page)

        assert drawn[row.name] == tabled[row.name] == listed[row.name] == shown, row
        assert verdict[0] == shown.colour, row
        says_access = verdict[1] == "Spinnaker has access"
        assert not says_access or shown.colour in ("good", "busy", "neutral"), row
        is_good = row.state == State.VERIFIED and not row.stale_since
        assert (shown.colour == "good") is is_good, row


def test_environments_agree_with_their_accounts(viewer, monkeypatch) -> None:
    rows = rows_of_all_facts()
    monkeypatch.setattr(views, "MOST_NODES", 0)

    matrix = viewer.get("/").context["matrix"]

    found = {row.name: row for row in (*matrix.first, *matrix.more)}
    for row in rows:
        (cell,) = (one for one in found[row.environment].cells if one.accounts)
        assert row.word in TOGETHER.get(cell.column.title, (cell.column.title,))


def test_the_banner_tells_the_error_of_the_run_that_failed(viewer) -> None:
    account = account_row(state=State.FAILED)
    error = {"message": "Denied.", "hint": "Allow it."}
    run_row(Status.FAILED, account=account, error=error)
    run_row(Status.DISCARDED, account=account)

    page = viewer.get(account.get_absolute_url()).content.decode()

    assert "The last run of this account failed." in page
    assert "Denied." in page
    assert "<b>To do:</b> Allow it." in page


def test_an_error_of_before_the_edit_is_not_told_any_more(viewer) -> None:
    account = account_row(state=State.OUTDATED)
    run_row(Status.FAILED, account=account, error={"message": "Denied.", "hint": ""})

    page = viewer.get(account.get_absolute_url()).content.decode()

    assert "The account was edited after it was planned" in page
    assert "Denied." not in page


def test_why_a_plan_was_refused_is_told(viewer) -> None:
    account = account_row(state=State.OUTDATED)
    error = {"message": "AWS changed since the plan.", "hint": "Plan again."}
    run_row(Status.OUTDATED, account=account, error=error)

    page = viewer.get(account.get_absolute_url()).content.decode()

    assert "AWS changed since the plan." in page


def test_a_failed_account_says_that_it_was_edited_too() -> None:
    account = account_row(state=State.FAILED, approved_version=1, version=2)

    assert account.standing.sentences[-1].startswith("The account was also edited")


def all_facts() -> Iterator[Facts]:
    """Yield every combination of what a row can hold about its state."""
    others = [one for one in fields(Facts) if one.name not in ("state", "verification")]
    values = [(False, True) if one.type == "bool" else (0, 2) for one in others]
    states = [state for state in State.values if state != State.APPLIED]
    for state, verification in product(states, ("", *VERIFIED)):
        for chosen in product(*values):
            names = (one.name for one in others)
            yield Facts(state, verification, **dict(zip(names, chosen, strict=True)))


def test_no_sentence_about_a_state_names_a_part_of_the_page() -> None:
    """Only the page knows which parts it has; API and notifications have none."""
    places = re.compile(r"\b(below|above|under|section|tab)\b", re.I)
    said = {one for facts in all_facts() for one in standing(facts).sentences}

    assert len(said) > 10
    assert [one for one in said if places.search(one)] == []


def test_what_sentences_ask_for_is_the_next_step() -> None:
    """The page's blue button is what its sentences say, and only one is blue."""
    for facts in all_facts():
        found = standing(facts)
        said = " ".join(found.sentences)

        assert not (found.is_to_verify and found.is_to_plan), facts
        if "Plan again" in said:
            assert found.is_to_plan, (facts, said)
        elif "erify again" in said or "verify the account again" in said:
            assert found.is_to_verify, (facts, said)


LISTED = {
    "nothing": {},
    "a policy": {"kind": "attachment"},
    "writes": {"kind": WRITES, "policy": "2 writes unknown", "removable": False},
}


@pytest.mark.parametrize("adopts", [False, True])
@pytest.mark.parametrize("found", LISTED)
@pytest.mark.parametrize(
    "facts",
    [
        {"state": State.DRIFTED, "unapproved": 1},
        {"state": State.DRIFTED},
        {"state": State.VERIFIED, "verification": State.VERIFIED, "unknown_writes": 2},
    ],
)
def test_every_part_that_the_verdict_names_is_on_the_page(
    viewer, facts, found, adopts
) -> None:
    account = account_row(granted_at=timezone.now(), adopts=adopts, **facts)
    if given := LISTED[found]:
        foreign_row(account, **given)
    if adopts:
        FoundRoles.objects.create(
            account=account, read_at=timezone.now(), taken="policies"
        )

    shown = viewer.get(account.get_absolute_url())

    verdict = verdict_of(shown.content.decode())
    tabs = {tab.key: tab.title for tab in shown.context["tabs"]}
    assert {*re.findall(r"\?tab=([\w-]+)", verdict)} <= tabs.keys()
    named = re.findall("Existing roles|Policies of others", verdict)
    assert {*named} <= {*tabs.values()}
    assert ("policy of others" in verdict) is (found == "a policy")
    assert ("2 writes unknown" in verdict) is (found == "writes")
    assert ("tab=of-others" in verdict) is (found != "nothing")


def verdict_of(page: str) -> str:
    """Read what the first panel says, with its links."""
    panel = page.partition(' verdict">')[2]
    return " ".join(panel.partition("</section>")[0].split())


def rows_of_bundles() -> list[ManagedAccount]:
    """Make an account of every combination of what bundles and sentences depend on."""
    now = timezone.now()
    states = [state for state in State.values if state != State.APPLIED]
    facts = product(
        states,
        ({}, {"entries": []}),
        (None, now),
        (False, True),
        (0, MISSES),
        (0, 2),
    )
    rows = ManagedAccount.objects.bulk_create(
        ManagedAccount(
            name=f"a{n}",
            account_id=f"{n:012}",
            state=state,
            verification=state if state in VERIFIED else State.EVALUATED,
            verified=verified,
            verified_at=now,
            excluded_at=excluded,
            withdrawn=withdrawn,
            missed=missed,
            unknown_writes=writes,
            approved_version=1,
            version=2,
        )
        for n, (state, verified, excluded, withdrawn, missed, writes) in enumerate(
            facts
        )
    )
    for row in rows:
        if row.unknown_writes:
            foreign_row(row, **LISTED["writes"])
    return rows


def test_bundles_include_an_account_only_where_they_do(viewer) -> None:
    """Neither sentences of its state, nor the page where it is excluded, say more."""
    rows = rows_of_bundles()
    ready = {*ManagedAccount.objects.ready().values_list("pk", flat=True)}
    now = re.compile(r"undles include (the|this) account as it was|include the last")

    for row in rows:
        said = " ".join(row.standing.sentences)
        shown = render_to_string("accounts/_in_bundles.html", {"account": row})

        is_in = row.pk in ready
        assert row.is_in_bundles is is_in
        for text in (said, " ".join(shown.split())):
            assert is_in or not now.search(text), (row.state, text)
        assert not (is_in and "no longer include" in said), said
        if "Bundles include the account after" in said:
            assert not is_in, said
            assert not row.excluded_at, said
        assert ("Bundles include this account" in shown) is is_in
        assert ("Excluded from bundles" in shown) is bool(row.excluded_at)


READY, BUILDING = Bundle.Status.READY, Bundle.Status.BUILDING
FAILED_TO_BUILD = Bundle.Status.FAILED
IN, OUT = True, False
BUNDLES = {
    "Not in a bundle yet.": [
        [],
        [(1, FAILED_TO_BUILD, IN, None)],
        [(1, BUILDING, IN, None)],
        [(1, READY, OUT, 1)],
    ],
    "doesn't know which bundle Spinnaker has": [
        [(1, READY, IN, None)],
        [(1, READY, IN, None), (2, FAILED_TO_BUILD, IN, None)],
    ],
    "In bundle 2, but not marked as installed in Spinnaker.": [
        [(1, READY, OUT, 1), (2, READY, IN, None)],
        [(1, READY, OUT, 1), (2, READY, IN, None), (3, FAILED_TO_BUILD, IN, None)],
        [(1, READY, IN, 1), (2, READY, IN, None), (3, READY, OUT, 2)],
    ],
    "Spinnaker has a, in bundle 1.": [
        [(1, READY, IN, 1)],
        [(1, READY, IN, 2), (2, READY, OUT, 1)],
        [(1, READY, IN, 1), (2, READY, IN, None)],
    ],
    "No longer in Spinnaker, which had it with bundle 1.": [
        [(1, READY, IN, 1), (2, READY, OUT, 2)],
        [(1, READY, IN, 1), (2, READY, OUT, 2), (3, READY, OUT, None)],
    ],
}
"""What is said of an account: by its bundles, each with a number, what became of it,
whether the account is in it, and the day of its installation.
"""


@pytest.mark.parametrize("was_removed", [False, True])
@pytest.mark.parametrize("is_excluded", [False, True])
def test_what_is_said_of_bundles_is_what_they_hold(
    viewer, was_removed, is_excluded
) -> None:
    now = timezone.now()
    account = account_row(
        "a",
        granted_at=None if was_removed else now,
        excluded_at=now if is_excluded else None,
    )
    for says, histories in BUNDLES.items():
        for history in histories:
            Bundle.objects.all().delete()
            for number, status, holds, day in history:
                at = now + timedelta(days=day) if day else None
                bundle = Bundle.objects.create(
                    number=number, status=status, installed_at=at
                )
                bundle.accounts.set([account] if holds else [])

            page = viewer.get(account.get_absolute_url()).content.decode()

            text = words_of(verdict_of(page))
            said = [one for one in BUNDLES if one in text]
            assert said == [says], history
            assert ("Excluded from later bundles." in text) is is_excluded


def test_what_a_delivery_saw_gone_is_no_longer_in_spinnaker(viewer) -> None:
    now = timezone.now()
    account = account_row(
        "a", granted_at=now, state=State.VERIFIED, verification=State.VERIFIED
    )
    bundle = Bundle.objects.create(number=1, status=READY, installed_at=now)
    bundle.accounts.add(account)
    later = now + timedelta(days=1)
    DeliveredAccount.objects.create(
        name="a", type="aws", leaving=True, sent_at=later, gone_at=later
    )

    page = viewer.get(account.get_absolute_url()).content.decode()

    text = words_of(verdict_of(page))
    assert "No longer in Spinnaker, which had it with bundle 1." in text


@pytest.mark.parametrize("is_delivered", [False, True])
@pytest.mark.parametrize("is_excluded", [False, True])
def test_a_removal_asks_for_nothing_that_was_done(is_excluded, is_delivered) -> None:
    now = timezone.now()
    proved = {"state": State.VERIFIED, "verification": State.VERIFIED}
    account_row("b", account_id="1" * 12, **proved)
    account = account_row(
        "a", granted_at=now, excluded_at=now if is_excluded else None, **proved
    )
    bundle = Bundle.objects.create(number=1, status=READY, installed_at=now)
    bundle.accounts.add(account)
    if is_delivered:
        DeliveredAccount.objects.create(name="a", type="aws", sent_at=now)

    to_do = presence_of(account).to_do

    steps = {
        (False, False): "Exclude it from bundles, install a bundle without it",
        (False, True): "Exclude it from bundles and plan a delivery.",
        (True, False): "Install a bundle without it",
        (True, True): "Plan a delivery.",
    }
    assert to_do.startswith(steps[is_excluded, is_delivered])


def words_of(part: str) -> str:
    return unescape(" ".join(re.sub("<[^>]*>", "", part).split()))
