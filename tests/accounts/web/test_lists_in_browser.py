"""Lists in a real browser: rows that open, filters that apply, pages to go to."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from accounts.models import Bundle, ManagedAccount, Run
from accounts.models.states import State, Status
from tests.accounts.web.browsing import (
    assert_axe_finds_nothing,
    assert_it_fits,
    at_widths,
    complaints,
    width_of,
)
from tests.rows import account_row, managing_row, person, run_row


@pytest.fixture
def rows(transactional_db: None) -> None:
    person("operator")
    managing_row()
    accounts = ManagedAccount.objects.bulk_create(
        ManagedAccount(
            name=f"a{number:03}",
            account_id=f"{number:012}",
            state=State.FAILED if number % 100 == 0 else State.DRAFT,
        )
        for number in range(320)
    )
    run_row(Status.FAILED, account=accounts[0], started_from=Run.Origin.COMMAND)
    run_row(Status.VERIFIED, account=accounts[1])
    Bundle.objects.create(number=1, status=Bundle.Status.FAILED)


def names(page: Page) -> Any:
    return page.locator("tbody tr[data-row] td:not(.tick):has(a) a")


@at_widths(1440, 1024, 390)
def test_a_long_name_and_a_state_of_two_words_share_a_row(
    look: dict[str, Any], signed_in, live_server: Any, transactional_db: None
) -> None:
    person("operator")
    managing_row(name="spinnakermanaging", state=State.OUTDATED)
    every = {key: {} for key in ("ec2", "ecs", "eks", "lambda")}
    account_row(state=State.PLANNED, environment="production", providers=every)
    account_row("a-b", account_id="1" * 12, state=State.HANDED_OFF)
    page = signed_in(**look)

    page.goto("/accounts/")

    name = page.get_by_role("cell").get_by_text("spinnakermanaging")
    box = name.bounding_box()
    assert box
    assert box["height"] < 30  # of two lines it is 42
    table = page.locator(".table-scroll")
    assert table.evaluate("one => one.scrollWidth <= one.clientWidth")
    assert_it_fits(page, look)


@pytest.mark.smoke
def test_a_choice_applies_at_once_and_back_takes_it_back(
    signed_in, live_server: Any, rows: None
) -> None:
    page = signed_in()
    told = complaints(page)
    page.goto("/accounts/?page=3")
    page.evaluate("document.body.stays = true")

    page.get_by_label("State").focus()
    page.get_by_label("State").select_option("failed or not as approved")

    expect(names(page)).to_have_text(["a000", "a100", "a200", "a300"])
    expect(page).to_have_url(
        f"{live_server.url}/accounts/?state=failed+or+not+as+approved"
    )
    assert page.evaluate("document.body.stays")
    expect(page.locator("#said")).to_have_text("1–4 of 4 managed accounts")
    expect(page.get_by_label("State")).to_be_focused()
    expect(page.get_by_role("button", name="Filter")).to_be_hidden()
    page.go_back()
    expect(page.get_by_text("101–150 of 320 managed accounts")).to_be_visible()
    expect(page.get_by_label("State")).to_have_value("")
    assert told == []


def test_what_was_chosen_and_typed_before_the_scripts_ran_applies(
    signed_in, live_server: Any, rows: None
) -> None:
    page = signed_in()
    late: list[Route] = []
    page.route("**/filters*.js", lambda route: late.append(route))
    page.goto("/accounts/?page=3", wait_until="commit")
    expect(page.get_by_text("101–150 of 320 managed accounts")).to_be_visible()

    page.get_by_label("State").select_option("failed or not as approved")
    page.get_by_label("Name or account ID").fill("a1")
    late[0].continue_()

    expect(names(page)).to_have_text(["a100"])
    expect(page).to_have_url(
        f"{live_server.url}/accounts/?text=a1&state=failed+or+not+as+approved"
    )


def test_an_address_stays_until_something_is_chosen(
    signed_in, live_server: Any, rows: None
) -> None:
    page = signed_in()

    page.goto("/accounts/?state=failed+or+not+as+approved&page=1")

    expect(page).to_have_url(
        f"{live_server.url}/accounts/?state=failed+or+not+as+approved&page=1"
    )


def test_what_is_typed_applies_and_stays(
    signed_in, live_server: Any, rows: None
) -> None:
    page = signed_in()
    page.goto("/accounts/")
    field = page.get_by_label("Name or account ID")

    field.press_sequentially("a10")

    expect(names(page).first).to_have_text("a100")
    expect(names(page)).to_have_count(10)
    expect(page).to_have_url(f"{live_server.url}/accounts/?text=a10")
    expect(field).to_be_focused()
    expect(field).to_have_value("a10")
    link = page.get_by_role("link", name="CSV")
    expect(link).to_have_attribute("href", "/accounts.csv?text=a10")
    field.fill("nothing like it")
    expect(page.get_by_text("No account matches")).to_be_visible()
    expect(page.locator("#said")).to_have_text("Nothing matches.")
    page.get_by_role("link", name="Clear").click()
    expect(page.get_by_text("1–50 of 320 managed accounts")).to_be_visible()


def test_a_row_opens_what_its_first_link_opens(
    signed_in, live_server: Any, rows: None
) -> None:
    page = signed_in()
    page.goto("/runs/")
    address = f"{live_server.url}/runs/"

    row = page.locator("tr[data-row]").filter(has_text="a000")
    words = row.locator("td").nth(5)
    box = words.bounding_box()
    assert box
    page.mouse.move(box["x"] + 14, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()

    assert page.evaluate("getSelection().toString()")
    expect(page).to_have_url(address)
    row.get_by_role("link", name="a000").click()
    expect(page.get_by_role("heading", name="a000", exact=True)).to_be_visible()
    page.goto("/runs/")
    words.click()
    expect(page.get_by_role("heading", name="Onboard a000")).to_be_visible()


def test_a_row_with_a_modifier_opens_another_tab(
    signed_in, live_server: Any, rows: None
) -> None:
    page = signed_in()
    page.goto("/accounts/")
    cell = page.locator("tr[data-row]").nth(1).locator("td").last

    with page.context.expect_page() as opened:
        cell.click(modifiers=["ControlOrMeta"])
    with page.context.expect_page() as another:
        cell.click(button="middle")

    for tab in (opened, another):
        expect(tab.value.get_by_role("heading", name="a000")).to_be_visible()
    expect(page).to_have_url(f"{live_server.url}/accounts/")


@pytest.mark.smoke
def test_the_cell_of_a_tick_ticks(signed_in, rows: None) -> None:
    page = signed_in()
    page.goto("/accounts/")
    cell = page.locator("tr[data-row] td.tick:has(input)").first

    cell.click(position={"x": 2, "y": 2})

    expect(cell.locator("input")).to_be_checked()
    expect(page.get_by_text("1 account selected")).to_be_visible()


def test_each_page_is_a_click_away(signed_in, rows: None) -> None:
    page = signed_in(java_script_enabled=False)
    page.goto("/accounts/?state=draft")
    pages = page.get_by_role("navigation", name="Pages")

    pages.get_by_role("link", name="Page 7").click()

    expect(page.get_by_text("301–316 of 316 managed accounts")).to_be_visible()
    texts = pages.locator("li").all_inner_texts()
    assert [" ".join(text.split()) for text in texts] == [
        "Previous",
        "Page 1",
        "…",
        "Page 6",
        "Page 7",
    ]
    expect(pages.locator("[aria-current=page]")).to_have_text("Page 7")
    page.get_by_label("State").select_option("failed or not as approved")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_text("1–4 of 4 managed accounts")).to_be_visible()


@pytest.mark.parametrize("width", [1024, 390])
def test_a_list_fits_its_card_in_low_rows(signed_in, rows: None, width: int) -> None:
    """At less than a desk's width the columns that matter least give way."""
    ManagedAccount.objects.filter(name="a000").update(name="payments-staging")
    Run.objects.update(account_name="payments-staging", created_by_name="operator")
    page = signed_in(viewport={"width": width, "height": 800})
    for path in ("/accounts/?text=payments", "/runs/", "/bundles/"):
        page.goto(path)

        over, highest = page.evaluate(
            """() => {
                const card = document.querySelector(".table-scroll");
                const rows = [...card.querySelectorAll("tbody tr")];
                const heights = rows.map((row) => row.getBoundingClientRect().height);
                return [card.scrollWidth - card.clientWidth, Math.max(...heights)];
            }"""
        )

        assert over <= 0, path
        assert highest < 64, path


