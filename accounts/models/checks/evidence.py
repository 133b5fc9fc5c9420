"""What a role has used of what a plan detaches, as a run keeps it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel


def is_moment(text: str) -> str:
    datetime.fromisoformat(text)
    return text


class Use(BaseModel, extra="forbid"):
    action: str
    """`service:*`: IAM counts the service as a whole."""
    at: Annotated[str, AfterValidator(is_moment)]
    """When last."""

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.at)


class Evidence(BaseModel, extra="forbid"):
    role: str
    unread: str = ""
    """Why it isn't known; empty: it is."""
    missing: list[Use] = []
    """What it could no longer do, the latest used first."""
    more: int = 0
    """How many are not named."""
    unpassed: list[str] = []
    """Paths and names of roles that it could pass to services, and no longer can."""
    more_unpassed: int = 0
