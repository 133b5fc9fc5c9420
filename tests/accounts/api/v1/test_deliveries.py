"""Deliveries by the API: planned, read, approved and discarded."""

from __future__ import annotations

import pytest

from accounts.models import Delivery
from tests.accounts.api.calling import detail
from tests.accounts.spinnaker.connecting import spinnaker_row
from tests.accounts.spinnaker.deliveries.delivering import deliver, plan, proved_row
from tests.onboarding.delivery.strict_gate import SECRET, StrictGate

pytestmark = pytest.mark.usefixtures("managing")


def test_it_plans_a_delivery_once_for_one_key(operator):
    spinnaker_row()

    answers = [operator.post("/deliveries", {}, key="one") for _ in range(2)]

    assert [one.status_code for one in answers] == [202, 202]
    assert Delivery.objects.get().created_by_name == "operator"
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["status"] == "planning"


def test_nothing_is_delivered_where_there_is_no_spinnaker(operator):
    assert "isn't connected to Spinnaker" in detail(operator.post("/deliveries", {}))
    assert not Delivery.objects.exists()


def test_only_what_the_last_delivery_asked_about_is_agreed_to(operator):
    spinnaker_row()
    proved_row()
    others = {"accountId": "944444444444", "name": "staging", "type": "aws"}
    asked = plan(StrictGate(stored={"staging": others}))
    assert [one["name"] for one in asked.left] == ["staging"]

    operator.post("/deliveries", {"agree": ["staging", "a-name-of-nobody"]})

    assert Delivery.objects.first().agreed == ["staging"]


def test_it_shows_each_step_and_no_kubeconfig(reader):
    proved_row()
    planned = plan(StrictGate())

    shown = reader.read(f"/deliveries/{planned.number}").json()
    steps = reader.read(f"/deliveries/{planned.number}/steps").json()["items"]
    (listed,) = reader.read("/deliveries").json()["items"]

    assert (shown["status"], shown["fingerprint"]) == ("planned", planned.fingerprint)
    assert shown["progress"] == {"steps": 1, "sent": 0, "seen": 0, "failed": 0}
    assert [(step["verb"], step["name"]) for step in steps] == [("add", "staging")]
    fields = {one["field"]: one["after"] for one in steps[0]["differences"]}
    assert fields["accountId"] == "922222222222"
    assert SECRET not in fields
    assert listed == {key: shown[key] for key in listed}


def test_it_approves_the_plan_that_was_read(approver):
    proved_row()
    planned = plan(StrictGate())
    path = f"/deliveries/{planned.number}/approve"

    refused = approver.post(path, {"fingerprint": "f" * 64})
    answer = approver.post(path, {"fingerprint": planned.fingerprint, "comment": "Go."})
    again = approver.post(path, {"fingerprint": planned.fingerprint})

    assert "Not approved: the plan changed after you opened it" in detail(refused)
    assert (answer.status_code, answer.json()["status"]) == (200, "delivering")
    planned.refresh_from_db()
    assert planned.approval_comment == "Go."
    assert detail(again) == (f"{planned} was approved by approver before you decided.")


def test_a_delivery_that_removes_is_approved_with_how_many(approver):
    account = proved_row()
    strict = StrictGate()
    deliver(strict)
    account.delete()
    planned = plan(strict)
    path = f"/deliveries/{planned.number}/approve"
    body = {"fingerprint": planned.fingerprint}

    refused = approver.post(path, body)
    answer = approver.post(path, {**body, "confirmation": "remove 1 account"})

    assert detail(refused, 422) == "Type “remove 1 account” to approve this."
    assert answer.status_code == 200


def test_it_discards_a_plan(approver):
    proved_row()
    planned = plan(StrictGate())
    path = f"/deliveries/{planned.number}/discard"

    answer, again = approver.post(path), approver.post(path)

    assert answer.json()["status"] == "discarded"
    assert "was discarded by approver before you decided." in detail(again)
