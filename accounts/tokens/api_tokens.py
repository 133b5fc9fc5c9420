"""Make, find and revoke tokens of the API. The text is shown once and kept nowhere."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import timezone

from accounts.decisions.decision import decision, setting
from accounts.models import Activity, ApiToken
from accounts.models.people import MovedMeanwhile, Scope
from accounts.notifications.notifying import notify_of_own
from accounts.people.activity import record
from accounts.people.reach import for_people
from accounts.people.roles import APPROVER, OPERATOR, VIEWER, UserRole, has_role

if TYPE_CHECKING:
    from django.contrib.auth.models import User

BEGINNING = "bowline-api-"
"""Of each text: scanners find it by that, and whoever finds one knows what it opens."""
CREATED_ALREADY = (
    "This token was already created and is shown only once. If you didn't copy it, "
    "revoke it and create another one."
)
MOST = 20
"""Usable tokens of one person at once."""
LONGEST = timedelta(days=365)
USED_AGAIN = timedelta(minutes=1)
"""A use that close to the last one is not written down."""

ROLES: dict[str, UserRole] = {
    Scope.READ: VIEWER,
    Scope.OPERATE: OPERATOR,
    Scope.APPROVE: APPROVER,
}
"""The role that a person needs for what a token with the scope does."""


def scopes_for(person: User) -> list[Scope]:
    """List the scopes that the person's roles allow."""
    return [scope for scope in Scope if has_role(person, ROLES[scope])]


@decision("make an API token", None, Activity.What.SETTINGS, touches=for_people)
def make(
    by: User, pk: UUID, *, name: str, scopes: list[str], expires_at: datetime
) -> str:
    """Make a token, and return its text. Every token reads."""
    assert timezone.now() < expires_at <= timezone.now() + LONGEST
    text = BEGINNING + secrets.token_urlsafe(32)
    wanted = {Scope.READ.value, *scopes}
    token = ApiToken.objects.create(
        pk=pk,
        person=by,
        name=name,
        digest=token_digest(text),
        scopes=[scope for scope in Scope.values if scope in wanted],
        expires_at=expires_at,
    )
    detail = {
        "API token": "created",
        "scopes": token.scopes,
        "expires": expires_at.isoformat(),
    }
    about = f"API token {token}"
    notify_of_own(by, record(by, Activity.What.SETTINGS, about, detail))
    return text


def token_digest(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()


@decision("revoke an own API token", None, Activity.What.SETTINGS, touches=for_people)
def revoke(token: ApiToken, by: User) -> None:
    """Let it open nothing from now on; raise MovedMeanwhile where it doesn't now."""
    if not ApiToken.objects.filter(pk=token.pk).revoke():
        raise MovedMeanwhile(f"The token {token} is already revoked.")
    detail = {"API token": "revoked", "of": token.person.get_username()}
    record(by, Activity.What.SETTINGS, f"API token {token}", detail)


@setting("revoke an API token of anybody")
def revoke_any(token: ApiToken, by: User) -> None:
    revoke.function(token, by)


def find(text: str) -> ApiToken | None:
    """Return the token of this text, whether it is usable or not.

    Nobody can try digests of texts that have 256 random bits, however long each takes.
    """
    rows = ApiToken.objects.select_related("person")
    return rows.filter(digest=token_digest(text)).first()


def note_use(token: ApiToken) -> None:
    """Write down that it is used."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > USED_AGAIN:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
