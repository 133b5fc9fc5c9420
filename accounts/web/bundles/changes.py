"""Two bundles compared, laid out as a plan is: their accounts, and their files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import Any

from django.utils.html import escape

from accounts.spinnaker.two_bundles import sides
from accounts.web.highlighting import highlighted_json_line
from accounts.web.runs.review.cards import Card, digest
from accounts.web.runs.review.diff import compare
from accounts.web.runs.review.plans import Group, Pointer, Reading, Review, Section
from accounts.web.runs.review.texts import compare_texts
from onboarding.resources.kinds import Key
from onboarding.resources.risks import Topic
from onboarding.spinnaker.bundle.comparison import Altered, Named
from onboarding.spinnaker.bundle.contents import PROVIDERS
from onboarding.spinnaker.bundle.excerpt import ChangedFile, Excerpt

MOST_OPEN = 20
"""With more accounts than this each begins folded."""


def review_of(excerpt: Excerpt) -> dict[str, Any]:
    """Return what the pages of deltas show."""
    return {"review": delta_review(excerpt), "more": excerpt.accounts_left_out}


def delta_review(excerpt: Excerpt) -> Review:
    """Lay out what a page shows of a delta."""
    numbers = count(1)
    groups = [accounts_group(excerpt, numbers), files_group(excerpt, numbers)]
    review = Review(tuple(group for group in groups if group.sections))
    return review._replace(readings=tuple(readings(excerpt, review.places)))


def accounts_group(excerpt: Excerpt, numbers: Iterator[int]) -> Group:
    kinds = (
        ("update", excerpt.changed),
        ("delete", excerpt.removed),
        ("create", excerpt.added),
    )
    shown: dict[str, list[tuple[str, Named]]] = {name: [] for name in PROVIDERS}
    for verb, of in kinds:
        for one in of:
            shown[one.provider].append((verb, one))
    opens = sum(map(len, shown.values())) <= MOST_OPEN
    return Group(
        "Spinnaker’s accounts",
        "",
        "",
        excerpt.accounts,
        tuple(
            Section(
                f"{provider} accounts",
                tuple(account_card(*one, next(numbers), opens=opens) for one in of),
            )
            for provider, of in shown.items()
            if of
        ),
    )


def key_of(one: Named) -> Key:
    return Key("", one.provider, one.name)


def account_card(verb: str, one: Named, number: int, *, opens: bool) -> Card:
    before, after = sides(verb, one)
    return Card(
        key=key_of(one),
        anchor=f"c{number}",
        verb=verb,
        kind=f"{one.provider} account",
        digest=digest((*key_of(one), verb, before, after)),
        diff=compare(before, after),
        risks=tuple(one.risks) if isinstance(one, Altered) else (),
        opens=opens and verb != "delete",
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
        note="" if diff else "Too long to be compared here: it is in the zip.",
        opens=file.verb == "update",
    )


def readings(excerpt: Excerpt, places: Mapping[Key, str]) -> Iterator[Reading]:
    """Yield what goes, what opens to everybody, and which fields change."""
    shown = excerpt.changed
    found: dict[str, Iterable[tuple[Named, str]]] = {
        Topic.DELETIONS: [
            (one, "Spinnaker forgets this account.") for one in excerpt.removed
        ],
        Topic.EVERYBODY: [(one, said) for one in shown for said in one.risks],
        "Changed": [(one, f"{fields_of(one)}.") for one in shown],
        "New": [(one, f"{one.provider} account.") for one in excerpt.added],
    }
    for topic, told in found.items():
        pointers = [
            Pointer(one.name, places[key_of(one)], sentence) for one, sentence in told
        ]
        if pointers:
            yield Reading(topic, tuple(pointers))


def fields_of(one: Altered) -> str:
    return ", ".join(field.name for field in one.fields)
