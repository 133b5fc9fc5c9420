"""The connection with Spinnaker: what tests it, and what to set there once."""

from __future__ import annotations

from accounts.discover.lookups import SPINNAKER, Question
from accounts.mapping.managing import managing_of
from accounts.models import ManagingAccount, Spinnaker
from onboarding.delivery.loading import PERIOD
from onboarding.delivery.switches import switches

FILE = "clouddriver-local.yml"


def question(row: Spinnaker) -> Question:
    return Question(SPINNAKER, "aws", version=row.version)


def switches_of(managing: ManagingAccount, row: Spinnaker | None) -> str:
    period = row.poll_seconds if row else int(PERIOD)
    return switches(managing_of(managing), period=period)
