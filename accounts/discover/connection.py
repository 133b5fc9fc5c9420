"""The connection with Spinnaker: what tests it, and what to set there once."""

from __future__ import annotations

from typing import Any

from accounts.discover.questions import question
from accounts.mapping.managing import managing_of
from accounts.models import ManagingAccount, Question, Spinnaker
from accounts.spinnaker.testing import try_connection
from onboarding.delivery.loading import PERIOD
from onboarding.delivery.releases import switches

FILE = "clouddriver-local.yml"


@question("spinnaker", doing="calling Gate")
def tested_connection(asked: Question) -> Any:
    return try_connection(asked.input["version"])


def connection_test(row: Spinnaker) -> Question:
    return tested_connection.about(version=row.version)


def switches_of(managing: ManagingAccount, row: Spinnaker | None) -> str:
    period = row.poll_seconds if row else int(PERIOD)
    return switches(managing_of(managing), period=period)
