"""What an account's checks amount to: every sentence, and what makes it false."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import CheckResult, ManagedAccount
from accounts.models.states import State
from accounts.web.accounts.verdict import SENTENCES, lines_of, sentence_of
from onboarding.verify.chain import VERIFY_THERE
from onboarding.verify.result import COMPARED

NOW = timezone.now()
SAYS_ACCESS = "Spinnaker has access"
GOOD: dict[str, Any] = {"state": State.VERIFIED, "verification": State.VERIFIED}
GOOD |= {"granted_at": NOW, "verified_at": NOW, "verified": {"entries": []}}
Outcome = CheckResult.Outcome


def account(**facts: Any) -> ManagedAccount:
    return ManagedAccount(**{**GOOD, **facts})


def test_only_what_was_proved_lately_and_whole_is_called_access() -> None:
    assert sentence_of(account()) == SAYS_ACCESS


@pytest.mark.parametrize(
    ("otherwise", "says"),
    [
        ({"unknown_writes": 2}, "might be denied some writes"),
        ({"undeployable": 1}, "can't deploy in every Region"),
        ({"verified_at": NOW - timedelta(days=400)}, "had access when"),
        (
            {"state": State.EVALUATED, "verification": State.EVALUATED},
            "hasn't been tested",
        ),
        ({"state": State.DRIFTED}, "no longer matches"),
        ({"state": State.DRIFTED, "unapproved": 1}, "allow what no one approved"),
        ({"state": State.FAILED}, "isn't verified"),
        ({"state": State.FAILED, "granted_at": None}, "no access"),
        ({"state": State.OUTDATED}, "might not match these settings"),
        ({"state": State.PLANNED}, "had access when"),
        ({"state": State.PLANNED, "verified": {}}, "no access"),
        ({"state": State.DRAFT, "verification": "", "verified": {}}, "no access"),
    ],
)
def test_anything_less_says_what_is_missing(otherwise: Any, says: str) -> None:
    sentence = sentence_of(account(**otherwise))

    assert sentence != SAYS_ACCESS
    assert says in sentence


def test_no_two_states_of_different_colour_share_a_sentence() -> None:
    assert len(SENTENCES) == len({*SENTENCES.values()})


def checks(*ended: str) -> list[CheckResult]:
    return [
        CheckResult(pk=None, name=f"check {number}", outcome=outcome)
        for number, outcome in enumerate(ended)
    ]


def test_every_outcome_is_counted_and_what_is_open_is_named() -> None:
    found = lines_of(checks(*Outcome.values, Outcome.PASSED))

    assert {line.outcome: line.total for line in found} == {
        **dict.fromkeys(Outcome.values, 1),
        Outcome.PASSED: 2,
    }
    named = {line.outcome for line in found if line.first}
    assert named == {Outcome.FAILED, Outcome.CANNOT_DEPLOY, Outcome.NOT_TESTABLE}


def test_only_what_was_called_as_spinnaker_is_said_to_be() -> None:
    """The comparison with AWS, and Bowline's way to the identity, are Bowline's own."""
    some = checks(*[Outcome.PASSED] * 4)
    some[1].as_spinnaker = True

    assert [(line.total, line.text) for line in lines_of(some)] == [
        (1, "called as Spinnaker, and AWS answered as expected"),
        (3, "of Bowline's own checks"),
    ]


def test_passed_checks_without_a_caller_are_only_counted() -> None:
    """Earlier releases did not say who called."""
    (line,) = lines_of(checks(Outcome.PASSED, Outcome.PASSED))

    assert (line.total, line.text) == (2, "as expected")


def test_what_was_only_read_is_not_said_to_be_simulated() -> None:
    some = checks(Outcome.EVALUATED)
    (simulated,) = lines_of(some)
    (only_read,) = lines_of(some, only_read=True)

    assert "simulated" in simulated.text
    assert only_read.text.startswith("read from the policies")


def test_only_what_verify_sh_tests_is_said_to_be_testable_there() -> None:
    """A missing key pair, or a refused question, is no matter of the network."""
    some = checks(*[Outcome.NOT_TESTABLE] * 4)
    some[0].provider = COMPARED
    some[1].sentence = "There is no key pair dev-keypair in us-east-1."
    some[2].sentence = "Only a test from there shows it: run verify.sh there."
    some[3].fix = VERIFY_THERE

    assert [(line.total, line.text) for line in lines_of(some)] == [
        (1, "only reported: nothing fails because of it"),
        (2, "testable only from Spinnaker's network"),
        (1, "not tried"),
    ]
