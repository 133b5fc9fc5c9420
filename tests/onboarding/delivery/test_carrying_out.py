"""One step of a delivery, in a Spinnaker that changed since it was planned."""

from __future__ import annotations

import pytest

from onboarding.delivery.carrying_out import carry_out
from onboarding.resources.plan import PlanOutdated
from tests.onboarding.delivery.accounts import aws_entry, foreign, wanted
from tests.onboarding.delivery.delivering import List, planned
from tests.onboarding.delivery.strict_gate import StrictGate


@pytest.mark.parametrize("same", [True, False])
def test_what_somebody_else_made_since_the_plan_is_not_taken_for_bowlines(same: bool):
    strict, book = StrictGate(), List()
    (body,) = wanted(aws_entry("prod"))
    (step,) = planned(strict, [body], book).steps
    theirs = dict(body.document) if same else foreign("prod")
    strict.stored["prod"] = dict(theirs)

    with pytest.raises(PlanOutdated, match="prod was changed in Spinnaker"):
        carry_out(step, strict.gate, book)

    assert book.rows == {}
    assert strict.stored["prod"] == theirs
