"""What is known of a field: the columns of the table in `fields.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from enum import Enum
from functools import partial
from typing import Any, NamedTuple

from onboarding.carried.fields import ordered
from onboarding.description.other_names import in_key_order
from onboarding.topology import MadeBy


class Kind(Enum):
    """What a field holds, and so how it is asked, written and read."""

    TEXT = "a text"
    ACCOUNT_ID = "the 12 digits of an account"
    MAKER = "one of MadeBy"
    TRUTH = "true or false"
    INSTEAD = "a text that is said in the place of the truth of another field"
    REGIONS = "Regions of the partition"
    GROUPS = "groups, whose names may have spaces"
    CARRIED = "fields of Spinnaker that aren't Bowline's"
    NAMES = "other names in Spinnaker, with what differs"


LISTS = (Kind.REGIONS, Kind.GROUPS)


class Step(Enum):
    """The step of the wizard that asks for it."""

    IDENTITY = "identity"
    ACCESS = "access"


class Words(NamedTuple):
    """How a form asks: in a line, with another, and the document that says the rest."""

    label: str
    help: str = ""
    document: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    """The column, in each model that has the field."""
    step: Step | None
    """None: the file and the API say it, and no form."""
    words: Words
    kind: Kind = Kind.TEXT
    _: KW_ONLY
    rule: Callable[..., Any] = str
    """Returns what is said as it is kept; raises ValueError with a sentence."""
    longest: int = 60
    """Characters that its form takes."""
    is_needed: bool = False
    default: Any = None
    """None: the file always says it."""
    path: tuple[str, ...] = ()
    """In the file and the API, the keys that lead to it; empty: its name."""
    made_by: tuple[str, ...] = tuple(MadeBy)
    """Whose accounts have it, by who makes their roles."""
    on: Any = True
    """What the column of a truth holds that is true."""
    own: bool = False
    """Accounts that are alike in all other fields get the same IAM."""
    of_many: Words | None = None
    """How it is asked once for accounts that are added together; None: of each."""
    in_bulk: Words | None = None
    """How its new value in many accounts is asked; None: each is edited alone."""
    proposals: str = ""
    """The list of the page from which a browser proposes values."""
    emptied: str = "nothing would be left"
    """Why its last value cannot be removed."""
    empty: str = "–"
    """What pages say where there is none."""
    is_listed: bool = True
    """Whether pages list it with others; some have a place of their own."""

    @property
    def keys(self) -> tuple[str, ...]:
        return self.path or (self.name,)

    @property
    def key(self) -> str:
        """Return what a column of the file, or a sentence about it, calls it."""
        return self.keys[-1]

    @property
    def is_list(self) -> bool:
        return self.kind in LISTS

    @property
    def usual(self) -> Any:
        """Return what the column holds where nobody says anything."""
        if self.default is None and self.kind is Kind.TRUTH:
            return self.on
        return self.default if self.default is not None else self.nothing

    @property
    def nothing(self) -> Any:
        """Return what the column holds of an account that does not have the field."""
        if self.kind is Kind.TRUTH:
            return type(self.on)()
        if self.kind is Kind.CARRIED:
            return {}
        return [] if self.is_list or self.kind is Kind.NAMES else ""

    def rule_in(self, partition: str) -> Callable[[Any], Any]:
        if self.kind in (Kind.REGIONS, Kind.NAMES):
            return partial(self.rule, partition=partition)
        return self.rule

    def said(self, column: Any) -> Any:
        """Return how the file and the API say what the column holds."""
        if self.kind is Kind.CARRIED:
            return ordered(column)
        if self.kind is Kind.NAMES:
            return in_key_order(column)
        return bool(column) if self.kind is Kind.TRUTH else column

    def column(self, said: Any) -> Any:
        """Return what the column holds for what the file or the API says."""
        if self.kind is Kind.TRUTH:
            return self.on if said else self.nothing
        if self.kind is Kind.INSTEAD:
            return said if isinstance(said, str) else self.nothing
        return said or self.usual if self.kind is Kind.TEXT else said

    def text(self, column: Any) -> str:
        """Say for a page what the column holds."""
        if self.kind is Kind.TRUTH:
            return "yes" if column else "no"
        return (", ".join(column) if self.is_list else str(column)) or self.empty
