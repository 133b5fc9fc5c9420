"""The fields of an account: a row each, in the order of the accounts file, and
what is known of each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from enum import Enum
from functools import partial
from typing import Any, NamedTuple

from onboarding import names
from onboarding.carried.fields import carried, ordered
from onboarding.description.other_names import in_key_order, other_names
from onboarding.partitions import known_region
from onboarding.topology import READER_ROLE, SESSION_NAME, MadeBy


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


MAKERS = tuple(one.value for one in MadeBy)
OTHERS = (MadeBy.OWNER, MadeBy.ORGANIZATION)


def maker(value: str, makers: tuple[str, ...] = MAKERS) -> str:
    """Return who makes the roles; raise ValueError for anybody else."""
    if value not in makers:
        raise ValueError(f"Write {', '.join(makers[:-1])} or {makers[-1]}.")
    return value


GROUPS = "Groups, separated by commas. If both are empty, everyone."
MAY_READ = Words("Read access", GROUPS, "accounts-file#accounts")
MAY_WRITE = Words("Write access", GROUPS)
ENVIRONMENT = Words(
    "Environment", "For example staging. Optional.", "approve#require-a-second-approver"
)
REGIONS = Words("Regions", "For example us-east-1, eu-west-1.")
OPENED = (
    "no role would be left, so everyone could {}, or, if the other access has roles, "
    "no one; to allow that, set the roles to nothing"
)
DEPLOYS = "The owner or organization deploys a template of Bowline."

FIELDS = (
    Field(
        "name",
        Step.IDENTITY,
        Words(
            "Name in Spinnaker",
            "For a new account, use a–z, 0–9 and “-”.",
            "accounts-file#names",
        ),
        rule=names.ACCOUNT_NAME,
        longest=200,
        is_needed=True,
        is_listed=False,
    ),
    Field(
        "account_id",
        Step.IDENTITY,
        Words("AWS account ID", "12 digits, with or without spaces and dashes."),
        Kind.ACCOUNT_ID,
        rule=names.account_id,
        longest=40,
        is_needed=True,
        own=True,
        is_listed=False,
    ),
    Field(
        "environment",
        Step.IDENTITY,
        ENVIRONMENT,
        rule=names.ENVIRONMENT,
        default="",
        own=True,
        of_many=ENVIRONMENT,
        in_bulk=Words("Environment to set", "Leave empty for none."),
        proposals="environments",
        is_listed=False,
    ),
    Field(
        "regions",
        Step.ACCESS,
        REGIONS,
        Kind.REGIONS,
        rule=known_region,
        is_needed=True,
        of_many=REGIONS,
        in_bulk=Words("These Regions", "For example us-east-1."),
        emptied="no Region would be left",
        is_listed=False,
    ),
    Field(
        "access_role",
        Step.ACCESS,
        Words(
            "Access role",
            "OrganizationAccountAccessRole is an administrator. Leave empty for "
            "Bowline's identity.",
            "access-roles#before-you-begin",
        ),
        rule=names.ROLE_NAME,
        longest=64,
        default="",
        made_by=(MadeBy.BOWLINE,),
        own=True,
        of_many=Words(
            "Access role",
            "It has this name in each account.",
            "access-roles#before-you-begin",
        ),
        is_listed=False,
    ),
    Field(
        "made_by",
        Step.ACCESS,
        Words("Who creates the roles here?", DEPLOYS, "hand-off#before-you-begin"),
        Kind.MAKER,
        rule=maker,
        default=MadeBy.BOWLINE.value,
        of_many=Words("Who creates the roles?", DEPLOYS, "hand-off#before-you-begin"),
        is_listed=False,
    ),
    Field(
        "reader_role",
        Step.ACCESS,
        Words(
            "Include a reader role for Bowline in the template",
            "With it, Bowline also compares policies.",
            "hand-off#before-you-begin",
        ),
        Kind.TRUTH,
        made_by=OTHERS,
        on=READER_ROLE,
        is_listed=False,
    ),
    Field(
        "uses_external_id",
        Step.ACCESS,
        Words(
            "Require an external ID from Spinnaker",
            "Bowline creates it.",
            "rotate-external-id",
        ),
        Kind.TRUTH,
        path=("external_id",),
        of_many=Words(
            "Ask Spinnaker for an external ID",
            "Turn it off if you choose ECS.",
            "rotate-external-id",
        ),
        is_listed=False,
    ),
    Field(
        "own_external_id",
        Step.ACCESS,
        Words(
            "The external ID that Spinnaker sends today",
            "Leave empty for a new one.",
        ),
        Kind.INSTEAD,
        rule=names.EXTERNAL_ID,
        longest=1224,
        default="",
        path=("external_id",),
        is_listed=False,
    ),
    Field(
        "managed_role",
        Step.ACCESS,
        Words(
            "Managed role",
            "Leave empty for the usual one. For example spinnaker/deploy.",
            "accounts-file#accounts",
        ),
        rule=names.chain_role_in_path,
        longest=576,
        default="",
        is_listed=False,
    ),
    Field(
        "session_name",
        Step.ACCESS,
        Words("Session name", "Change it only if the trust policy requires another."),
        rule=names.SESSION_NAME,
        longest=64,
        default=SESSION_NAME,
        own=True,
        is_listed=False,
    ),
    Field(
        "adopts",
        Step.ACCESS,
        Words(
            "Keep and use existing roles",
            "If this is off, Bowline stops at such a role.",
            "existing-roles#keep-an-existing-role",
        ),
        Kind.TRUTH,
        default=False,
        made_by=(MadeBy.BOWLINE,),
        own=True,
        is_listed=False,
    ),
    Field(
        "read_roles",
        Step.IDENTITY,
        MAY_READ,
        Kind.GROUPS,
        rule=names.fiat_role,
        default=[],
        path=("permissions", "READ"),
        own=True,
        of_many=MAY_READ,
        in_bulk=Words("These groups have read access", "Groups, separated by commas."),
        emptied=OPENED.format("read"),
        empty="everyone",
    ),
    Field(
        "write_roles",
        Step.IDENTITY,
        MAY_WRITE,
        Kind.GROUPS,
        rule=names.fiat_role,
        default=[],
        path=("permissions", "WRITE"),
        own=True,
        of_many=MAY_WRITE,
        in_bulk=Words("These groups have write access", "Groups, separated by commas."),
        emptied=OPENED.format("write"),
        empty="everyone",
    ),
    Field(
        "carried",
        None,
        Words("Other fields in Spinnaker"),
        Kind.CARRIED,
        rule=carried,
        default={},
        own=True,
        is_listed=False,
    ),
    Field(
        "also_as",
        None,
        Words("Other names in Spinnaker"),
        Kind.NAMES,
        rule=other_names,
        default=[],
        is_listed=False,
    ),
)

BY_NAME = {one.name: one for one in FIELDS}
SHARED = tuple(one for one in FIELDS if one.of_many)
"""What accounts that are added together have in common."""
IN_BULK = tuple(one for one in FIELDS if one.in_bulk)


def of_step(step: Step) -> tuple[Field, ...]:
    return tuple(one for one in FIELDS if one.step is step)
