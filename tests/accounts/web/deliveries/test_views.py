"""Deliveries on their pages: planned, read, agreed to, approved, and watched."""

from __future__ import annotations

import pytest
from celery import Celery
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Delivery, DeliveryStep
from accounts.spinnaker.deliveries.decisions import approve
from accounts.spinnaker.deliveries.planning import wanted_bodies
from accounts.spinnaker.deliveries.stages import carry_on
from tests.accounts.spinnaker.connecting import spinnaker_row
from tests.accounts.spinnaker.deliveries.delivering import (
    deliver,
    finish,
    plan,
    prove_again,
    proved_row,
    reach,
)
from tests.accounts.web.answers import messages_of
from tests.accounts.web.asking import asked_again
from tests.factories import LEAST
from tests.onboarding.delivery.strict_gate import SECRET, StrictGate

LIST, START = "/bundles/deliveries/", "/bundles/deliveries/start/"


@pytest.fixture(autouse=True)
def site(monkeypatch, managing):
    monkeypatch.setattr(Celery, "send_task", lambda *_, **__: None)


def url(delivery: Delivery, tail: str = "") -> str:
    return f"{LIST}{delivery.number}/{tail}"


def page(client, delivery: Delivery, query: str = "") -> str:
    return client.get(url(delivery) + query).content.decode()


def of_others(name: str = "staging", **fields) -> dict:
    plain = {"type": "aws", "accountId": "1" * 12, "assumeRole": "role/theirs"}
    return {"name": name, **plain, **fields}


def test_the_list_says_what_is_missing_or_starts_a_delivery(operator):
    assert "Spinnaker isn't connected." in operator.get(LIST).content.decode()
    refused = operator.post(START)
    assert refused.url == "/settings/spinnaker/"
    assert "isn't connected" in messages_of(refused)

    spinnaker_row()
    assert "Plan a delivery" in operator.get(LIST).content.decode()
    started = operator.post(START)

    assert started.url == f"{LIST}1/"
    assert Delivery.objects.get().created_by_name == "operator"
    assert "Comparing Spinnaker with the next bundle" in page(
        operator, Delivery.objects.get()
    )


def test_every_page_about_spinnaker_leads_there(viewer):
    for path in ("/bundles/", "/bundles/now/", "/settings/spinnaker/"):
        assert f'href="{LIST}"' in viewer.get(path).content.decode(), path


def test_a_plan_shows_each_field_and_no_kubeconfig(viewer):
    proved_row(
        providers={"ec2": {}, "ecs": {}, "eks": LEAST["eks"]}, uses_external_id=False
    )
    strict = StrictGate()

    shown = page(viewer, plan(strict))

    for said in ("to add", "aws account", "ecs account", "kubernetes account"):
        assert said in shown
    assert "accountId" in shown
    assert "922222222222" in shown
    assert "hidden, SHA-256" in shown
    assert "apiVersion" not in shown
    assert "Everyone in Spinnaker can deploy to it" in shown
    assert "You need the approver role to approve or discard it." in shown


def test_a_change_is_a_diff_against_what_is_stored(viewer):
    account = proved_row()
    strict = StrictGate()
    deliver(strict)
    prove_again(account, regions=["us-east-1", "us-west-2"])

    shown = page(viewer, plan(strict))

    assert "1 to change" in shown
    assert "us-west-2" in shown
    assert "+1" in shown


def test_an_account_that_others_stored_without_a_name_is_listed_as_such(viewer):
    proved_row()
    strict = StrictGate(stored={"": of_others("")})

    shown = page(viewer, plan(strict))

    assert "Stored in Spinnaker by others" in shown
    assert ">(no name)<" in shown


def test_what_somebody_else_made_is_taken_over_by_name_only(operator):
    spinnaker_row()
    proved_row()
    strict = StrictGate(stored={"staging": of_others()})
    asked = plan(strict)
    assert "Accounts that need your permission" in page(operator, asked)
    assert 'name="agree" value="staging"' in page(operator, asked)
    assert "No changes to send" in page(operator, asked)

    operator.post(START, {"agree": ["staging", "a-name-of-nobody"]})

    agreed = Delivery.objects.first()
    assert agreed.agreed == ["staging"]
    carry_on(agreed, reach(strict))
    shown = page(operator, agreed)
    assert "Someone else created this account." in shown
    assert "1 to take over" in shown
    assert "checked" in shown


def test_only_a_file_has_it_and_the_way_over_is_said(viewer):
    strict = StrictGate(files={"old": of_others("old")})
    proved_row()
    strict.restart()

    shown = page(viewer, plan(strict))

    assert "Only in Spinnaker's files" in shown
    assert "onboard it under the same name" in shown
    assert ">old" in shown


def test_it_is_approved_as_it_was_read_with_a_comment(approver):
    proved_row()
    strict = StrictGate()
    planned = plan(strict)

    approver.post(
        url(planned, "approve/"), {"read": planned.fingerprint, "comment": "Go."}
    )

    planned.refresh_from_db()
    assert planned.status == Delivery.Status.DELIVERING
    assert "0 of 1 sent" in page(approver, planned)
    finish(strict, planned)
    shown = page(approver, planned)
    assert "Spinnaker has loaded it" in shown
    assert "by approver" in shown
    assert "Go." in shown
    assert "1 of 1 loaded" in shown


