"""What a plan's approver must know of a role that was there before, as a run keeps it:
who else can assume it, what it has used of what is detached, and what uses it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field


def is_moment(text: str) -> str:
    datetime.fromisoformat(text)
    return text


class Use(BaseModel, extra="forbid"):
    action: str = Field(
        description="`service:*` where IAM counts the service as a whole"
    )
    at: Annotated[str, AfterValidator(is_moment)] = Field(description="When last")

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.at)


class Other(BaseModel, extra="forbid"):
    """Somebody who can assume a role, and not by Bowline's plan."""

    sentence: str
    anybody: bool = False
    """Whether strangers are among them."""


class Evidence(BaseModel, extra="forbid"):
    role: str
    account: str = ""
    """The id of its account."""
    others: list[Other] = []
    """Who else gets what the plan gives to the role, the widest first."""
    loses_policies: bool = True
    loses_services: bool = False
    """Whether services of AWS can no longer assume it."""
    users: list[str] = []
    """What uses it by these services."""
    more_users: int = 0
    """How many are not named."""
    unread_users: list[str] = []
    """What of them was not read."""
    last_used: Annotated[str, AfterValidator(is_moment)] | None = None
    """When somebody last used the role; None: it isn't known, or long ago."""
    last_region: str = ""
    unread: str = Field(default="", description="Why it isn't known, or empty if it is")
    missing: list[Use] = Field(
        default=[], description="What it could no longer do, the latest used first"
    )
    more: int = Field(default=0, description="How many of these aren't named")
    unpassed: list[str] = Field(
        default=[],
        description="Paths and names of roles that it could pass to services, and no "
        "longer can",
    )
    more_unpassed: int = Field(default=0, description="How many of these aren't named")

    @property
    def last_used_at(self) -> datetime | None:
        return datetime.fromisoformat(self.last_used) if self.last_used else None
