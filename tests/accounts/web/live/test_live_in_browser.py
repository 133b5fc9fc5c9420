"""Pages that update themselves in a real browser, and what a person keeps meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, expect

from accounts.models import ManagedAccount, Run
from accounts.models.states import State, Status
from tests.accounts.web.browsing import SignedIn, assert_axe_finds_nothing, complaints
from tests.rows import account_row, managing_row, person, run_row, step_row

LOOK = "01:00"
"""Longer than pages wait until they look again."""


@pytest.fixture
def run(transactional_db: None) -> Run:
    """Start to verify one account of many."""
    person("operator")
    managing_row()
    for number in range(40):
        account_row(f"a{number:02}", account_id=f"{number:012}", state=State.VERIFIED)
    account = account_row("payments", account_id="9" * 12, state=State.APPLYING)
    return run_row(Status.VERIFYING, account=account, kind=Run.Kind.VERIFY)


def end(run: Run, status: Status = Status.VERIFIED) -> None:
    assert run.account is not None
    run.move(status, since=(Status(run.status),))
    run.account.state = State(status)
    run.account.save(update_fields=["state"])


def opened(signed_in: SignedIn, path: str, **context: Any) -> Page:
    """Open a page whose clock only runs where a test lets it."""
    page = signed_in(**context)
    page.clock.install()
    page.goto(path)
    return page


def is_poll(request: Request) -> bool:
    return "bowline-seen" in request.headers


def toast(page: Page) -> Any:
    return page.get_by_role("status", name="Finished work")


@pytest.mark.smoke
def test_a_list_shows_what_ended_and_keeps_what_a_person_began(
    signed_in, run: Run
) -> None:
    page = opened(signed_in, "/accounts/")
    told = complaints(page)
    row = page.get_by_role("row").filter(has_text="payments")
    ticks = [page.get_by_label(f"Select {name}") for name in ("a03", "payments")]
    for tick in ticks:
        tick.check()
    field = page.get_by_role("searchbox")
    field.press_sequentially("a")
    field.evaluate("field => field.setSelectionRange(0, 1)")
    field.scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, 200)")
    page.evaluate("document.querySelector('#rows').wasHere = true")

    end(run)
    page.clock.run_for(LOOK)

    expect(row).to_contain_text("verified")
    for tick in ticks:
        expect(tick).to_be_checked()
    expect(page.get_by_text("2 accounts selected")).to_be_visible()
    expect(field).to_be_focused()
    expect(field).to_have_value("a")
    selected = "field => field.value.slice(field.selectionStart, field.selectionEnd)"
    assert field.evaluate(selected) == "a"
    assert page.evaluate("scrollY") == 200
    assert page.evaluate("document.querySelector('#rows').wasHere")
    assert told == []


def test_what_is_new_comes_on_top_and_takes_no_focus(signed_in, run: Run) -> None:
    page = opened(signed_in, "/runs/")
    link = page.get_by_role("link", name=run.title)
    link.focus()

    newer = run_row(Status.PLANNED, account=ManagedAccount.objects.get(name="a07"))
    page.clock.run_for(LOOK)

    expect(page.locator("tbody tr").first).to_contain_text(newer.title)
    expect(link).to_be_focused()


def test_focus_on_what_is_gone_goes_to_the_content_around_it(
    signed_in, run: Run
) -> None:
    page = opened(signed_in, "/accounts/?state=applying")
    link = page.get_by_role("link", name="payments")
    link.focus()

    end(run)
    page.clock.run_for(LOOK)

    expect(page.get_by_role("heading", name="No account matches")).to_be_visible()
    expect(page.locator("#content")).to_be_focused()


def test_what_a_person_was_told_stays(signed_in, run: Run) -> None:
    page = opened(signed_in, "/accounts/")
    page.get_by_label("Select a03").check()
    page.get_by_label("Select a03").evaluate("box => box.value = 'nothing'")
    page.get_by_role("button", name="Plan changes").click()
    said = page.get_by_text("nothing was started")
    expect(said).to_be_visible()

    end(run)
    page.clock.run_for(LOOK)

    expect(page.get_by_role("row").filter(has_text="payments")).to_contain_text(
        "verified"
    )
    expect(said).to_be_visible()


@pytest.mark.smoke
def test_a_toast_says_what_ended_until_it_is_dismissed(signed_in, run: Run) -> None:
    page = opened(signed_in, "/", bypass_csp=True)
    expect(page).to_have_title("Working · Overview · Bowline")
    expect(toast(page)).to_be_empty()

    end(run, Status.FAILED)
    page.clock.run_for(LOOK)

    said = toast(page).get_by_text(f"{run.title} of payments failed")
    expect(said).to_have_attribute("href", run.get_absolute_url())
    expect(page).to_have_title("Failed · Overview · Bowline")
    expect(page.locator("link[rel=icon]")).to_have_attribute(
        "href", "/static/mark-failed.svg"
    )
    assert_axe_finds_nothing(page)
    page.clock.run_for(LOOK)
    expect(said).to_be_visible()
    toast(page).get_by_role("button", name="Dismiss").click()
    expect(toast(page)).to_be_empty()


# What can be pressed and lies under a toast.
UNDER_THE_TOAST = """() => {
    const toast = document.querySelector("[data-toast]").getBoundingClientRect();
    const controls = "a, button, summary, input, select, textarea";
    const all = document.querySelectorAll(controls);
    return [...all].filter((one) => {
        const box = one.getBoundingClientRect();
        return !one.closest("[data-toast]") && one.checkVisibility() && box.width > 1
            && box.left < toast.right && box.right > toast.left
            && box.top < toast.bottom && box.bottom > toast.top;
    }).map((one) => one.outerHTML.slice(0, 80));
}"""


def test_a_toast_covers_nothing_that_can_be_pressed(signed_in, run: Run) -> None:
    page = opened(signed_in, "/accounts/")
    end(run, Status.FAILED)
    page.clock.run_for(LOOK)
    expect(toast(page).get_by_text("failed")).to_be_visible()
    page.get_by_label("Select a03").check()
    covered = []

    for width in (1440, 1024, 390):
        page.set_viewport_size({"width": width, "height": 844})
        for y in (0, 400, 9000):
            page.evaluate("y => scrollTo({top: y, behavior: 'instant'})", y)
            covered += [(width, y, one) for one in page.evaluate(UNDER_THE_TOAST)]

    assert covered == []


def test_good_news_leaves_by_itself_unless_it_is_being_read(
    signed_in, run: Run
) -> None:
    page = opened(signed_in, "/accounts/")
    end(run)
    page.clock.run_for("00:03")

    said = toast(page).get_by_text("Account payments is verified")
    expect(said).to_be_visible()
    said.hover()
    page.clock.run_for("00:30")
    expect(said).to_be_visible()
    page.mouse.move(0, 0)
    page.clock.run_for("00:30")
    expect(said).not_to_be_attached()


@pytest.mark.smoke
def test_the_asking_stops_with_the_work_and_is_seldom_out_of_sight(
    signed_in, run: Run
) -> None:
    page = opened(signed_in, "/runs/")
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if is_poll(one) else 0)

    def asks(within: str = LOOK) -> bool:
        asked.clear()
        page.clock.run_for(within)
        return bool(asked)

    def sight(is_hidden: str) -> None:
        page.evaluate(
            f"""() => {{
                Object.defineProperty(document, "hidden",
                    {{ value: {is_hidden}, configurable: true }});
                document.dispatchEvent(new Event("visibilitychange"));
            }}"""
        )

    page.reload()
    assert asked == []
    with page.expect_response(lambda one: is_poll(one.request)):
        page.clock.run_for(LOOK)
    asked.clear()
    sight("true")
    assert asked == []
    assert not asks("00:20")
    with page.expect_response(lambda one: is_poll(one.request)):
        page.clock.run_for("00:30")
    with page.expect_response(lambda one: is_poll(one.request)):
        sight("false")
    end(run)
    page.clock.run_for(LOOK)
    expect(page.locator("#live")).to_have_attribute("data-every", "0")
    assert not asks()
    with page.expect_response(lambda one: is_poll(one.request)):
        sight("false")


def test_a_run_is_watched_with_its_folds_and_loads_whole_at_its_end(
    signed_in, run: Run
) -> None:
    Run.objects.update(status=Status.APPLYING, approved_at=run.created_at)
    run.refresh_from_db()
    step = step_row(run, status="running")
    page = opened(signed_in, run.get_absolute_url())
    told = complaints(page)
    steps = page.locator("details#run-steps")
    steps.locator("summary").click()
    expect(steps).not_to_have_attribute("open", "")

    run.steps.update(status="done")
    page.clock.run_for(LOOK)

    expect(page.get_by_text("1 of 1 done").first).to_be_visible()
    expect(steps).not_to_have_attribute("open", "")

    end(run)
    page.clock.run_for(LOOK)

    expect(page.get_by_role("heading", name="Spinnaker has access")).to_be_visible()
    expect(toast(page)).to_be_empty()
    expect(page).to_have_title(f"Done · {run.title}: Verify payments · Bowline")
    assert step.pk
    assert told == []


def test_an_account_keeps_what_is_open_and_gets_what_is_new(
    signed_in, run: Run
) -> None:
    assert run.account is not None
    page = opened(signed_in, run.account.get_absolute_url())
    opened_ones = page.locator("details.provider-details, .resources details")
    count = opened_ones.count()
    for fold in opened_ones.all():
        fold.locator("summary").click()

    end(run)
    page.clock.run_for(LOOK)

    expect(page.get_by_role("button", name="Verify now")).to_have_count(0)
    expect(page.locator(".head-title .state")).to_have_text("verified")
    assert page.locator("details[open]").count() >= count > 1


def test_whoever_was_signed_out_is_told_and_nothing_more_is_asked(
    signed_in, run: Run
) -> None:
    page = opened(signed_in, "/runs/")
    page.context.clear_cookies()
    page.clock.run_for(LOOK)
    expect(toast(page)).to_contain_text("You're signed out.")
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))

    page.clock.run_for(LOOK)

    assert asked == []
    toast(page).get_by_role("link").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_one_asks_at_a_time_less_often_after_an_error_and_no_more_for_what_is_gone(
    signed_in, run: Run
) -> None:
    page = opened(signed_in, "/runs/")
    held: list[Route] = []
    page.route(
        "**/runs/",
        lambda route: (
            held.append(route) if is_poll(route.request) else route.fallback()
        ),
    )

    def asks(within: str) -> int:
        """Count what the page asks within its own time, and answers nothing."""
        held.clear()
        page.clock.run_for(within)
        page.wait_for_load_state("domcontentloaded")
        page.evaluate("0")
        return len(held)

    assert asks(LOOK) == 1
    with page.expect_event("requestfinished", is_poll):
        held[0].fulfill(status=500)
    assert asks("00:03") == 0
    assert asks("00:02") == 1
    with page.expect_event("requestfinished", is_poll):
        held[0].fulfill(status=404)
    assert asks(LOOK) == 0


def test_the_content_of_another_page_is_not_taken(signed_in, run: Run) -> None:
    page = opened(signed_in, "/runs/")

    def led_away(route: Route) -> None:
        elsewhere = route.request.url.replace("/runs/", "/bundles/")
        route.fulfill(status=302, headers={"Location": elsewhere})

    page.route("**/runs/", led_away)
    with page.expect_response("**/bundles/"):
        page.clock.run_for(LOOK)
    page.clock.run_for("00:01")

    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