def test_another_plan_than_was_read_is_not_approved(approver):
    proved_row()
    planned = plan(StrictGate())

    answer = approver.post(url(planned, "approve/"), {"read": "f" * 64})

    planned.refresh_from_db()
    assert planned.status == Delivery.Status.PLANNED
    assert messages_of(answer)


def test_a_removal_asks_to_type_how_many(approver):
    account = proved_row()
    strict = StrictGate()
    deliver(strict)
    account.delete()
    planned = plan(strict)
    filled = {"read": planned.fingerprint}

    refused = approver.post(url(planned, "approve/"), filled).content.decode()
    planned.refresh_from_db()
    assert "Type “remove 1 account” to approve this." in refused
    assert "Pipelines that use this account fail." in refused
    assert planned.status == Delivery.Status.PLANNED

    filled["confirmation"] = "remove 1 account"
    approver.post(url(planned, "approve/"), filled)

    planned.refresh_from_db()
    assert planned.status == Delivery.Status.DELIVERING


def test_a_plan_is_discarded(approver):
    proved_row()
    planned = plan(StrictGate())

    answer = approver.post(url(planned, "discard/"))

    assert "is discarded. Nothing changed in Spinnaker." in messages_of(answer)
    assert "Nothing was sent." in page(approver, planned)
    assert "was discarded by approver before you decided." in messages_of(
        approver.post(url(planned, "discard/"))
    )


def test_an_account_of_others_that_changes_is_named_before_it_is_approved(viewer):
    proved_row()
    (body,) = wanted_bodies()
    other = dict(body.document, assumeRole="role/theirs")

    shown = page(
        viewer, plan(StrictGate(stored={"staging": other}), agreed=["staging"])
    )

    assert "<b>Bowline can overwrite:</b> staging." in " ".join(shown.split())


def test_what_is_not_loaded_in_time_says_what_was_seen(viewer):
    proved_row()
    strict = StrictGate(polls=False)

    delivery = deliver(strict)

    shown = page(viewer, delivery)
    assert delivery.status == Delivery.Status.FAILED
    assert "Nothing that was sent has shown up in Spinnaker." in shown
    assert "list of loaded accounts doesn&#x27;t have staging." in shown
    assert "ikely" not in shown
    assert SECRET not in shown


def test_an_equal_account_is_said_to_be_equal_before_and_after(operator):
    spinnaker_row()
    proved_row()
    (body,) = wanted_bodies()
    strict = StrictGate(stored={"staging": dict(body.document)})

    asked = plan(strict)
    before = page(operator, asked)
    agreed = plan(strict, agreed=["staging"])
    planned = page(operator, agreed)
    approve(agreed, None)
    finish(strict, agreed)
    after = page(operator, agreed)

    assert "1 unchanged" in before
    assert "Spinnaker has it already as Bowline would send it" in before
    assert 'name="agree" value="staging"' in before
    assert "Nothing to deliver" in before
    assert "Nothing changes in Spinnaker; Bowline manages it from now on." in planned
    assert "Someone else created" not in planned
    assert "can overwrite" not in planned
    assert "Bowline manages it now" in after
    assert "nothing changed in Spinnaker, and Bowline manages it" in " ".join(
        after.split()
    )
    assert "loaded within" not in after
    assert strict.writes == []


def test_a_renewal_says_when_it_deletes_and_stores_again(viewer):
    account = proved_row(providers={"ec2": {}, "ecs": {}}, uses_external_id=False)
    strict = StrictGate()
    deliver(strict)
    prove_again(account, regions=["us-west-2"])

    planned = plan(strict)

    shown = page(viewer, planned)
    assert "once the AWS account is loaded, Bowline stores the new definition" in shown
    assert "Spinnaker loses" not in shown
    assert planned.counts["change"] == 2


def test_a_change_without_an_effect_says_so(viewer):
    account = proved_row()
    strict = StrictGate()
    deliver(strict)
    zones = [{"name": "us-east-1", "preferredZones": ["us-east-1a"]}]
    prove_again(account, carried={"aws": {"regions": zones}})

    assert "no effect before its next restart" in page(viewer, plan(strict))


def test_the_page_asks_whether_something_moved(viewer):
    proved_row()
    planned = plan(StrictGate())
    shown = viewer.get(url(planned))
    before = asked_again(viewer, shown).status_code

    Delivery.objects.update(waiting="Waiting for Gate")

    assert before == 204
    assert asked_again(viewer, shown).headers["HX-Refresh"] == "true"


def test_a_thousand_accounts_take_few_queries_and_a_page_of_a_hundred(viewer):
    delivery = Delivery.objects.create(
        number=1,
        status=Delivery.Status.PLANNED,
        counts={"add": 1_000},
        left=[
            {"name": f"n{n}", "type": "aws", "why": "FOREIGN", "sentence": "."}
            for n in range(1_000)
        ],
    )
    DeliveryStep.objects.bulk_create(
        DeliveryStep(
            delivery=delivery,
            position=n,
            verb="add",
            type="aws",
            name=f"a{n}",
            after="x",
        )
        for n in range(1_000)
    )

    with CaptureQueriesContext(
        connection,
    ) as queries:
        shown = page(viewer, delivery)

    assert "1–100 of 1,000 changes" in shown
    assert len(shown) < 400_000
    assert len(queries) < 30
