"""An account is edited, and its change delivered, in a real browser."""

from __future__ import annotations

import pytest
from celery import Celery
from django.contrib.auth.models import Group
from playwright.sync_api import expect

from accounts.models import Delivery
from accounts.spinnaker.deliveries.stages import carry_on
from tests.accounts.spinnaker.connecting import spinnaker_row
from tests.accounts.spinnaker.deliveries.delivering import (
    deliver,
    finish,
    prove_again,
    proved_row,
    reach,
)
from tests.accounts.web.browsing import assert_it_looks_right, complaints
from tests.onboarding.delivery.strict_gate import StrictGate
from tests.rows import managing_row, person

WAITS = Delivery.Status.WATCHING


def send(strict: StrictGate) -> Delivery:
    """Work on it, as a worker does, until it waits for Spinnaker."""
    delivery = Delivery.objects.get(status__in=Delivery.OPEN)
    while delivery.status != WAITS:
        carry_on(delivery, reach(strict))
        delivery.refresh_from_db()
    return delivery


@pytest.mark.django_db(transaction=True)
def test_an_edited_account_is_planned_approved_sent_and_loaded(
    signed_in, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Celery, "send_task", lambda *_, **__: None)
    person("operator").groups.add(Group.objects.get(name="approver"))
    managing_row()
    spinnaker_row()
    account, strict = proved_row(), StrictGate()
    deliver(strict)
    wide = {"width": 1440, "height": 900}
    page = signed_in(viewport=wide, bypass_csp=True)
    told = complaints(page)

    page.goto(f"/accounts/{account.pk}/access/")
    page.get_by_label("Regions").fill("us-east-1, eu-west-1")
    page.get_by_role("button", name="Save and continue").click()
    account.refresh_from_db()
    prove_again(account)

    page.goto("/bundles/")
    page.get_by_role("link", name="Deliver to Spinnaker").click()
    page.get_by_role("button", name="Plan a delivery").click()
    expect(page.get_by_text("Comparing Spinnaker with the next bundle")).to_be_visible()
    carry_on(Delivery.objects.get(status="planning"), reach(strict))
    expect(page.get_by_role("heading", name="Before you approve")).to_be_visible()
    expect(page.get_by_text("eu-west-1")).to_be_visible()
    assert_it_looks_right(page, "1-planned")

    page.get_by_role("button", name="Approve and deliver").click()
    expect(page.get_by_text("Sending: 0 of 1 sent")).to_be_visible()
    delivery = send(strict)
    expect(page.get_by_text("Waiting until Spinnaker has loaded it")).to_be_visible()
    assert_it_looks_right(page, "2-watched")
    finish(strict, delivery)
    expect(page.get_by_role("heading", name="Spinnaker has loaded it")).to_be_visible()
    assert_it_looks_right(page, "3-loaded")

    regions = [region["name"] for region in strict.loaded["staging"]["regions"]]
    assert sorted(regions) == ["eu-west-1", "us-east-1"]
    assert told == []
