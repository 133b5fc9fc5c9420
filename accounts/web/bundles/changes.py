"""Two bundles compared, laid out as a plan is: their accounts, and their files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import count

from django.utils.html import escape

from accounts.web.highlighting import highlighted_json_line
from accounts.web.runs.review.cards import Card, digest
from accounts.web.runs.review.diff import compare
from accounts.web.runs.review.plans import Group, Pointer, Reading, Review, Section
from accounts.web.runs.review.texts import compare_texts
from onboarding.resources.kinds import Key
from onboarding.resources.risks import Topic
from onboarding.spinnaker.bundle.comparison import Altered, BundleDelta, Named
from onboarding.spinnaker.bundle.contents import PROVIDERS

MOST_ACCOUNTS = 200
"""The most of each kind that are shown; manifest.json names the others."""

MOST_FILES = 50
MOST_CHARACTERS = 200_000
"""Of this many files, and of files as long as this, the lines are compared."""

MOST_OPEN = 20
"""With more accounts than this each begins folded."""

Texts = Mapping[str, str]
"""Files by their path."""


def delta_review(delta: BundleDelta, before: Texts, after: Texts) -> Review:
    """Lay a delta out, with the texts of the files that differ."""
    numbers = count(1)
    groups = [
        accounts_group(delta, numbers),
        files_group(delta, before, after, numbers),
    ]
    review = Review(tuple(group for group in groups if group.sections))
    return review._replace(readings=tuple(readings(delta, review.places)))


def left_out(delta: BundleDelta) -> int:
    """Count the accounts that are not shown."""
    kinds = (delta.added, delta.changed, delta.removed)
    return sum(max(len(kind) - MOST_ACCOUNTS, 0) for kind in kinds)


def accounts_group(delta: BundleDelta, numbers: Iterator[int]) -> Group:
    kinds = {"create": delta.added, "update": delta.changed, "delete": delta.removed}
    shown: dict[str, list[tuple[str, Named]]] = {name: [] for name in PROVIDERS}
    for verb in ("update", "delete", "create"):
        for one in kinds[verb][:MOST_ACCOUNTS]:
            shown[one.provider].append((verb, one))
    opens = sum(map(len, shown.values())) <= MOST_OPEN
    return Group(
        "Spinnaker’s accounts",
        "",
        "",
        {verb: len(of) for verb, of in kinds.items()},
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
    before = one.before if isinstance(one, Altered) else None
    if verb == "delete":
        before, after = one.account, None
    else:
        after = one.account
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


def paths_shown(delta: BundleDelta) -> list[str]:
    """List the files whose lines are compared."""
    return sorted((*delta.files, *delta.gone))[:MOST_FILES]


def files_group(
    delta: BundleDelta, before: Texts, after: Texts, numbers: Iterator[int]
) -> Group:
    verbs = {path: "create" if path in delta.new else "update" for path in delta.files}
    verbs |= dict.fromkeys(delta.gone, "delete")
    cards = tuple(
        file_card(path, verbs[path], before.get(path), after.get(path), next(numbers))
        for path in paths_shown(delta)
    )
    more = len(verbs) - len(cards)
    title = f"The first {len(cards)} of {len(verbs):,}" if more else "By path"
    sections = (Section(title, cards),) if cards else ()
    return Group("Files", "", "", Counter(verbs.values()), sections)


def file_card(
    path: str, verb: str, before: str | None, after: str | None, number: int
) -> Card:
    texts = [text for text in (before, after) if text is not None]
    is_long = any(len(text) > MOST_CHARACTERS for text in texts)
    coloured = highlighted_json_line if path.endswith(".json") else escape
    compares = texts and not is_long
    diff = compare_texts(before, after, coloured) if compares else None
    return Card(
        key=Key("", "file", path),
        anchor=f"c{number}",
        verb=verb,
        kind="file",
        digest=digest((path, before, after)),
        diff=diff,
        note="" if diff else "Too long to be compared here: it is in the zip.",
        opens=verb == "update",
    )


def readings(delta: BundleDelta, places: Mapping[Key, str]) -> Iterator[Reading]:
    """Yield what goes, what opens to everybody, and which fields change."""
    shown = delta.changed[:MOST_ACCOUNTS]
    found: dict[str, Iterable[tuple[Named, str]]] = {
        Topic.DELETIONS: [
            (one, "Spinnaker forgets this account.")
            for one in delta.removed[:MOST_ACCOUNTS]
        ],
        Topic.EVERYBODY: [(one, said) for one in shown for said in one.risks],
        "Changed": [(one, f"{fields_of(one)}.") for one in shown],
        "New": [
            (one, f"{one.provider} account.") for one in delta.added[:MOST_ACCOUNTS]
        ],
    }
    for topic, told in found.items():
        pointers = [
            Pointer(one.name, places[key_of(one)], sentence) for one, sentence in told
        ]
        if pointers:
            yield Reading(topic, tuple(pointers))


def fields_of(one: Altered) -> str:
    return ", ".join(field.name for field in one.fields)
