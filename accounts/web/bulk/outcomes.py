"""Tell a person what was done to many accounts, and why some were refused."""

from __future__ import annotations

from django.contrib import messages

from accounts.decisions.many import Many
from accounts.http import Request
from accounts.models import ManagedAccount
from accounts.wording import counted

PLANNED = "Nothing in AWS changes until the plans are approved."


def tell(
    request: Request,
    did: str,
    many: Many[ManagedAccount],
    verb: str,
    then: str = PLANNED,
) -> None:
    if many.done:
        messages.success(request, f"{did} {counted(len(many.done))}. {then}")
    tell_refused(request, many, verb)


def tell_refused(request: Request, many: Many[ManagedAccount], verb: str) -> None:
    """Name some of those that it could not be done for, and count the rest."""
    if many.left:
        reasons = "; ".join(one.rstrip(".") for one in many.reasons)
        messages.warning(request, f"Couldn't {verb} {len(many.left)}: {reasons}.")
