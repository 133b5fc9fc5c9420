"""Roles that Spinnaker may assume and nobody manages here: of accounts that left
Bowline, and those that AWS's list had when somebody adopted it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel

from accounts.models.readable import fits
from onboarding.names import account_name, identity_arn
from onboarding.partitions import Arn


def is_moment(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError(text)
    return text


def is_role(arn: str) -> str:
    if Arn.of(identity_arn(arn)).kind != "role":
        raise ValueError(arn)
    return arn


Moment = Annotated[str, AfterValidator(is_moment)]
Name = Annotated[str, AfterValidator(account_name)]


class KeptRecord(BaseModel, extra="forbid"):
    arn: Annotated[str, AfterValidator(is_role)]
    account: Name | Literal[""]
    """What Bowline called the account; empty: it was never described here."""
    names: list[Name]
    """What Spinnaker may still call it."""
    since: Moment
    """When Spinnaker was first to assume the role."""
    who: str
    """Who took the account out of Bowline, or adopted the list."""
    when: Moment

    @property
    def account_id(self) -> str:
        return Arn.of(self.arn).account

    @property
    def title(self) -> str:
        """Name the account for a person."""
        return self.account or f"{self.account_id}, not in this Bowline"

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.when)


fit = fits(list[KeptRecord])


def are_kept(value: Any) -> bool:
    """Return whether these are such records, each of another role."""
    return fit(value) and len({one["arn"] for one in value}) == len(value)
