"""Who makes the roles of an account, as the file says it."""

from __future__ import annotations

from onboarding.topology import MadeBy

MAKERS = tuple(one.value for one in MadeBy)
OF_MANAGING = (MadeBy.BOWLINE.value, MadeBy.OWNER.value)
NOT_BOWLINES = (
    "Somebody else creates the roles, and Bowline changes nothing. Leave it out."
)


def maker(value: str, makers: tuple[str, ...] = MAKERS) -> str:
    """Return who makes the roles; raise ValueError for anybody else."""
    if value not in makers:
        raise ValueError(f"Write {', '.join(makers[:-1])} or {makers[-1]}.")
    return value


def managing_maker(value: str) -> str:
    """Return who makes the managing account's: no organization does."""
    return maker(value, OF_MANAGING)
