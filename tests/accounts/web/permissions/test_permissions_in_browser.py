"""The security reviewer's page in a real browser: the picture, axe, a phone, paper."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.accounts.web.browsing import width_of
from tests.rows import account_row, managing_row, person

LONG = "a-very-long-name-" + "x" * 43
CLUSTERS = [
    {"name": "apps", "region": "us-east-1", "namespaces": ["web", "jobs"]},
    {"name": LONG, "region": "us-east-1", "access": "aws-auth"},
]
OUTSIDE = """() => [...document.querySelectorAll("svg.chain-picture")]
  .filter((svg) => svg.getClientRects().length)
  .flatMap((svg) => {
    const all = [...svg.querySelectorAll("rect")].map((r) => r.getBBox());
    const whole = { x: 0, y: 0, width: svg.viewBox.baseVal.width - 2, height: 1e6 };
    return [...svg.querySelectorAll("text")].filter((text) => {
      const t = text.getBBox();
      const around = [whole, ...all].filter(
        (b) => b.x <= t.x && t.x <= b.x + b.width && b.y <= t.y && t.y <= b.y + b.height
      );
      return around.some((b) => t.x + t.width > b.x + b.width);
    });
  })
  .map((text) => text.textContent)"""
"""Name the words that run out of the innermost of what they stand in."""


@pytest.fixture
def paths(transactional_db: None) -> list[str]:
    """Describe an account of everything, one of clusters, and discouraged ones."""
    person("operator")
    managing_row(
        boundary=f"arn:aws:iam::911111111111:policy/{LONG}",
        trust_organization="o-a1b2c3d4e5",
        bowline_principal=f"arn:aws:iam::933333333333:role/{LONG}",
        trusts_bowline=True,
        bakes=True,
    )
    former = "11111111-2222-4333-8444-555555555555"
    clusters = {"eks": {"clusters": CLUSTERS}}
    power, lends = {"access": "power-user"}, {"tasks_as_managed_role": True}
    described: dict[str, dict[str, Any]] = {
        "all": {
            "providers": {"ec2": {}, "lambda": {}, **clusters},
            "former_external_id": former,
        },
        "clusters": {"providers": clusters},
        "lending": {
            "providers": {"ec2": power, "ecs": lends},
            "uses_external_id": False,
        },
    }
    rows = [
        account_row(name, account_id=f"{number:012}", **fields)
        for number, (name, fields) in enumerate(described.items())
    ]
    return [reverse("accounts:permissions", args=[row.pk]) for row in rows]


@pytest.mark.parametrize("width", [320, 390, 1440])
def test_no_word_of_the_picture_runs_out_and_no_page_is_too_wide(
    signed_in, paths: list[str], width: int
) -> None:
    page = signed_in(viewport={"width": width, "height": 900})

    for path in paths:
        page.goto(path)
        assert page.evaluate(OUTSIDE) == [], path
        assert width_of(page) <= width, path


@pytest.mark.smoke
@pytest.mark.parametrize(("width", "shown"), [(390, "narrow"), (1440, "wide")])
def test_one_picture_is_shown_and_its_words_can_be_read(
    signed_in, paths: list[str], width: int, shown: str
) -> None:
    page = signed_in(viewport={"width": width, "height": 900})

    page.goto(paths[0])

    picture = page.get_by_role("img", name="The trust chain of all")
    expect(picture).to_have_count(1)
    expect(picture).to_contain_class(f"picture-{shown}")
    box = picture.bounding_box()
    drawn = picture.evaluate("svg => svg.viewBox.baseVal.width")
    assert box is not None
    assert box["width"] / drawn > 0.85


def test_paper_is_white_and_holds_all_but_what_is_to_be_clicked(
    signed_in, paths: list[str]
) -> None:
    page = signed_in(color_scheme="dark", viewport={"width": 680, "height": 960})
    page.goto(paths[0])

    page.emulate_media(media="print")

    body = page.locator("body")
    white = "rgb(255, 255, 255)"
    panel = page.locator(".panel").first
    expect(panel).to_have_css("background-color", white)
    expect(body).to_have_css("color", "rgb(24, 32, 43)")
    expect(page.locator(".rail")).to_be_hidden()
    expect(page.get_by_role("navigation", name="On this page")).to_be_hidden()
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    expect(page.get_by_text("Printed on")).to_be_visible()
    expect(page.locator("svg.picture-wide")).to_be_visible()
    expect(page.locator("svg.picture-narrow")).to_be_hidden()
    document = page.locator("pre.code").first
    expect(document).to_have_css("max-height", "none")
    expect(document).to_have_css("white-space", "pre-wrap")
    expect(page.locator("main details.help")).to_be_hidden()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_paper_has_all_that_is_folded(
    signed_in, paths: list[str], scripts: bool
) -> None:
    page = signed_in(java_script_enabled=scripts)
    page.goto(paths[0])
    places = page.locator(".place").all()
    folded = page.locator(".permissions details:not([open])").count()

    page.emulate_media(media="print")
    if scripts:
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        expect(page.locator(".permissions details:not([open])")).to_have_count(0)
        page.evaluate("dispatchEvent(new Event('afterprint'))")

    assert len(places) > 100
    assert [one for one in places if not one.is_visible()] == []
    expect(page.locator(".permissions details:not([open])")).to_have_count(folded)


def test_it_is_short_at_first_and_its_contents_stay_in_sight(
    signed_in, paths: list[str]
) -> None:
    page = signed_in(viewport={"width": 1440, "height": 900})
    heights = {}
    for path in paths:
        page.goto(path)
        heights[path] = page.evaluate("document.documentElement.scrollHeight")
    page.goto(paths[0])

    page.get_by_role("link", name="Files").click()

    assert max(heights.values()) <= 3100, heights
    expect(page.get_by_role("navigation", name="On this page")).to_be_in_viewport()
    expect(page.get_by_text("Of Spinnaker 2026")).to_be_visible()


def test_the_filter_works_without_loading_the_page_again_and_stays_in_sight(
    signed_in, paths: list[str]
) -> None:
    page = signed_in(viewport={"width": 1440, "height": 900})
    page.goto(paths[0])
    page.evaluate("window.same = true")
    asked = page.get_by_role("searchbox", name="Action, resource, or reason")

    asked.fill("createtags")
    expect(page.locator("[data-found]")).to_contain_text(" of ")
    page.get_by_label("Which of them").select_option("Write")
    expect(page.locator(".line").first).to_contain_text("ec2:CreateTags")

    assert page.evaluate("window.same")
    assert page.url.endswith("?text=createtags&only=write")
    expect(page.locator(".line", has_text="DescribeTags")).to_have_count(0)
    expect(page.locator(".line").last).to_be_visible()
    page.mouse.wheel(0, 450)
    expect(asked).to_be_in_viewport()
    page.locator(".line > summary").first.click()
    expect(page.locator(".place").first).to_be_visible()


def test_what_is_asked_first_leads_to_its_lines(signed_in, paths: list[str]) -> None:
    page = signed_in()
    page.goto(paths[0])

    page.get_by_role("link", name="Passes roles to 2 services").click()

    expect(page.locator("#managed-1-found")).to_be_visible()
    expect(page.locator(".line:visible")).to_have_count(2)
