"""Verifications of a process share Spinnaker's identity for a minute.

None shares the proof of an account's own role.
"""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import islice

import pytest

from onboarding.aws.backoff import Backoff
from onboarding.aws.session import Credentials, Sessions
from onboarding.checks import Outcome
from onboarding.verify.chain import IDENTITIES, IDENTITY_LASTS, Chain, Identity
from onboarding.verify.session_policy import identity_session_policy
from onboarding.verify.verification import verify, verify_managing
from tests import factories
from tests.onboarding.verify.opened import BOWLINE, OWN, Opened
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
    assert {result.outcome for result in chain} == {Outcome.PASSED}
    assert not [result for result in chain if SHARED in result.sentence]


def test_a_refusal_of_the_account_is_found_with_a_shared_identity_too(
    made: Verified,
) -> None:
    made.results()
    managed = replace(made.managed, external_id="another")
    other = Verified(made.field, made.managing, managed)

    found = other.found("Assume the managed role", shares_identity=True)

    assert found.outcome == Outcome.FAILED


MANAGING = factories.managing(bowline=BOWLINE)


@pytest.mark.parametrize(("left", "assumed"), [(30.0, 0), (-1.0, 1)])
def test_it_is_shared_until_its_minute_is_over(left: float, assumed: int) -> None:
    sessions = Opened(lambda *_: True)
    known = Identity(time.monotonic() + left, WORTHLESS)
    IDENTITIES[OWN, MANAGING.identity_arn, ""] = known
    chain = Chain(sessions, MANAGING, MANAGING.reach, Backoff(0), shares=True)

    chain.become_identity()

    assert len(sessions.assumed) == assumed


def test_what_a_worthless_identity_was_refused_is_tried_with_a_new_one() -> None:
    tried: list[Credentials | None] = []

    def opens(source: Credentials | None, _: str) -> bool:
        tried.append(source)
        return source != WORTHLESS

    sessions = Opened(opens)
    known = Identity(time.monotonic() + IDENTITY_LASTS, WORTHLESS)
    IDENTITIES[OWN, MANAGING.identity_arn, identity_session_policy(MANAGING, ())] = (
        known
    )
    managed = factories.managed(factories.provider("ec2"), regions=())

    results = verify(
        sessions,
        MANAGING,
        managed,
        managed.reach,
        identity_reach=MANAGING.reach,
        shares_identity=True,
        backoff_seconds=0,
    )

    assert outcomes([*islice(results, 4)]) == {
        "Bowline's own identity": "passed",
        BECOMING: "passed",
        "Assume the managed role": "passed",
        f"The role is in account {managed.account_id}": "passed",
    }
    assert tried[0] == WORTHLESS
