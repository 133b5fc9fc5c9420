"""The table of all decisions, as docs/people/roles.md has it."""

from __future__ import annotations

from accounts.decisions.decision import DECISIONS, Decision
from accounts.people.roles import ROLES

HEAD = (
    "| decision | role | in these environments | second person |",
    "|---|---|---|---|",
)
BY_POLICY = "where a policy asks for it"
ORDER = [role.name for role in ROLES]


def table() -> str:
    """Write it from the rows: by role, then by title."""
    rows = sorted(DECISIONS, key=lambda row: (ORDER.index(row.role.name), row.title))
    return "\n".join([*HEAD, *map(line, rows)])


def line(row: Decision[..., object]) -> str:
    second = BY_POLICY if row.caused_by else "no"
    return f"| {row.title} | {row.role.name} | {row.where} | {second} |"
