"""A decision: one function, and one row that says who may, what it touches, who caused
it, whether it takes a second person, and what is recorded.

Whoever calls the decision goes through its row, in one order: lock, role and its
limits, reach, authors and second person, then the function with its entry in the log,
in one transaction. Who may not and tries is in the log, too. A function never asks who
may. Pages (`web/posts.py`) and the API (`api/operations.py`) make their doors from the
row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import update_wrapper
from inspect import signature
from typing import Any, Generic, ParamSpec, TypeVar

from django.db import transaction
from django.db.models import Model

from accounts.decisions.locks import hold
from accounts.models import Activity
from accounts.people.activity import tried, tries_recorded
from accounts.people.authors import Asked, Authors
from accounts.people.deciding import Outside, SamePerson, Verdict, judge, refuse, whom
from accounts.people.reach import DecisionReach, for_people
from accounts.people.roles import ADMINISTRATOR, UserRole

P = ParamSpec("P")
R = TypeVar("R")

NAMES = ("account_name", "place", "name")
"""What subjects are called by, the first that there is."""

DECISIONS: list[Decision[Any, Any]] = []
"""Every decision; a module's are here once it is imported."""


@dataclass(eq=False)
class Decision(Generic[P, R]):
    """Call it with its subjects, who decides, and what else the function takes."""

    function: Callable[P, R]
    title: str
    """As the table of roles has it, in words."""
    role: UserRole | None
    """None: everybody decides it for themselves."""
    logs: tuple[Activity.What, ...]
    touches: Callable[..., DecisionReach]
    """Its reach, of the subject; with `locks`, of which nothing moves meanwhile."""
    caused_by: Callable[..., Authors] | None
    """The authors, of the subject and its reach; None: no second person anywhere."""
    locks: Callable[..., None]
    """Reads the subject again, and holds it."""
    of_many: Callable[..., list[Asked]] | None = None
    """Both, of each of many, with as many queries for any number."""

    def __post_init__(self) -> None:
        update_wrapper(self, self.function)
        taken = {one.title for one in DECISIONS}
        if not callable(self.touches) or self.title in {"", *taken}:
            raise TypeError(
                f"The row of {self.name} isn't complete, or is there twice."
            )
        self.subjects = list(signature(self.function).parameters).index("by")
        """How many subjects come before the person."""
        self.one: Decision[Any, Any] = self
        """The row by which a decision about many judges each."""
        DECISIONS.append(self)

    @property
    def takes_second(self) -> bool:
        return self.one.caused_by is not None

    @property
    def name(self) -> str:
        return self.function.__name__

    def __call__(self, *args: P.args, **given: P.kwargs) -> R:
        subject = args[: self.subjects]
        by: Any = args[self.subjects] if len(args) > self.subjects else given["by"]
        with tries_recorded() as tries:
            before = len(tries)
            try:
                with transaction.atomic():
                    if subject:
                        self.locks(*subject)
                    self.refuse(*subject, by)
                    return self.function(*args, **given)
            except (Outside, SamePerson) as error:
                if len(tries) == before:  # the function itself refused
                    tried(by, self.title, names_of(subject), error)
                raise

    def refuse(self, *args: Any, locks: bool = True) -> None:
        """Raise Outside or SamePerson where the last of these, a person, may not decide
        about the subject; with `locks` they try to, which is recorded.
        """
        *subject, by = args
        try:
            refuse(*self.asks(*subject, locks=locks), by, self.role)
        except (Outside, SamePerson) as error:
            if locks:
                tried(by, self.title, names_of(subject), error)
            raise

    def asks(self, *subject: Any, locks: bool = False) -> Asked:
        """Return what it touches, and who caused it if that counts."""
        reach = self.touches(*subject, locks=locks)
        return reach, self.caused_by(*subject, reach) if self.caused_by else None

    def asks_of(self, subjects: Collection[Any], *, locks: bool = False) -> list[Asked]:
        if self.of_many is not None:
            return self.of_many(subjects, locks=locks)
        return [self.asks(one, locks=locks) for one in subjects]

    def verdict(self, *args: Any) -> Verdict:
        """Say whether the last of these, a person, may decide about the subject now,
        and if not, why: pages and answers ask before anybody decides.
        """
        *subject, by = args
        return judge(*self.asks(*subject), by, self.role)

    def whom(self, *args: Any) -> str:
        """Name some who may decide about the subject, whatever the last of these, a
        person, may.
        """
        *subject, by = args
        return whom(*self.asks(*subject), by, self.role)


def called(subject: Any) -> str:
    """Name a subject in a sentence; empty: it has no name."""
    named = (str(getattr(subject, one)) for one in NAMES if hasattr(subject, one))
    return next(named, str(subject) if isinstance(subject, Model) else "")


def names_of(subjects: Iterable[Any]) -> list[str]:
    return [*filter(None, map(called, subjects))]


def decision(
    title: str,
    role: UserRole | None,
    *logs: Activity.What,
    touches: Callable[..., DecisionReach],
    caused_by: Callable[..., Authors] | None = None,
    locks: Callable[..., None] = hold,
    of_many: Callable[..., list[Asked]] | None = None,
) -> Callable[[Callable[P, R]], Decision[P, R]]:
    """Make a function a decision. It is called with its subject, if it has one, then
    the person, and it raises Refused subclasses only.
    """
    return lambda function: Decision(
        function, title, role, logs, touches, caused_by, locks, of_many
    )


def setting(title: str, **row: Any) -> Callable[[Callable[P, R]], Decision[P, R]]:
    """Make a decision of administrators, about settings of no environment."""
    what = Activity.What.SETTINGS
    return decision(title, ADMINISTRATOR, what, touches=for_people, **row)


def shared_by_all(what: str) -> Callable[..., DecisionReach]:
    """Make what is touched by whatever is done with something of all environments."""

    def shared(*_: Any, locks: bool = False) -> DecisionReach:
        return DecisionReach(shared=what)

    return shared
