"""What a bundle changes: the next one, or one since another; and how a page waits for a
long comparison: a worker makes it, and it is kept.

What was found is shown until what it compared is another one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import escape

from accounts.discover.comparisons import (
    Comparison,
    Made,
    changes_found,
    changes_of,
    of_two,
    with_last,
)
from accounts.http import Request
from accounts.mapping.managing import NoManagingAccount
from accounts.models import Bundle, ManagedAccount, Question
from accounts.spinnaker.bundles import exclude_from_bundles
from accounts.spinnaker.next_bundle import sides, two, unlike_now
from accounts.web.crumbs import crumbs
from accounts.web.highlighting import highlighted_json_line
from accounts.web.posts import post
from accounts.web.questions import Asking, lead, look_up, state_of, waiting_page
from accounts.web.role_limits import everywhere
from accounts.web.runs.decisions import account_of
from accounts.web.runs.review.cards import Card, Line, digest
from accounts.web.runs.review.diff import compare, compare_texts
from accounts.web.runs.review.plans import Group, Pointer, Reading, Review, Section
from accounts.wording import counted
from onboarding.resources.kinds import Key
from onboarding.resources.risks import Topic
from onboarding.spinnaker.bundle.comparison import (
    LABELS,
    Altered,
    ChangedFile,
    Excerpt,
    Named,
)
from onboarding.spinnaker.bundle.contents import PROVIDERS, Account

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


Where = tuple[str, str]
"""The query of the page that a change is on, and its anchor there."""


def places_in(review: Review) -> Mapping[Key, Where]:
    many = len(review.cards) > PAGE
    pages = {
        card.anchor: f"?page={number // PAGE + 1}" if many else ""
        for number, card in enumerate(review.cards)
    }
    return {
        key: (pages[anchor.partition("-")[0]], anchor)
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
        Topic.DELETIONS: [(one, "Removed from Spinnaker.") for one in excerpt.removed],
        Topic.EVERYONE: [(one, said) for one in shown for said in one.risks],
        "Changed": [
            (one, f"{', '.join(field.name for field in one.fields)}.") for one in shown
        ],
        "New": [(one, f"Added to {one.provider}.") for one in excerpt.added],
    }
    for topic, pairs in found.items():
        pointers = [
            Pointer(one.name, anchor, sentence, page)
            for one, sentence in pairs
            for page, anchor in [places[key_of(one)]]
        ]
        if pointers:
            yield Reading(topic, tuple(pointers))


LEAST = 3
"""Fewer than this are shown one by one: a group of two saves nobody anything."""

OWN = ("accountId", "awsAccount", "externalId")
"""What each account has as its own, besides what is made of its name."""


class Alike(NamedTuple):
    verb: str
    accounts: tuple[Named, ...]

    @property
    def first(self) -> Named:
        return self.accounts[0]


def grouped(verb: str, accounts: Iterable[Named]) -> Iterator[Alike]:
    """Group them by what they say, in the order of the first ones."""
    found: dict[str, list[Named]] = {}
    for one in accounts:
        found.setdefault(said_by(verb, one), []).append(one)
    for same in found.values():
        if len(same) < LEAST:
            yield from (Alike(verb, (one,)) for one in same)
        else:
            yield Alike(verb, tuple(same))


def said_by(verb: str, one: Named) -> str:
    """Write what an account says, or how that changes, without its name and ids."""
    before, after = sides(verb, one)
    changed = [
        key for key in OWN if before and after and before.get(key) != after.get(key)
    ]
    return json.dumps([one.provider, nameless(before), nameless(after), changed])


def nameless(account: Account | None) -> dict[str, Any] | None:
    if account is None:
        return None
    name, number = account["name"], account.get("accountId")
    made = {
        "context": name,
        "kubeconfigFile": f"kubernetes/{name}/kubeconfig.yml",
        "name": name,
    }
    said = {
        key: "" if key in OWN or made.get(key) == value else value
        for key, value in account.items()
    }
    if number and "assumeRole" in said:
        said["assumeRole"] = str(said["assumeRole"]).replace(f"::{number}:", "::")
    return said


def own_of(one: Named) -> Iterator[str]:
    """Say what is an account's own, before and after where that changes."""
    before = one.before if isinstance(one, Altered) else one.account
    for key in OWN:
        was, now = before.get(key, ""), one.account.get(key, "")
        if was != now:
            yield f"{LABELS[key]}: {was or 'none'} → {now or 'none'}"
        elif now:
            yield f"{LABELS[key]}: {now}"


