"""Roles of accounts that left Bowline, as the managing account keeps them: AWS and
Spinnaker stay as they are, and others look after both.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

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
    account: Name
    """What Bowline called the account."""
    names: list[Name]
    """What Spinnaker may still call it."""
    since: Moment
    """When Spinnaker was first to assume the role."""
    who: str
    """Who took the account out of Bowline."""
    when: Moment

    @property
    def account_id(self) -> str:
        return Arn.of(self.arn).account

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.when)


fit = fits(list[KeptRecord])


def are_kept(value: Any) -> bool:
    """Return whether these are such records, each of another role."""
    return fit(value) and len({one["arn"] for one in value}) == len(value)
