"""A page that asks for itself: 204 while nothing moved, else it, with what ended."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.signing import Signer
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Bundle, ManagedAccount, Run
from accounts.models.states import State, Status
from accounts.web.live.views import SEEN
from tests.accounts.web.asking import asked_again, seen_by
from tests.bundles import core
from tests.factories import topology
from tests.rows import account_row, bundle_row, run_row, step_row

pytestmark = pytest.mark.usefixtures("managing")


def word(response: HttpResponse) -> str:
    """Read what the tab says in front of its title."""
    found = re.search(r"<title>(?:(.*?) · )?Runs · ", response.content.decode())
    assert found
    return found[1] or ""


def fact(response: HttpResponse, name: str) -> str:
    found = re.search(rf'data-{name}="([^"]*)"', response.content.decode())
    assert found
    return found[1]


def toasts(response: HttpResponse) -> list[tuple[str, str]]:
    """List (kind, text) of what ended."""
    return re.findall(
        r'toast-note-(\w+)".*?<a [^>]+>([^<]+)<', response.content.decode(), re.DOTALL
    )


def account(name: str) -> ManagedAccount:
    count = ManagedAccount.objects.count()
    return account_row(name, account_id=f"{count:012}", state=State.APPLYING)


def working(name: str, status: Status = Status.VERIFYING, **fields: Any) -> Run:
    return run_row(status, account=account(name), **fields)


def move(run: Run, to: Status) -> None:
    run.move(to, since=(Status(run.status),))


PAGES = ["/", "/accounts/", "/runs/", "/bundles/"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_asks_while_something_moves_and_stops_with_it(
    viewer: Client, page: str
) -> None:
    run = working("web")

    shown = viewer.get(page)
    nothing_new = asked_again(viewer, shown)
    move(run, Status.VERIFIED)
    moved = asked_again(viewer, shown)

    assert fact(shown, "every") == "2000"
    assert (nothing_new.status_code, nothing_new.content) == (204, b"")
    assert (moved.status_code, fact(moved, "every")) == (200, "0")
    assert asked_again(viewer, moved).status_code == 204


@pytest.mark.parametrize("page", PAGES)
def test_a_page_on_which_nothing_moves_does_not_ask(viewer: Client, page: str) -> None:
    run_row(Status.PLANNED, account=account("web"))

    assert fact(viewer.get(page), "every") == "0"


@pytest.mark.parametrize(
    "change",
    [
        lambda run: run.steps.update(status="done"),
        lambda run: run.checks.create(
            position=0, provider="ec2", name="List", outcome="passed"
        ),
        lambda run: Run.objects.filter(pk=run.pk).update(waiting="Waiting for AWS"),
        lambda run: move(run, Status.VERIFYING),
    ],
    ids=["a step", "a check", "what is waited for", "the status"],
)
def test_a_run_moves_with_all_that_its_page_shows(viewer: Client, change: Any) -> None:
    run = working("web", Status.APPLYING, approved_at=timezone.now())
    step_row(run, status="running")
    shown = viewer.get(run.get_absolute_url())
    assert asked_again(viewer, shown).status_code == 204

    change(run)

    assert asked_again(viewer, shown).status_code == 200


def test_an_account_moves_with_its_run_and_with_no_other(viewer: Client) -> None:
    run, other = working("web"), working("api")
    assert run.account is not None
    shown = viewer.get(run.account.get_absolute_url())

    move(other, Status.VERIFIED)
    assert asked_again(viewer, shown).status_code == 204

    move(run, Status.VERIFIED)
    assert asked_again(viewer, shown).status_code == 200


def test_a_bundle_that_is_built_ends_the_asking_and_is_told(viewer: Client) -> None:
    bundle = bundle_row(topology(core()), 4)
    Bundle.objects.update(status=Bundle.Status.BUILDING)
    pages = [viewer.get(path) for path in (bundle.get_absolute_url(), "/bundles/")]

    Bundle.objects.update(status=Bundle.Status.READY)
    answers = [asked_again(viewer, page) for page in pages]

    for page, answer in zip(pages, answers, strict=True):
        assert (fact(page, "every"), fact(answer, "every")) == ("2000", "0")
    told = [toasts(answer) for answer in answers]
    assert told == [[], [("good", "Bundle 4 is ready")]]  # its own page says so


@pytest.mark.parametrize(
    ("status", "word", "icon"),
    [
        (Status.PLANNING, "Working", "mark-working"),
        (Status.APPLYING, "Working", "mark-working"),
        (Status.PLANNED, "Needs approval", "mark-waiting"),
        (Status.FAILED, "Failed", "mark-failed"),
        (Status.ERRORED, "Failed", "mark-failed"),
        (Status.VERIFIED, "Done", "mark-done"),
        (Status.DISCARDED, "", "mark"),
    ],
)
def test_the_tab_of_a_run_says_its_state(
    viewer: Client, status: Status, word: str, icon: str
) -> None:
    run = working("web", status)

    page = viewer.get(run.get_absolute_url()).content.decode()

    before = f"{word} · " if word else ""
    assert f"<title>{before}Run {run.number}: Onboard web · Bowline</title>" in page
    assert re.search(rf'rel="icon" href="/static/{icon}[.\w]*svg"', page)


@pytest.mark.parametrize(
    ("endings", "says"),
    [
        ((Status.VERIFIED, Status.VERIFIED), "Done"),
        ((Status.PLANNED, Status.VERIFIED), "Needs approval"),
        ((Status.PLANNED, Status.FAILED), "Failed"),
    ],
)
def test_the_tab_of_a_list_says_how_what_it_watched_ended(
    viewer: Client, endings: tuple[Status, Status], says: str
) -> None:
    runs = [working("a"), working("b")]
    shown = viewer.get("/runs/")
    assert word(shown) == "Working"

    for run, ending in zip(runs, endings, strict=True):
        move(run, ending)

    assert word(asked_again(viewer, shown)) == says
    assert word(viewer.get("/runs/")) == ""


def test_it_says_what_ended_and_nothing_twice(viewer: Client) -> None:
    runs = {name: working(name) for name in ("payments", "orders", "stock")}
    shown = viewer.get("/accounts/")

    move(runs["payments"], Status.VERIFIED)
    first = asked_again(viewer, shown)
    move(runs["orders"], Status.FAILED)
    move(runs["stock"], Status.PLANNED)
    second = asked_again(viewer, first)

    assert toasts(first) == [("good", "Account payments is verified")]
    assert [kind for kind, _ in toasts(second)] == ["bad"]
    assert "3 runs finished: " in toasts(second)[0][1]


def test_what_a_person_put_aside_is_not_told(viewer: Client) -> None:
    working("web")
    run = run_row(Status.PLANNED, account=account("api"))
    shown = viewer.get("/runs/")

    move(run, Status.DISCARDED)

    assert toasts(asked_again(viewer, shown)) == []


def test_a_batch_is_summed_up_in_one_sentence(
    viewer: Client,
) -> None:
    runs = [working(f"a{number}") for number in range(6)]
    shown = viewer.get("/runs/")

    for run in runs[1:]:
        move(run, Status.VERIFIED)
    move(runs[0], Status.FAILED)

    assert toasts(asked_again(viewer, shown)) == [
        ("bad", "6 runs finished: 5 verified, 1 failed"),
    ]


def test_a_batch_says_how_far_it_is_and_how_long_it_will_take(viewer: Client) -> None:
    runs = [working(f"a{number}", Status.APPLYING) for number in range(8)]
    began = timezone.now() - timedelta(minutes=6)
    Run.objects.update(created_at=began - timedelta(days=1), moved_at=began)
    before = viewer.get("/runs/").content.decode()

    for run in runs[:3]:
        move(run, Status.VERIFIED)
    after = viewer.get("/runs/").content.decode()

    assert "<b>0 of 8</b> runs done</p>" in before
    assert re.search(r"<b>3 of 8</b> runs done <span [^>]+>about \d+ min left<", after)
    assert '<progress class="bar-progress" max="8" value="3"' in after


def test_what_ended_before_the_batch_began_is_not_counted(viewer: Client) -> None:
    move(working("old"), Status.VERIFIED)
    Run.objects.update(moved_at=timezone.now() - timedelta(hours=1))
    working("a")
    alone = viewer.get("/runs/").content.decode()
    working("b")
    two = viewer.get("/runs/").content.decode()

    assert "runs done" not in alone
    assert "<b>0 of 2</b>" in two


@pytest.mark.parametrize("seen", ["", "x", "a:b", Signer(key="x").sign_object([])])
def test_a_version_that_it_did_not_write_is_one_that_moved(
    viewer: Client, seen: str
) -> None:
    run = working("web")

    answer = viewer.get(run.get_absolute_url(), headers={SEEN: seen})

    assert (answer.status_code, toasts(answer)) == (200, [])


def test_what_another_person_has_seen_opens_nothing(viewer: Client) -> None:
    run = working("web")
    seen = seen_by(viewer.get(run.get_absolute_url()))
    without_a_role = Client()
    without_a_role.force_login(User.objects.create_user("sam"))

    answers = [
        client.get(run.get_absolute_url(), headers=seen).status_code
        for client in (viewer, without_a_role, Client())
    ]

    assert answers == [204, 403, 286]  # the last: sign in to see updates


def test_the_queries_do_not_grow_with_what_there_is(viewer: Client) -> None:
    def queries() -> int:
        shown = viewer.get("/runs/")
        with CaptureQueriesContext(connection) as captured:
            assert asked_again(viewer, shown).status_code == 204
        return len(captured)

    for number in range(2):
        working(f"a{number}")
    few = queries()
    for number in range(20):
        working(f"b{number}")
        move(working(f"c{number}"), Status.VERIFIED)

    assert queries() == few


def test_without_scripts_a_link_reloads(viewer: Client) -> None:
    working("web")

    html = viewer.get("/accounts/").content.decode()

    assert '<p class="no-js soft small">' in html
    assert '<a href="">Reload</a>' in html


def test_htmx_takes_no_script_and_nothing_out_of_place_from_an_answer(
    viewer: Client,
) -> None:
    html = viewer.get("/accounts/").content.decode()

    assert '"allowEval": false' in html
    assert '"allowScriptTags": false' in html
    assert '"allowNestedOobSwaps": false' in html
