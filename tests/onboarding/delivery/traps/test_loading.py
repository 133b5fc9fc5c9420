"""Traps of loading, by their names: what is stored is not loaded, or not as stored."""

from __future__ import annotations

import json
from typing import Any

import pytest

from onboarding.delivery.bodies import Body
from onboarding.delivery.carrying_out import carry_out, put_back
from onboarding.delivery.connection import WITHOUT_ROLE, report
from onboarding.delivery.loading import (
    NOTHING_SEEN,
    loaded_otherwise,
    not_loaded,
    seconds_to_load,
)
from onboarding.delivery.releases import ECS_WARNING, Release
from onboarding.delivery.transport import GateError
from onboarding.delivery.verdicts import Owned, Verb, Why
from onboarding.resources.plan import PlanOutdated
from tests.bundles import clouddriver_once
from tests.factories import topology
from tests.onboarding.delivery.accounts import (
    aws_entry,
    cluster_entry,
    ecs_entry,
    everything,
    foreign,
    wanted,
)
from tests.onboarding.delivery.delivering import List, deliver, planned, settle
from tests.onboarding.delivery.strict_gate import StrictGate, error

NEW = Release(2026, 3)


def test_without_the_poller_nothing_arrives_and_that_is_said():
    strict, book = StrictGate(polls=False), List()
    (body,) = wanted(aws_entry())

    deliver(strict, [body], book)
    settle(strict, seconds_to_load())

    assert strict.gate.loaded_account("prod") is None
    assert "loads accounts at each poll" in NOTHING_SEEN


def test_without_a_default_role_at_start_accounts_assume_none():
    strict = StrictGate(default_role=False, files={"old": foreign("old")})
    strict.tick()

    found = report(strict.gate, NEW)

    assert WITHOUT_ROLE.format(names="old") in found.warnings
    assert "defaultAssumeRole" in clouddriver_once(topology())


def test_an_account_of_a_provider_that_is_off_is_never_loaded():
    strict, book = StrictGate(providers={"aws"}), List()
    (body,) = wanted(cluster_entry())

    deliver(strict, [body], book)
    settle(strict)

    assert strict.gate.loaded_account("eks-prod") is None
    assert not_loaded(body, None).startswith(
        "Spinnaker's list of loaded accounts doesn't have eks-prod. See"
    )


def test_an_ecs_account_that_is_not_loaded_names_its_aws_account_where_it_is_not():
    _, ecs, _ = everything()

    alone, both = not_loaded(ecs, None), not_loaded(ecs, None, {"type": "aws"})
    there = not_loaded(ecs, {"type": "ecs", "name": "prod-ecs"})

    assert "doesn't have prod-ecs, nor its AWS account prod." in alone
    assert "nor its" not in both
    assert "Spinnaker has prod-ecs, but" in there
    assert "doesn't have the AWS account prod." in there


def test_a_long_value_of_a_sentence_is_cut_and_stays_on_one_line():
    (body,) = wanted(aws_entry(external_id="x-1"))
    theirs = {**body.document, "externalId": "a\nb" + "c" * 2_000}

    says = not_loaded(body, theirs)

    assert "externalId" in says
    assert "\n" not in says
    assert len(says) < 600


def test_the_reload_trap_every_defaultable_field_is_spelled_out():
    strict, book = StrictGate(defaults={"sessionName": "Spinnaker"}), List()

    deliver(strict, everything(), book)
    settle(strict)

    assert strict.reloads == {}
    assert "prod" in strict.loaded


def test_the_reload_trap_a_body_has_what_loading_would_fill_in():
    (body,) = wanted(aws_entry(external_id="x-1"))

    assert body.document == {
        "type": "aws",
        "name": "prod",
        "accountId": "012345678901",
        "environment": "prod",
        "accountType": "prod",
        "enabled": True,
        "regions": [{"name": "eu-west-1"}, {"name": "us-east-1"}],
        "assumeRole": "role/spinnakerManaged",
        "sessionName": "Spinnaker",
        "lambdaEnabled": False,
        "defaultKeyPair": "prod-keypair",
        "externalId": "x-1",
        "permissions": {"READ": ["Team"], "WRITE": ["team"]},
    }


@pytest.mark.parametrize("field", ["enabled", "defaultKeyPair", "environment"])
def test_the_reload_trap_a_field_that_is_left_out_reloads_at_each_poll(field):
    strict = StrictGate()
    (body,) = wanted(aws_entry())
    short = {key: value for key, value in body.document.items() if key != field}
    strict.stored["prod"] = short

    settle(strict)

    assert strict.reloads["prod"] > 5


def test_disabled_stays_loaded_so_every_account_is_enabled_and_off_is_deleted():
    strict, book = StrictGate(), List()
    deliver(strict, wanted(aws_entry()), book)
    settle(strict)
    assert strict.stored["prod"]["enabled"] is True

    strict.stored["prod"]["enabled"] = False
    settle(strict)
    still = "prod" in strict.loaded
    deliver(strict, [], book, agreed={"prod"})
    settle(strict)

    assert still
    assert "prod" not in strict.loaded


