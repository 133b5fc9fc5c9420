"""Traps of reading, by their names: pages, what is hidden, and what leaks."""

from __future__ import annotations

import json
import logging
import traceback

import pytest

from onboarding.carried.table import KINDS
from onboarding.carried.table import SECRET as CONTENTS
from onboarding.delivery.carrying_out import (
    PATIENCE,
    may_still_come,
)
from onboarding.delivery.connection import report
from onboarding.delivery.releases import Release
from onboarding.delivery.transport import Answer, GateError, Kind
from onboarding.delivery.verdicts import Why
from onboarding.topology import Permissions
from tests.onboarding.delivery.accounts import (
    aws_entry,
    cluster_entry,
    everything,
    foreign,
    wanted,
)
from tests.onboarding.delivery.delivering import List, deliver, planned, settle
from tests.onboarding.delivery.strict_gate import (
    SECRET,
    StrictGate,
    error,
    gates_own,
    ok,
)

NEW = Release(2026, 3)


def test_a_short_page_is_not_the_last_page():
    strict = StrictGate()
    for number in range(2_500):
        name = f"a{number:04}"
        strict.stored[name] = foreign(name)
    # The whole of the second page but its first row, which ended the first one.
    strict.unreadable = {f"a{number:04}" for number in range(1_000, 2_000)}

    names = {one.name for one in strict.gate.stored("aws")}

    assert names == strict.stored.keys() - strict.unreadable


def test_paging_is_inclusive_and_brings_no_name_twice():
    strict = StrictGate()
    for number in range(1_500):
        strict.stored[f"a{number:04}"] = foreign(f"a{number:04}")

    names = [one.name for one in strict.gate.stored("aws")]

    assert names == sorted(strict.stored)


def test_the_list_of_loaded_accounts_has_no_order_so_bowline_gives_it_one():
    names = [f"a{number}" for number in range(9)]
    strict = StrictGate(files={name: foreign(name) for name in reversed(names)})
    strict.files["b"] = {"type": "ecs", "name": "b", "awsAccount": "a1"}
    strict.restart()
    strict.tick()
    rows = json.loads(strict.answer("GET", "/credentials", None).body)

    assert [one["name"] for one in rows] != [*names, "b"]
    assert [one.name for one in strict.gate.loaded()] == [*names, "b"]


def test_a_path_that_gate_does_not_have_is_no_missing_account():
    strict = StrictGate(failing=[gates_own(404), gates_own(404)])

    for ask in (strict.gate.loaded_account, strict.gate.delete):
        with pytest.raises(GateError) as caught:
            ask("prod")
        assert caught.value.kind is Kind.UNREADABLE
        assert "Is this Gate's URL?" in str(caught.value)


def test_what_is_not_json_is_no_missing_account():
    """A proxy may say so of Gate itself."""
    gone = Answer(404, "text/plain", b"default backend - 404")
    strict = StrictGate(failing=[gone])

    with pytest.raises(GateError) as caught:
        strict.gate.delete("prod")

    assert caught.value.kind is Kind.UNREADABLE


def test_an_account_without_a_name_is_listed_as_somebody_elses(strict, book):
    strict.stored[""] = foreign("")

    plan = deliver(strict, wanted(aws_entry()), book)

    assert [(one.name, one.why) for one in plan.left] == [("", Why.FOREIGN)]
    assert strict.names("PUT") == ["prod"]


def test_what_an_answer_adds_and_sorts_is_no_difference(strict, book):
    bodies = wanted(
        aws_entry(regions=("us-east-1", "eu-west-1"), permissions=Permissions()),
        cluster_entry(namespaces=("b", "a")),
    )
    deliver(strict, bodies, book)
    settle(strict)
    added = {
        key
        for type_ in ("aws", "kubernetes")
        for row in json.loads(
            strict.answer("GET", f"/credentials/type/{type_}", None).body
        )
        for key in row.keys() - strict.stored[row["name"]].keys()
    }

    plan = deliver(strict, bodies, book)

    assert {"requiredGroupMembership", "customResources"} <= added
    assert plan.unchanged == ("prod", "eks-prod")


def test_an_empty_body_of_a_missing_account_is_no_account():
    strict = StrictGate()
    strict.tick()

    assert strict.gate.loaded_account("nobody") is None


def test_an_empty_body_of_a_list_is_not_an_empty_list():
    strict = StrictGate(failing=[ok(None)])
    with pytest.raises(GateError) as caught:
        strict.gate.stored("aws")

    assert caught.value.kind is Kind.UNREADABLE


def test_forbidden_after_its_own_creation_passes_and_is_waited_for():
    strict, book = StrictGate(admin=False, fiat_delay=45), List()
    body, *_ = wanted(aws_entry())
    deliver(strict, [body], book)
    strict.clock.sleep(strict.period)
    strict.tick()
    (change,) = wanted(aws_entry(external_id="x-2"))

    with pytest.raises(GateError) as caught:
        strict.gate.save(change)
    settle(strict)
    strict.gate.save(change)

    assert caught.value.kind is Kind.DENIED
    assert may_still_come(caught.value, 60)
    assert not may_still_come(caught.value, PATIENCE)
    assert not may_still_come(caught.value, None)
    assert strict.stored["prod"]["externalId"] == "x-2"