def test_the_mark_of_help_is_on_the_line_of_a_long_heading(
    signed_in, rows: None
) -> None:
    account = ManagedAccount.objects.get(name="a000")
    page = signed_in(viewport={"width": 390, "height": 800})
    for name in ("dev", "some-account", "account-staging", "a-long-one-for-two-lines"):
        ManagedAccount.objects.filter(pk=account.pk).update(name=name)
        page.goto(f"/accounts/{account.pk}/providers/")

        assert page.evaluate(COVERED) == [], name
        heading = page.get_by_role("heading", level=1).bounding_box()
        mark = page.locator("details.help > summary").bounding_box()

        assert heading is not None
        assert mark is not None
        assert heading["y"] <= mark["y"] < heading["y"] + heading["height"], name
    page.goto(f"/accounts/{account.pk}/permissions/")
    assert page.evaluate(COVERED) == []


# What lies under the mark of help.
COVERED = """() => {
    const mark = document.querySelector("details.help > summary");
    const { left, right, top, bottom } = mark.getBoundingClientRect();
    return [...document.querySelectorAll(".head :is(.state, .btn)")].filter((one) => {
        const box = one.getBoundingClientRect();
        const apart = box.right <= left || box.left >= right;
        return !apart && box.bottom > top && box.top < bottom;
    }).map((one) => one.textContent.trim());
}"""


