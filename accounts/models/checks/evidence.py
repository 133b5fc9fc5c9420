"""What a role has used of what a plan detaches, as a run keeps it."""

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


class Evidence(BaseModel, extra="forbid"):
    role: str
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