def test_an_ecs_account_does_not_notice_its_aws_account_and_is_stored_again():
    strict, book = StrictGate(), List()
    deliver(strict, everything(), book)
    settle(strict)
    strict.requests.clear()

    plan = deliver(strict, everything(assume_role="role/other"), book)
    settle(strict)

    assert [one[0] for one in strict.writes] == ["PUT", "DELETE", "PUT"]
    assert strict.names("DELETE") == ["prod-ecs"]
    assert strict.names("PUT") == ["prod", "prod-ecs"]
    assert json.loads(strict.loaded["prod-ecs"]["was"])["assumeRole"] == "role/other"
    assert plan.counts == {
        Verb.ADD: 0,
        Verb.CHANGE: 2,
        Verb.REMOVE: 0,
        Verb.TAKE_OVER: 0,
    }


def test_an_ecs_account_that_changes_its_aws_account_is_stored_again(strict, book):
    first, second = aws_entry("a"), aws_entry("b", account_id="111111111111")
    deliver(strict, wanted(first, second, ecs_entry("a", name="e")), book)
    settle(strict)
    strict.requests.clear()

    deliver(strict, wanted(first, second, ecs_entry("b", name="e")), book)
    settle(strict)

    assert [one[0] for one in strict.writes] == ["PUT", "DELETE", "PUT"]
    assert strict.loaded["e"]["accountId"] == "111111111111"


def test_an_ecs_account_is_left_where_nothing_of_it_changes(strict, book):
    deliver(strict, everything(), book)
    settle(strict)
    strict.requests.clear()

    deliver(strict, everything(lambda_enabled=True), book)

    assert [one[0] for one in strict.writes] == ["PUT"]
    assert strict.names("PUT") == ["prod"]


def test_an_ecs_account_that_missed_a_change_is_stored_again_by_the_next_delivery():
    strict, book = StrictGate(), List()
    deliver(strict, everything(), book)
    settle(strict)
    changed = everything(assume_role="role/other")
    aws, _ = planned(strict, changed, book).steps
    carry_out(aws, strict.gate, book)
    settle(strict)

    plan = deliver(strict, changed, book)
    settle(strict)

    assert [(step.name, step.renews) for step in plan.steps] == [("prod-ecs", True)]
    assert json.loads(strict.loaded["prod-ecs"]["was"])["assumeRole"] == "role/other"


def test_nothing_is_deleted_whose_new_definition_spinnaker_does_not_accept():
    strict, book = StrictGate(), List()
    first, second = aws_entry("a"), aws_entry("b", account_id="111111111111")
    deliver(strict, wanted(first, second, ecs_entry("a", name="e")), book)
    settle(strict)
    bodies = wanted(first, second, ecs_entry("b", name="e"))
    (step,) = planned(strict, bodies, book).steps
    strict.put = lambda body: error(400)

    with pytest.raises(GateError):
        carry_out(step, strict.gate, book)

    assert strict.names("DELETE") == []
    assert strict.stored["e"]["awsAccount"] == "a"


def test_an_aws_account_is_deleted_once_its_ecs_account_has_another(strict, book):
    first, second = aws_entry("a"), aws_entry("b", account_id="111111111111")
    deliver(strict, wanted(first, ecs_entry("a", name="e")), book)
    settle(strict)

    plan = deliver(strict, wanted(second, ecs_entry("b", name="e")), book)
    settle(strict)

    assert [step.name for step in plan.steps] == ["b", "e", "a"]
    assert plan.steps[-1].after_loaded == ("e",)
    assert strict.loaded.keys() == {"b", "e"}
    assert strict.loaded["e"]["accountId"] == "111111111111"


def test_what_was_not_deleted_is_not_taken_for_deleted(strict, book):
    deliver(strict, everything(), book)
    settle(strict)
    aws, ecs = planned(strict, everything(assume_role="role/other"), book).steps
    carry_out(aws, strict.gate, book)
    strict.delete = lambda name: error(400)

    with pytest.raises(GateError):
        carry_out(ecs, strict.gate, book)

    assert not book.rows["prod-ecs"].leaving
    assert book.rows["prod-ecs"].sent == ecs.body.digest


def test_what_somebody_stores_while_it_is_deleted_is_theirs(strict, book):
    deliver(strict, everything(), book)
    settle(strict)
    aws, ecs = planned(strict, everything(assume_role="role/other"), book).steps
    carry_out(aws, strict.gate, book)
    assert not carry_out(ecs, strict.gate, book)
    theirs = {"type": "ecs", "name": "prod-ecs", "awsAccount": "theirs"}
    strict.stored["prod-ecs"] = dict(theirs)

    with pytest.raises(PlanOutdated):
        carry_out(ecs, strict.gate, book)
    put_back(ecs, strict.gate, book)

    assert strict.stored["prod-ecs"] == theirs
    assert book.rows["prod-ecs"] == Owned("prod-ecs", "ecs")