def test_a_filter_applies_where_nothing_moves(signed_in, rows: None) -> None:
    person("administrator")
    page = signed_in("administrator")
    page.goto("/settings/activity/")
    field = page.get_by_label("Person")

    field.press_sequentially("nothing like it")

    expect(page.locator("#said")).to_have_text("Nothing matches.")


LISTS = ("/accounts/", "/runs/", "/settings/people/", "/settings/activity/")
SHOWN = """() => {
    const all = document.querySelectorAll(".filters :is(input, select, summary)");
    return [...all].filter((one) => one.type !== "hidden" && one.checkVisibility())
        .map((one) => {
            const { top, bottom } = one.getBoundingClientRect();
            return [one.name ?? "more", Math.round((top + bottom) / 2)];
        });
}"""


def test_filters_are_on_one_line_and_on_a_phone_under_one_button(
    signed_in, rows: None
) -> None:
    person("administrator")
    page = signed_in("administrator")
    for path in LISTS:
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(path)

        lines = [line for _, line in page.evaluate(SHOWN)]

        assert max(lines) - min(lines) <= 2, path
        page.set_viewport_size({"width": 390, "height": 844})
        first, more = page.evaluate(SHOWN)
        assert more[0] == "more", path
        assert abs(first[1] - more[1]) <= 2, path


def test_a_choice_on_a_phone_is_counted_and_leaves_the_choices_open(
    signed_in, rows: None
) -> None:
    page = signed_in(viewport={"width": 390, "height": 844})
    page.goto("/accounts/")
    expect(page.get_by_label("State")).to_be_hidden()

    page.locator("summary", has_text="Filter").click()
    page.get_by_label("State").click()
    page.get_by_label("State").select_option("failed or not as approved")

    expect(names(page)).to_have_text(["a000", "a100", "a200", "a300"])
    expect(page.locator("summary", has_text="Filter (1)")).to_be_visible()
    expect(page.get_by_label("Policy version")).to_be_visible()


@pytest.mark.smoke
def test_a_filter_is_saved_opened_and_deleted(signed_in, rows: None) -> None:
    page = signed_in(bypass_csp=True)
    page.goto("/accounts/")
    saved = page.locator(".saved-filters > summary")
    expect(saved).to_have_count(0)
    page.get_by_label("State").select_option("failed or not as approved")
    expect(names(page)).to_have_count(4)

    saved.click()
    name = "Broken since the last change of the platform team's role"
    page.get_by_label("Name of the present filter").fill(name)
    page.get_by_role("button", name="Save this filter").click()
    expect(page.get_by_text("is saved.")).to_be_visible()

    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/accounts/")
    saved.click()
    link = page.get_by_role("link", name=name)
    expect(link).to_be_visible()
    assert width_of(page) <= 390
    assert_axe_finds_nothing(page)
    link.click()
    expect(names(page)).to_have_text(["a000", "a100", "a200", "a300"])
    saved.click()
    page.get_by_role("button", name="Delete the filter").click()
    expect(page.get_by_text("is deleted.")).to_be_visible()
    expect(saved).to_have_count(0)


def test_the_ways_to_add_accounts_are_under_one_button(signed_in, rows: None) -> None:
    page = signed_in()
    page.goto("/accounts/")
    one = page.get_by_role("link", name="Onboard an account")
    expect(one).to_be_hidden()

    page.locator("summary", has_text="Add").click()

    expect(one).to_be_visible()
    expect(page.get_by_role("link", name="Add from the organization")).to_be_visible()
    expect(page.get_by_role("link", name="Add from a file")).to_be_visible()
    page.keyboard.press("Escape")
    expect(one).to_be_hidden()
