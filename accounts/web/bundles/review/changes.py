"""Two bundles compared, laid out as a plan is: their accounts, and their files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import Any, NamedTuple

from django.core.paginator import Paginator
from django.utils.html import escape

from accounts.spinnaker.two_bundles import sides
from accounts.web.bundles.review.alike import Alike, grouped, own_of
from accounts.web.highlighting import highlighted_json_line
from accounts.web.runs.review.cards import Card, Line, digest
from accounts.web.runs.review.diff import compare
from accounts.web.runs.review.plans import Group, Pointer, Reading, Review, Section
from accounts.web.runs.review.texts import compare_texts
from onboarding.resources.kinds import Key
from onboarding.resources.risks import Topic
from onboarding.spinnaker.bundle.comparison import Altered, Named
from onboarding.spinnaker.bundle.contents import PROVIDERS
from onboarding.spinnaker.bundle.excerpt import ChangedFile, Excerpt

PAGE = 50
"""How many are to read on a page: more make it too long to find anything."""

MOST_OPEN = 5
"""With more to read than this each account begins folded; files always do."""


def review_of(excerpt: Excerpt, asked: str | None) -> dict[str, Any]:
    """Return what a page of two bundles shows; `asked` is its number, as it came."""
    whole = whole_review(excerpt)
    page = Paginator(whole.cards, PAGE).get_page(asked)
    shown = {card.anchor for card in page}
    return {
        "review": whole._replace(groups=tuple(groups_with(whole, shown))),
        "cards_page": page,
        "more": excerpt.accounts_excluded,
    }


def groups_with(review: Review, shown: Collection[str]) -> Iterator[Group]:
    """Yield the groups that have these cards, with them only."""
    for group in review.groups:
        cut = (
            section._replace(cards=tuple(c for c in section.cards if c.anchor in shown))
            for section in group.sections
        )
        if sections := tuple(section for section in cut if section.cards):
            yield group._replace(sections=sections)


def whole_review(excerpt: Excerpt) -> Review:
    """Lay out all of it; what is to read first leads to the page that has it."""
    numbers = count(1)
    groups = [accounts_group(excerpt, numbers), files_group(excerpt, numbers)]
    review = Review(tuple(group for group in groups if group.sections))
    return review._replace(readings=tuple(readings(excerpt, places_in(review))))


class Where(NamedTuple):
    """Where a change is: the query of its page, and its anchor there."""

    page: str
    anchor: str


def places_in(review: Review) -> Mapping[Key, Where]:
    many = len(review.cards) > PAGE
    pages = {
        card.anchor: f"?page={number // PAGE + 1}" if many else ""
        for number, card in enumerate(review.cards)
    }
    return {
        key: Where(pages[anchor.partition("-")[0]], anchor)
        for key, anchor in review.places.items()
    }


def accounts_group(excerpt: Excerpt, numbers: Iterator[int]) -> Group:
    kinds: tuple[tuple[str, tuple[Named, ...]], ...] = (
        ("update", excerpt.changed),
        ("delete", excerpt.removed),
        ("create", excerpt.added),
    )
    shown: dict[str, list[Alike]] = {name: [] for name in PROVIDERS}
    for verb, of in kinds:
        for alike in grouped(verb, of):
            shown[alike.first.provider].append(alike)
    few = sum(map(len, shown.values())) <= MOST_OPEN
    return Group(
        "Spinnaker's accounts",
        "",
        "",
        excerpt.accounts,
        tuple(
            Section(
                f"{provider} accounts",
                tuple(alike_card(one, next(numbers), opens=few) for one in of),
            )
            for provider, of in shown.items()
            if of
        ),
    )


def key_of(one: Named) -> Key:
    return Key("", one.provider, one.name)


def alike_card(alike: Alike, number: int, *, opens: bool) -> Card:
    """Show one account, or the first of those that differ in names and ids only."""
    verb, first = alike.verb, alike.first
    before, after = sides(verb, first)
    whole = [(*key_of(one), verb, *sides(verb, one)) for one in alike.accounts]
    card = Card(
        key=key_of(first),
        anchor=f"c{number}",
        verb=verb,
        kind=f"{first.provider} account",
        digest=digest(*whole),
        diff=compare(before, after),
        risks=tuple(first.risks) if isinstance(first, Altered) else (),
        opens=opens and verb != "delete",
    )
    if len(alike.accounts) == 1:
        return card
    return replace(
        card,
        key=Key("", first.provider, f"{len(alike.accounts):,} like {first.name}"),
        kind=f"{first.provider} accounts",
        opens=False,
        counts=len(alike.accounts),
        note=f"{first.name} is shown in full. The others differ only in the following:",
        lines=tuple(
            Line(
                key=key_of(one),
                anchor=f"c{number}-{position}",
                verb=verb,
                name=one.name,
                details=tuple(own_of(one)),
                risks=(),
            )
            for position, one in enumerate(alike.accounts, 1)
        ),
    )


def files_group(excerpt: Excerpt, numbers: Iterator[int]) -> Group:
    cards = tuple(file_card(one, next(numbers)) for one in excerpt.files)
    total = sum(excerpt.paths.values())
    title = f"The first {len(cards)} of {total:,}" if total > len(cards) else "By path"
    sections = (Section(title, cards),) if cards else ()
    return Group("Files", "", "", excerpt.paths, sections)


def file_card(file: ChangedFile, number: int) -> Card:
    coloured = highlighted_json_line if file.path.endswith(".json") else escape
    compares = not file.is_long
    diff = compare_texts(file.before, file.after, coloured) if compares else None
    return Card(
        key=Key("", "file", file.path),
        anchor=f"c{number}",
        verb=file.verb,
        kind="file",
        digest=digest((file.path, file.digest)),
        diff=diff,
        note="" if diff else "Too long to compare here. The file is in the zip.",
        opens=False,
    )


def readings(excerpt: Excerpt, places: Mapping[Key, Where]) -> Iterator[Reading]:
    """Yield what goes, what opens to everybody, and which fields change."""
    shown = excerpt.changed
    found: dict[str, Iterable[tuple[Named, str]]] = {
        Topic.DELETIONS: [
            (one, "Spinnaker removes this account.") for one in excerpt.removed
        ],
        Topic.EVERYONE: [(one, said) for one in shown for said in one.risks],
        "Changed": [(one, f"{fields_of(one)}.") for one in shown],
        "New": [(one, f"{one.provider} account.") for one in excerpt.added],
    }
    for topic, pairs in found.items():
        pointers = [
            Pointer(one.name, where.anchor, sentence, where.page)
            for one, sentence in pairs
            for where in [places[key_of(one)]]
        ]
        if pointers:
            yield Reading(topic, tuple(pointers))


def fields_of(one: Altered) -> str:
    return ", ".join(field.name for field in one.fields)