def test_what_a_manager_just_created_is_hidden_and_neither_lost_nor_sent_again():
    strict, book = StrictGate(admin=False, fiat_delay=100), List()
    deliver(strict, wanted(aws_entry()), book)
    strict.requests.clear()

    plan = deliver(strict, wanted(aws_entry()), book)
    settle(strict)
    later = deliver(strict, wanted(aws_entry()), book)

    assert strict.writes == []
    assert [one.why for one in plan.left] == [Why.VANISHED]
    assert later.unchanged == ("prod",)


def test_what_a_manager_just_created_is_deleted_once_he_may():
    strict, book = StrictGate(admin=False, fiat_delay=100), List()
    deliver(strict, wanted(aws_entry()), book)

    assert planned(strict, [], book).gone == ()
    with pytest.raises(GateError) as caught:
        deliver(strict, [], book)
    settle(strict)
    deliver(strict, [], book)
    settle(strict)
    forgotten = deliver(strict, [], book)

    assert may_still_come(caught.value, 10)
    assert strict.stored == {}
    assert forgotten.gone == ("prod",)
    assert book.rows == {}


def test_forbidden_of_fiat_out_of_order_is_no_absence():
    strict, book = StrictGate(fiat_down=True), List()

    with pytest.raises(GateError) as caught:
        deliver(strict, everything(), book)

    assert caught.value.kind is Kind.DENIED
    assert not caught.value.retryable
    assert book.rows == {}


def test_storage_that_is_off_is_said():
    found = report(StrictGate(storage=False).gate, NEW)

    assert found.error
    assert found.error.kind is Kind.STORAGE_OFF


def test_reading_leaks_and_nothing_that_was_read_is_written_back(strict, book):
    reference = {"type": "kubernetes", "name": "eks-prod", CONTENTS: "encrypted:x!k:y"}
    strict.stored["eks-prod"] = dict(reference)
    strict.stored["theirs"] = {**reference, "name": "theirs"}

    plan = deliver(strict, everything(), book)
    kept = dict(strict.stored["eks-prod"])
    deliver(strict, everything(), book, agreed={"eks-prod"})

    assert SECRET not in repr(plan) + repr(strict.gate.stored("kubernetes"))
    assert kept == reference
    assert strict.stored["theirs"] == {**reference, "name": "theirs"}
    sent = [body for _, _, body in strict.writes if body]
    sent.sort(key=lambda one: KINDS.index(one["type"]))
    *others, cluster = [one.document for one in everything()]
    nobodys = {"environment", "accountType"}
    assert sent == [*others, {k: cluster[k] for k in cluster.keys() - nobodys}]
    assert SECRET not in json.dumps(sent)


def test_a_loaded_account_is_read_without_what_may_be_secret():
    strict = StrictGate(files={"theirs": {"type": "kubernetes", "name": "theirs"}})
    strict.loaded["theirs"] = {**strict.files["theirs"], CONTENTS: SECRET}
    strict.tick()

    shown = strict.gate.loaded_account("theirs")
    assert shown
    assert {*shown} == {"type", "name", "permissions"}


def test_error_texts_that_may_hold_a_kubeconfig_are_neither_shown_nor_logged(caplog):
    caplog.set_level(logging.DEBUG)
    (body,) = wanted(cluster_entry())
    shown = ""

    for answer in (
        *(error(status, SECRET) for status in (302, 400, 401, 403, 404, 418, 500)),
        error(400, "without granting permissions for current user"),
        error(400, "Cannot use AccountDefinitionService endpoints"),
    ):
        strict = StrictGate(failing=[answer] * 3)
        with pytest.raises(GateError) as caught:
            strict.gate.save(body)
        shown += "".join(traceback.format_exception(caught.value))

    assert SECRET not in shown + caplog.text
    assert "certificate-authority" not in shown + caplog.text


def test_a_secret_engine_that_fails_removes_a_row_and_that_is_shown_not_overwritten():
    strict, book = StrictGate(), List()
    deliver(strict, wanted(cluster_entry()), book)
    settle(strict)
    strict.unreadable = {"eks-prod"}
    settle(strict)
    strict.requests.clear()

    plan = deliver(strict, wanted(cluster_entry()), book)

    assert "eks-prod" not in strict.loaded
    assert [one.why for one in plan.left] == [Why.VANISHED]
    assert strict.writes == []


def test_clusters_sign_in_by_exec_and_their_bodies_hold_no_secret():
    (body,) = wanted(cluster_entry())

    assert "get-token" in body.document[CONTENTS]
    for word in ("token:", "password", "client-key", "encrypted:", "secret:"):
        assert word not in body.document[CONTENTS]
    assert "kubeconfigFile" not in body.document


@pytest.mark.parametrize("status", [500, 502, 503])
def test_failures_of_the_server_are_tried_again(status):
    strict = StrictGate(failing=[error(status)] * 2)

    assert strict.gate.stored("aws") == ()
    assert strict.clock.now == 5


@pytest.mark.parametrize("status", [302, 400, 401, 403])
def test_refusals_are_never_tried_again(status):
    strict = StrictGate(failing=[error(status)])

    with pytest.raises(GateError):
        strict.gate.stored("aws")

    assert strict.clock.now == 0
    assert strict.failing == []
    assert strict.requests == []
