"""How an account stands: one word and one sentence, from the facts of its row.

Badges, pictures, tables and filters all show these words; each has its colour and icon
in BADGES.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounts.models.states import State

PROVED = (State.VERIFIED, State.EVALUATED)

STALE = {state.value: f"{state.value}, stale" for state in PROVED}
"""The word of an account whose proof is older than PROOF_MAX_AGE."""

WORDS = tuple(
    word
    for state in State.values
    if state != State.APPLIED
    for word in ((state, STALE[state]) if state in STALE else (state,))
)
"""Every word that a managed account can have, in the order of its life."""


def word_of(state: str, *, is_stale: bool) -> str:
    return STALE.get(state, state) if is_stale else state


def with_word(word: str) -> Q:
    """Find the accounts of which badges say this word."""
    for state, stale in STALE.items():
        if word == stale:
            return Q(state=state) & proof_is_stale()
        if word == state:
            return Q(state=state) & ~proof_is_stale()
    return Q(state=word)


def proof_is_stale() -> Q:
    """Find proofs that are older than PROOF_MAX_AGE; `stale_since` says it of one."""
    if not settings.PROOF_MAX_AGE:
        return Q(pk__in=[])
    return Q(proof__in=PROVED, verified_at__lt=timezone.now() - max_age())


def stale_since(proof: str, verified_at: datetime | None) -> datetime | None:
    """Say when the proof became older than PROOF_MAX_AGE; None while it has not."""
    if not (proof and verified_at and settings.PROOF_MAX_AGE):
        return None
    if verified_at >= timezone.now() - max_age():
        return None
    return verified_at + max_age()


def max_age() -> timedelta:
    return timedelta(days=settings.PROOF_MAX_AGE)
