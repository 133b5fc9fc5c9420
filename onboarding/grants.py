"""What a role is allowed, statement by statement, and what each one serves. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Access(StrEnum):
    READ = "read"
    WRITE = "write"
    PASS_ROLE = "pass role"


@dataclass(frozen=True, slots=True)
class Grant:
    """One allowing statement of the managed role, with the capability it serves."""

    sid: str
    access: Access
    capability: str
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ("*",)
    condition: Mapping[str, Mapping[str, Any]] | None = None
    judged_on: tuple[str, ...] = ()
    """Where the statement names no resources: all that AWS judges one call on."""

    @property
    def statement(self) -> dict[str, Any]:
        statement: dict[str, Any] = {
            "Sid": self.sid,
            "Action": list(self.actions),
            "Resource": list(self.resources),
        }
        if self.condition:
            statement["Condition"] = dict(self.condition)
        return statement
