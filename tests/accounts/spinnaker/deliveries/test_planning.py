"""A plan among accounts whose names somebody else gave."""

from __future__ import annotations

import pytest

from accounts.models import Delivery
from tests.accounts.spinnaker.deliveries.delivering import plan, proved_row
from tests.onboarding.delivery.accounts import foreign
from tests.onboarding.delivery.strict_gate import StrictGate
from tests.rows import managing_row

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\0b", "a‹U+0000›b"),
        ("a\ud800", "a‹U+D800›"),
        ("a\u202egnigats", "a‹U+202E›gnigats"),
    ],
)
def test_a_foreign_name_that_no_database_takes_stops_no_plan(
    name: str, shown: str
) -> None:
    managing_row()
    proved_row()
    strict = StrictGate()
    strict.stored[name] = foreign(name)
    strict.stored["e"] = {"type": "ecs", "name": "e", "awsAccount": name}

    delivery = plan(strict)

    kept = Delivery.objects.get()
    assert kept.status == Delivery.Status.PLANNED, kept.error
    assert {one["name"] for one in kept.left} == {shown, "e"}
    assert delivery.steps.get().name == "staging"


@pytest.mark.parametrize("locked_out", [True, False])
def test_a_plan_names_those_whom_the_bake_account_locks_out(locked_out: bool) -> None:
    groups = ["ops"] if locked_out else []
    managing = managing_row()
    proved_row("core", account_id=managing.account_id, write_roles=groups)
    proved_row("web", account_id="922222222223", write_roles=["web"])

    warned = "".join(plan(StrictGate()).warnings)

    assert ("web can't deploy to EC2" in warned) is locked_out
