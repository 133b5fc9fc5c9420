"""The table of all decisions, as docs/people/roles.md has it."""

from __future__ import annotations

from typing import Any

from accounts.decisions.decision import DECISIONS, Decision
from accounts.people.roles import ROLES

HEAD = (
    "| decision | role | in these environments | second person |",
    "|---|---|---|---|",
)
ITS, EVERY, NONE = "those of the account", "every one", "none"
WHERE = {
    "around": ITS,
    "around_drafts": "those of each account",
    "around_its_account": ITS,
    "around_watch": "the one of the watch",
    "around_watches": "the one of the watch",
    "around_written": "those of each account",
    "each_of": "those of each account",
    "every_account": "those of each account",
    "for_people": NONE,
    "place_of": ITS,
    "reach": EVERY,
    "reach_of_account": ITS,
    "reach_of_run": "those of the account, and of each that Spinnaker loses",
    "reach_of_subject": ITS,
    "shared": EVERY,
    "the_managing_account": EVERY,
}
"""For which environments a role must be, by the function that finds what is touched."""
OF_THEIR_OWN, BY_POLICY = "everyone, of their own", "where a policy asks for it"
ORDER = [None, *ROLES]


def table() -> str:
    """Write it from the rows: by role, then by title."""
    rows = sorted(DECISIONS, key=lambda row: (ORDER.index(row.role), row.title))
    return "\n".join([*HEAD, *map(line, rows)])


def line(row: Decision[Any, Any]) -> str:
    who = row.role.name if row.role else OF_THEIR_OWN
    second = BY_POLICY if row.takes_second else "no"
    return f"| {row.title} | {who} | {WHERE[row.one.touches.__name__]} | {second} |"
