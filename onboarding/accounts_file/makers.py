"""Who makes the roles of an account, as the file says it."""

from __future__ import annotations

from onboarding.description.fields import maker
from onboarding.topology import MadeBy

OF_MANAGING = (MadeBy.BOWLINE.value, MadeBy.OWNER.value)
NOT_BOWLINES = (
    "Someone else creates the roles, and Bowline changes nothing. Leave this key out."
)


def managing_maker(value: str) -> str:
    """Return who makes the managing account's: no organization does."""
    return maker(value, OF_MANAGING)
