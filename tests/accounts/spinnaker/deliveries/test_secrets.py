"""No row, no log and no entry of the activity log holds what may be secret."""

from __future__ import annotations

import io
import logging

import pytest
from django.core.management import call_command

from accounts.spinnaker.deliveries.decisions import approve
from tests.accounts.spinnaker.deliveries.delivering import (
    deliver,
    finish,
    plan,
    proved_row,
)
from tests.onboarding.delivery.strict_gate import SECRET, StrictGate, error
from tests.rows import managing_row

pytestmark = pytest.mark.django_db

CLUSTER = {
    "name": "apps",
    "region": "us-east-1",
    "endpoint": "https://apps.eks.amazonaws.com",
    "certificate_authority": "QUJD",
}
REFERENCE = "encrypted:secrets-manager!r:eu-west-1!s:eks!k:kubeconfig"


def dump() -> str:
    written = io.StringIO()
    call_command("dumpdata", "accounts", stdout=written)
    return written.getvalue()


def test_a_kubeconfig_is_sent_and_not_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    managing_row()
    proved_row(providers={"eks": {"clusters": [CLUSTER]}})
    strict = StrictGate()
    theirs = {"type": "kubernetes", "name": "theirs", "kubeconfigContents": REFERENCE}
    strict.stored["theirs"] = theirs

    delivery = deliver(strict)

    (name,) = [one for one in strict.stored if one != "theirs"]
    sent = strict.stored[name]["kubeconfigContents"]
    step = delivery.steps.get()
    assert delivery.status == "loaded", delivery.error
    assert "current-context" in sent
    assert len(step.document["kubeconfigContents"]) == 64
    assert {one.field: one.after for one in step.differences}[
        "kubeconfigContents"
    ] == f'"{step.document["kubeconfigContents"]}"'
    for text in (dump(), caplog.text):
        assert "current-context" not in text
        assert SECRET not in text


def test_what_gate_says_of_an_error_is_neither_kept_nor_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    managing_row()
    proved_row()
    strict = StrictGate()
    delivery = plan(strict)
    approve(delivery, None)
    strict.put = lambda body: error(400, "stored already")

    finish(strict, delivery)

    assert delivery.status == "failed"
    assert SECRET not in dump() + caplog.text
