"""Verifications of a process share Spinnaker's identity for a minute.

None shares the proof of an account's own role.
"""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from onboarding.aws.session import Credentials, Sessions
from onboarding.checks import Outcome
from onboarding.verify.chain import IDENTITIES, IDENTITY_LASTS, Identity
from onboarding.verify.verification import verify_managing
from tests.onboarding.verify.verified import Verified, outcomes

BECOMING = "Assume Spinnaker's identity"
SHARED = "less than a minute ago"
WORTHLESS = Credentials("ASIAWORTHLESSWORTH00", "secret", "token")


def test_the_next_one_assumes_its_own_role_only(made: Verified) -> None:
    alone = outcomes(made.results())
    sessions = made.field.sessions()
    sessions.credentials(made.field.reach)
    before = sessions.calls

    again = made.results(sessions=sessions, shares_identity=True)

    assert outcomes(again) == alone
    (became,) = (result for result in again if result.name == BECOMING)
    assert SHARED in became.sentence
    # The role, two refusals, what it may do: neither the identity nor its regions.
    assert sessions.calls - before == len(again) - 4


def test_it_is_assumed_again_after_a_minute(
    made: Verified, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.results()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + IDENTITY_LASTS)

    became = made.found(BECOMING, shares_identity=True)

    assert SHARED not in became.sentence
    assert len(IDENTITIES) == 1


def test_it_is_assumed_again_by_who_looks_after_the_managing_account(
    made: Verified,
) -> None:
    made.results()

    found = [
        *made.results(),
        *verify_managing(Sessions("test"), made.managing, made.field.own),
    ]

    assert not [result for result in found if SHARED in result.sentence]


def test_an_identity_that_was_made_again_is_assumed_again(made: Verified) -> None:
    made.results()
    for key, known in IDENTITIES.items():
        IDENTITIES[key] = Identity(known.until, WORTHLESS, known.looked_up)

    results = made.results(shares_identity=True)

    chain = [result for result in results if result.provider == "chain"]
    assert {result.outcome for result in chain} == {Outcome.PROVED}
    assert not [result for result in chain if SHARED in result.sentence]


def test_a_refusal_of_the_account_is_found_with_a_shared_identity_too(
    made: Verified,
) -> None:
    made.results()
    managed = replace(made.managed, external_id="another")
    other = Verified(made.field, made.managing, managed)

    found = other.found("Assume the managed role", shares_identity=True)

    assert found.outcome == Outcome.FAILED