def bundle_next(request: Request) -> HttpResponse:
    ready = ManagedAccount.objects.ready().count()
    try:
        found = comparison_found(request, with_last(ready))
    except NoManagingAccount as error:
        messages.warning(request, str(error))
        return redirect("accounts:bundles")
    shown: dict[str, Any] = {
        "number": Bundle.objects.next_number(),
        "ready": ready,
        "crumbs": crumbs("bundles"),
        **everywhere(request, "a bundle"),
    }
    match found:
        case Made(changes, is_old) if "look" not in request.GET:
            unlike = unlike_now()
            shown |= {"changes": changes, "unlike": unlike, "is_old": is_old}
            shown |= {"summary": changes.summary(unlike)}
            shown |= review_of(changes.excerpt, request.GET.get("page"))
            return render(request, "bundles/next.html", shown)
    shown |= {
        "title": f"Bundle {shown['number']}",
        "heading": f"Bundle {shown['number']}, not built yet",
        "what": "the accounts with the last bundle",
        "large": counted(ready),
    }
    return not_shown_yet(request, found, **shown)


def bundles_of(account: ManagedAccount, hold_it: bool) -> str:
    if hold_it:
        return f"{account.name} is included in later bundles."
    return (
        f"{account.name} is excluded from later bundles. Spinnaker keeps the account "
        "until you install one of these bundles."
    )


exclude = post(
    "accounts/<uuid:pk>/exclude/",
    exclude_from_bundles,
    name="exclude",
    find=account_of,
    given=lambda posted, _: {"again": "again" in posted},
    said=bundles_of,
    back=lambda posted: "accounts:bundle-next" if "next" in posted else "",
)


def bundle_since(request: Request, number: int, since: int) -> HttpResponse:
    earlier, later = two(number, since)
    shown: dict[str, Any] = {
        "earlier": earlier,
        "later": later,
        "crumbs": crumbs("bundles", later),
    }
    found = comparison_found(request, of_two(earlier, later))
    match found:
        case Made(changes) if "look" not in request.GET:
            review = review_of(changes.excerpt, request.GET.get("page"))
            shown |= {"changes": changes.excerpt, **review}
            return render(request, "bundles/since.html", shown)
    shown |= {
        "title": f"{later} since {earlier}",
        "heading": f"{later} since {earlier}",
        "what": f"{later} with {earlier}",
        "large": "Bundles of this size",
    }
    return not_shown_yet(request, found, **shown)


Compared: TypeAlias = Made | Asking | Question
"""What was found, how the page gets it, or that a worker could not compare."""


def comparison_found(request: Request, comparison: Comparison) -> Compared:
    """Return what was found, at once or by a worker; of what is old, the URL says which
    one it shows.
    """
    if not comparison.is_large:
        return Made(comparison.make())
    now = comparison.of()
    found = changes_found(comparison.question)
    if found and found.of in (now, request.GET.get("of")):
        return Made(found, is_old=found.of != now)
    looked = look_up(request, comparison.question, again=True)
    made = None if isinstance(looked, Asking) else changes_of(looked)
    return Made(made, is_old=made.of != now) if made else looked


def not_shown_yet(
    request: Request, found: Compared, *, what: str, large: str, **shown: Any
) -> HttpResponse:
    """Wait for the comparison, or lead to the page that shows it."""
    if isinstance(found, Made):
        return lead(request, f"{request.path}?{urlencode({'of': found.changes.of})}")
    words = {
        "says": f"Comparing {what}",
        "label": "Compare now",
        "large": f"Comparing {large} takes a few seconds. This page then shows the "
        "changes.",
        "failed": "Bowline couldn't compare the accounts.",
        "retry": "Compare again",
    }
    return waiting_page(request, {**shown, **words, **state_of(found)})