def test_a_foreign_ecs_account_keeps_old_values_and_that_is_said(strict, book):
    deliver(strict, wanted(aws_entry()), book)
    strict.stored["theirs"] = {"type": "ecs", "name": "theirs", "awsAccount": "prod"}

    plan = planned(strict, wanted(aws_entry(external_id="x-2")), book)

    assert [step.name for step in plan.steps] == ["prod"]
    assert any("theirs" in warning for warning in plan.warnings)


def test_an_ecs_account_without_its_aws_account_stops_all_and_is_never_sent():
    strict, book = StrictGate(ecs_alone_fails=True), List()

    deliver(strict, everything(), book)
    settle(strict)
    plan = planned(strict, wanted(ecs_entry("missing")), book, release=NEW)

    assert "prod-ecs" in strict.loaded
    assert [one.why for one in plan.left if one.name == "missing-ecs"] == [
        Why.WITHOUT_AWS_ACCOUNT
    ]


def test_an_aws_account_is_not_deleted_while_a_foreign_ecs_account_uses_it():
    strict, book = StrictGate(), List()
    deliver(strict, wanted(aws_entry()), book)
    strict.stored["theirs"] = {"type": "ecs", "name": "theirs", "awsAccount": "prod"}

    plan = deliver(strict, [], book)

    assert plan.steps == ()
    assert "prod" in strict.stored
    assert "theirs" in next(one.sentence for one in plan.left if one.name == "prod")


def test_aws_before_ecs_and_ecs_is_deleted_first():
    strict, book = StrictGate(ecs_alone_fails=True), List()

    deliver(strict, everything(), book)
    saved_at = strict.clock.now
    settle(strict)
    deliver(strict, [], book)

    assert strict.names("PUT") == ["prod", "eks-prod", "prod-ecs"]
    assert strict.names("DELETE") == ["prod-ecs", "prod", "eks-prod"]
    assert saved_at >= 2 * strict.period  # loaded, and one more period
    assert strict.stored == {}


def test_old_releases_are_refused_or_warned_of(strict, book):
    def left(release: str) -> set[str]:
        plan = planned(strict, everything(), book, release=Release.of(release))
        return {one.name for one in plan.left}

    assert left("2025.1") == {"prod", "prod-ecs"}
    assert left("2025.2.4") == {"prod-ecs"}
    assert left("1.28.0") == {"prod", "prod-ecs"}
    assert left("2025.3") == left("2026.3") == set()
    old = planned(strict, everything(), book, release=Release(2026, 2))
    new = planned(strict, everything(), book, release=NEW)
    assert (old.warnings, new.warnings) == ((ECS_WARNING,), ())


def test_the_list_is_stale_so_loaded_is_asked_for_again(strict, book):
    (body,) = wanted(aws_entry())
    strict.tick()
    deliver(strict, [body], book)
    strict.clock.sleep(15)
    early = strict.gate.loaded_account("prod")
    strict.clock.sleep(seconds_to_load())

    late = strict.gate.loaded_account("prod")

    assert early is None
    assert late
    assert loaded_otherwise(body, late) == ()


def test_an_ecs_account_is_compared_with_its_aws_account(strict, book):
    _, ecs, _ = everything()
    deliver(strict, everything(), book)
    settle(strict)
    loaded, aws = (strict.gate.loaded_account(name) for name in ("prod-ecs", "prod"))

    assert loaded
    assert aws
    assert fields_of(ecs, loaded, aws) == []
    other = {**aws, "accountId": "9", "assumeRole": loaded["assumeRole"]}
    whole = "arn:aws:iam::012345678901:role/spinnakerManaged"
    assert "accountId" in fields_of(ecs, loaded, other)
    assert fields_of(ecs, loaded, {**aws, "assumeRole": whole}) == []
    assert fields_of(ecs, loaded, {**aws, "assumeRole": "role/x"}) == ["assumeRole"]
    assert fields_of(ecs, loaded, {**aws, "permissions": {}}) == ["permissions"]
    assert fields_of(ecs, loaded, {**aws, "externalId": "x-1"}) == []
    assert fields_of(ecs, loaded) == ["awsAccount"]
    assert fields_of(ecs, {**loaded, "type": "aws"}, aws) == ["type"]
    older = {key: one for key, one in loaded.items() if key != "permissions"}
    assert fields_of(ecs, older, aws) == []


def fields_of(body: Body, *accounts: Any) -> list[str]:
    return [one.field for one in loaded_otherwise(body, *accounts)]


def test_loaded_with_an_old_value_is_not_loaded_as_wanted():
    (body,) = wanted(aws_entry())
    loaded = {**body.document, "assumeRole": "arn:aws:iam::012345678901:role/old"}
    whole = "arn:aws:iam::012345678901:role/spinnakerManaged"

    assert fields_of(body, loaded) == ["assumeRole"]
    assert fields_of(body, {**loaded, "assumeRole": whole}) == []
    assert fields_of(body, {**body.document, "environment": "qa"}) == ["environment"]
    fewer = {**body.document, "regions": [{"name": "eu-west-1"}]}
    assert fields_of(body, fewer) == ["regions"]
