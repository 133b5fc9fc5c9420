"""One decision about many subjects: what may be done is done, and what may not is said,
subject by subject. Each is judged by the row of one, whatever the number.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, ParamSpec, TypeVar

from accounts.decisions.decision import Decision, called, decision, names_of
from accounts.people.activity import tried, tries_recorded
from accounts.people.deciding import Verdict, judge
from accounts.people.reach import DecisionReach, for_people
from accounts.refused import Refused
from accounts.wording import first_of
from onboarding.details import DetailsError
from onboarding.resources.policy import QuotaExceeded

if TYPE_CHECKING:
    from accounts.people.authors import Authors, By

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")

REFUSALS = (Refused, DetailsError, QuotaExceeded)
"""What is said of a subject, and keeps no other back."""
MOST_NAMED = 5
"""The most subjects of one reason that are named."""
MOST_REASONS = 20
"""The most reasons that are said; the other subjects are counted."""


class Left(NamedTuple, Generic[S]):
    """Subjects that a person may not decide about, and why."""

    subjects: list[S]
    verdict: Verdict

    @property
    def why(self) -> str:
        return self.verdict.outside or self.verdict.same_person


@dataclass(frozen=True, slots=True)
class Choice(Generic[S]):
    """What somebody may decide about at once, and what is left out."""

    may: list[S]
    left: list[Left[S]]

    @property
    def total(self) -> int:
        return len(self.may) + sum(len(one.subjects) for one in self.left)

    @property
    def numbers(self) -> list[int]:
        return [one.pk for one in self.may]  # type: ignore[attr-defined]

    @property
    def reasons(self) -> list[tuple[S, str]]:
        """Say of each that is left out why."""
        return [(one, left.why) for left in self.left for one in left.subjects]


@dataclass(slots=True)
class Many(Generic[S]):
    """What became of a decision about many."""

    done: list[S] = field(default_factory=list)
    left: list[tuple[S, str]] = field(default_factory=list)
    also: str = ""
    """What else there is to know; empty: nothing."""

    @property
    def reasons(self) -> list[str]:
        """Say the first reasons, each once with its subjects; and how many more."""
        names: dict[str, list[str]] = {}
        for one, why in self.left:
            names.setdefault(why, []).append(called(one))
        first = [with_names(some, why) for why, some in names.items()]
        more = sum(map(len, [*names.values()][MOST_REASONS:]))
        return [*first[:MOST_REASONS], *([f"And {more:,} more."] if more else [])]


def with_names(names: list[str], why: str) -> str:
    """Begin with whom it is said of, unless the sentence does."""
    first = first_of(names, MOST_NAMED)
    is_named = why.startswith(f"{first} ") or (len(names) > 1 and first in why)
    return why if is_named else f"{first}: {why}"


def each(
    decide: Callable[..., object], subjects: Iterable[S], by: By, **given: Any
) -> Many[S]:
    """Decide about each by itself."""
    many: Many[S] = Many()
    with tries_recorded():
        for one in subjects:
            try:
                decide(one, by, **given)
            except REFUSALS as error:
                many.left.append((one, str(error)))
            else:
                many.done.append(one)
    return many


def who_may(
    row: Decision[Any, Any], subjects: Collection[S], by: By, *, locks: bool = False
) -> Choice[S]:
    """Judge each as if it were decided alone. Those of the same reach and author are
    judged at once, so that it takes as many queries for any number. `locks`: it is
    decided now, so what is left is recorded.
    """
    me = getattr(by, "pk", None)
    groups: dict[object, list[tuple[S, DecisionReach, Authors | None]]] = {}
    for one, (reach, authors) in zip(
        subjects, row.asks_of(subjects, locks=locks), strict=True
    ):
        mine = authors.get(me or 0) if authors else None
        places = frozenset(("", place) for place in reach.environments)
        key = replace(reach, accounts=places), authors is None, mine
        groups.setdefault(key, []).append((one, reach, authors))
    left = []
    for same in groups.values():
        pairs = frozenset(pair for _, reach, _ in same for pair in reach.accounts)
        _, reach, authors = same[0]
        verdict = judge(replace(reach, accounts=pairs), authors, by, row.role)
        if any(verdict):
            left.append(Left([one for one, *_ in same], verdict))
            if locks:
                tried(by, row.title, names_of(left[-1].subjects), left[-1].why)
    out = {id(one) for some in left for one in some.subjects}
    return Choice([one for one in subjects if id(one) not in out], left)


def about_many(
    title: str, row: Decision[Any, Any], *, locks: Callable[..., None]
) -> Callable[[Callable[P, R]], Decision[P, R]]:
    """Make a function the decision of a row about many: the row's role opens it, and
    the function judges each by the row.
    """

    def make(function: Callable[P, R]) -> Decision[P, R]:
        kind = decision(title, row.role, *row.logs, touches=row.touches, locks=locks)
        made = kind(function)
        made.touches, made.one = for_people, row
        return made

    return make
