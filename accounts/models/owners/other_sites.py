"""What another Bowline's database did in the managing account, as it was read."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from accounts.models.owners.kept_roles import is_role
from accounts.models.readable import fits

MOST_ROLES = 10_000
"""More than AWS's policies of one identity can list."""


class OtherSite(BaseModel, extra="forbid"):
    site: str = Field(max_length=36)
    """The UUID of the other database; empty: only its roles were found."""
    revision: int = Field(ge=0)
    """How many times it had changed the account."""
    roles: list[Annotated[str, AfterValidator(is_role)]] = Field(max_length=MOST_ROLES)
    """ARNs on the list that this database never put there."""

    @property
    def tags(self) -> str:
        """Identify its last change; empty: it left none."""
        return f"{self.site}/{self.revision}" if self.site else ""


fit = fits(OtherSite)


def is_other_site(value: object) -> bool:
    """Return whether it describes another site, or none."""
    return value == {} or fit(value)
