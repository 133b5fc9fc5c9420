"""Badges, ids and times, as they come out of a template."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils import timezone

from accounts.models import Bundle, CheckResult, Step
from accounts.models.states import BADGES, State, Status, word_of, words_of
from accounts.templatetags.bowline import (
    breakable,
    provider_title,
    seconds,
    thousands,
)
from accounts.templatetags.marks import ago, arn
from onboarding.providers import PROVIDERS

STATIC = Path(__file__).parents[3] / "static"
WORDS = {
    *State.values,
    *Status.values,
    *Step.Status.values,
    *CheckResult.Outcome.values,
    *Bundle.Status.values,
    "create",
    "update",
    "delete",
}


def rendered(source: str, **context: object) -> str:
    return Template("{% load bowline %}" + source).render(Context(context))


@pytest.mark.parametrize("word", sorted(WORDS))
def test_every_word_for_a_state_has_a_badge(word: str) -> None:
    html = rendered("{% badge word %}", word=word)

    assert re.sub("<[^>]*>", "", html) == words_of(word)
    assert f"state-{BADGES[word].colour}" in html


def test_what_may_be_confused_differs_by_word_and_icon_not_by_colour_alone() -> None:
    alike = ("verified", "evaluated", "drifted", "outdated", "failed")

    assert len({word_of(state) for state in alike}) == len(alike)
    assert len({BADGES[state].icon for state in alike}) == len(alike)


def test_the_sprite_has_every_icon() -> None:
    drawn = set(re.findall(r'<symbol id="(\w+)"', (STATIC / "icons.svg").read_text()))
    templates = STATIC.parent / "templates"
    asked = {
        name
        for path in templates.rglob("*.html")
        for name in re.findall(r'{% icon "(\w+)" %}', path.read_text())
    }

    assert {badge.icon for badge in BADGES.values()} <= drawn
    assert asked <= drawn


@pytest.mark.parametrize("key", PROVIDERS)
def test_every_provider_has_a_logo(key: str) -> None:
    assert (STATIC / "providers" / f"{key}.svg").exists()
    assert f"providers/{key}.svg" in rendered("{% logo key %}", key=key)


def test_an_icon_is_hidden_from_screen_readers() -> None:
    assert 'aria-hidden="true"' in rendered('{% icon "check" %}')


def test_a_copy_button_says_what_it_copies() -> None:
    html = rendered('{% copy text "account ID" %}', text='"1" & 2')

    assert 'data-copy="&quot;1&quot; &amp; 2"' in html
    assert '<span class="visually-hidden">Copy account ID</span>' in html


def test_an_account_id_keeps_its_zeros_and_can_be_copied() -> None:
    html = rendered("{% account_id id %}", id="001234567890")

    assert ">001234567890</span>" in html
    assert 'data-copy="001234567890"' in html


def test_an_arn_may_break_after_colons_and_slashes() -> None:
    html = arn("arn:aws:iam::1:role/a<b")

    assert html == "arn:<wbr>aws:<wbr>iam:<wbr>:<wbr>1:<wbr>role/<wbr>a&lt;b"


@pytest.mark.parametrize(
    ("name", "html"),
    [
        ("clouddriver-local.yml", "clouddriver-<wbr>local<wbr>.yml"),
        ("BowlineEC2Read.json", "Bowline<wbr>EC2<wbr>Read<wbr>.json"),
        ("a_b<c", "a_<wbr>b&lt;c"),
    ],
)
def test_a_files_name_breaks_between_words(name: str, html: str) -> None:
    assert breakable(name) == html


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0, ""),
        (0.0004, ""),
        (0.042, "42 ms"),
        (0.9999, "999 ms"),
        (1.84, "1.8 s"),
        (12.4, "12 s"),
        (134, "2 min 14 s"),
    ],
)
def test_seconds_have_units(value: float | None, text: str) -> None:
    assert seconds(value) == text


@pytest.mark.parametrize(
    ("past", "text"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=3), "3 min ago"),
        (timedelta(hours=5), "5 h ago"),
        (timedelta(days=1, hours=2), "1 day ago"),
        (timedelta(days=40), "40 days ago"),
    ],
)
def test_ago_says_how_long(past: timedelta, text: str) -> None:
    assert ago(timezone.now() - past) == text


@pytest.mark.parametrize(
    ("ahead", "text"),
    [
        (timedelta(seconds=2), "just now"),
        (timedelta(seconds=40), "in less than a minute"),
        (timedelta(minutes=3, seconds=30), "in 3 min"),
        (timedelta(days=2, hours=2), "in 2 days"),
    ],
)
def test_what_is_ahead_is_not_said_to_be_now(ahead: timedelta, text: str) -> None:
    assert ago(timezone.now() + ahead) == text


def test_a_time_has_the_exact_one_on_hover() -> None:
    moment = timezone.now().replace(2026, 3, 1, 14, 5, 6, 0)

    html = rendered("{% when moment %}", moment=moment)

    assert 'title="1 Mar 2026, 14:05:06 UTC"' in html
    assert 'datetime="2026-03-01T14:05:06+00:00"' in html


def test_what_never_was_says_so() -> None:
    assert ">never</span>" in rendered('{% when moment "never" %}', moment=None)


@pytest.mark.parametrize(
    ("key", "title"),
    [("lambda", "Lambda"), ("chain", "Spinnaker's role chain"), ("new", "new")],
)
def test_checks_are_titled_by_what_they_are_about(key: str, title: str) -> None:
    assert provider_title(key) == title


def test_a_large_count_can_be_read() -> None:
    assert thousands(10010) == "10,010"
