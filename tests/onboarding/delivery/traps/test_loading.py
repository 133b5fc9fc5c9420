"""Traps of loading, by their names: what is stored is not loaded, or not as stored."""

from __future__ import annotations

import json

import pytest

from onboarding.delivery.bodies import SECRET as CONTENTS
from onboarding.delivery.bodies import Body, bodies
from onboarding.delivery.connection import WITHOUT_ROLE, report
from onboarding.delivery.loading import (
    STILL_LOADED,
    likely_causes,
    loaded_otherwise,
    seconds_to_load,
)
from onboarding.delivery.releases import ECS_WARNING, Release
from onboarding.delivery.switches import switches
from onboarding.delivery.verdicts import Verb, Why
from onboarding.spinnaker.entries import Entries
from tests.factories import managing
from tests.onboarding.delivery.accounts import (
    aws_entry,
    cluster_entry,
    ecs_entry,
    everything,
    foreign,
    wanted,
)
from tests.onboarding.delivery.delivering import List, deliver, planned, settle
from tests.onboarding.delivery.strict_gate import StrictGate

NEW = Release(2026, 3)


def test_without_the_poller_nothing_arrives_and_that_is_the_likeliest_cause():
    strict, book = StrictGate(polls=False), List()
    (body,) = wanted(aws_entry())

    deliver(strict, [body], book)
    settle(strict, seconds_to_load())

    assert strict.gate.loaded_account("prod") is None
    assert "poll" in next(likely_causes(body))
    assert "poll" in STILL_LOADED[0]


def test_without_a_default_role_at_start_accounts_assume_none():
    strict = StrictGate(default_role=False, files={"old": foreign("old")})
    strict.tick()

    found = report(strict.gate, NEW)

    assert WITHOUT_ROLE.format(names="old") in found.warnings
    assert "defaultAssumeRole" in switches(managing())


def test_an_account_of_a_provider_that_is_off_is_never_loaded():
    strict, book = StrictGate(providers={"aws"}), List()
    (body,) = wanted(cluster_entry())

    deliver(strict, [body], book)
    settle(strict)

    assert strict.gate.loaded_account("eks-prod") is None
    assert "kubernetes.enabled isn't true." in [*likely_causes(body)]


def test_likely_causes_are_named_in_order():
    words = {
        "aws": ["poll", "account.storage.aws", "aws.enabled", "log"],
        "ecs": ["poll", "account.storage.ecs", "ecs.enabled", "log", "AWS account"],
        "kubernetes": ["poll", "account.storage.k", "kubernetes.enabled", "log"],
    }

    for body in everything():
        causes = [*likely_causes(body)]

        assert len(causes) == len(words[body.type])
        for word, cause in zip(words[body.type], causes, strict=True):
            assert word in cause


def test_an_unreadable_secret_is_a_cause_only_where_there_is_a_secret():
    (body,) = wanted(cluster_entry())
    reference = {**body.document, CONTENTS: "encrypted:secrets-manager!r:eu-west-1"}
    refers = Body("kubernetes", "eks-prod", reference)

    assert not any("secret" in cause for cause in likely_causes(body))
    assert any("secret" in cause for cause in likely_causes(refers))


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
        "permissions": {"READ": ["team"], "WRITE": ["team"]},
    }


@pytest.mark.parametrize("field", ["enabled", "defaultKeyPair", "environment"])
def test_the_reload_trap_a_field_that_is_left_out_reloads_at_each_poll(field):
    strict = StrictGate()
    (body,) = wanted(aws_entry())
    short = {key: value for key, value in body.document.items() if key != field}
    strict.stored["prod"] = short

    settle(strict)

    assert strict.reloads["prod"] > 5


def test_the_reload_trap_what_the_server_has_as_default_is_spelled_out_too():
    strict, book = StrictGate(defaults={"sessionDurationSeconds": 900}), List()
    entries = Entries(aws=(aws_entry(),))

    deliver(strict, bodies(entries, defaults={"sessionDurationSeconds": 900}), book)
    settle(strict)

    assert strict.reloads == {}
    with pytest.raises(ValueError, match="regions"):
        bodies(entries, defaults={"regions": []})


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


def test_an_ecs_account_does_not_notice_its_aws_account_and_is_made_again(strict, book):
    deliver(strict, everything(), book)
    settle(strict)
    strict.requests.clear()

    plan = deliver(strict, everything(assume_role="role/other"), book)
    settle(strict)

    assert strict.names("DELETE") == ["prod-ecs"]
    assert strict.names("PUT") == ["prod", "prod-ecs"]
    assert json.loads(strict.loaded["prod-ecs"]["was"])["assumeRole"] == "role/other"
    assert plan.counts == {
        Verb.ADD: 0,
        Verb.CHANGE: 2,
        Verb.REMOVE: 0,
        Verb.TAKE_OVER: 0,
    }


def test_an_ecs_account_that_changes_its_aws_account_is_made_again(strict, book):
    first, second = aws_entry("a"), aws_entry("b", account_id="111111111111")
    deliver(strict, wanted(first, second, ecs_entry("a", name="e")), book)
    settle(strict)
    strict.requests.clear()

    deliver(strict, wanted(first, second, ecs_entry("b", name="e")), book)
    settle(strict)

    assert [one[0] for one in strict.writes] == ["DELETE", "PUT"]
    assert strict.loaded["e"]["accountId"] == "111111111111"


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


def test_an_ecs_account_shows_its_aws_accounts_id_and_no_permissions(strict, book):
    _, ecs, _ = everything()
    deliver(strict, everything(), book)
    settle(strict)
    loaded = strict.gate.loaded_account("prod-ecs")

    assert loaded
    assert loaded_otherwise(ecs, loaded, account_id="012345678901") == ()
    assert loaded_otherwise(ecs, loaded, account_id="9") == ("accountId",)
    assert loaded_otherwise(ecs, {**loaded, "type": "aws"}) == ("type",)


def test_loaded_with_an_old_value_is_not_loaded_as_wanted():
    (body,) = wanted(aws_entry())
    loaded = {**body.document, "assumeRole": "arn:aws:iam::012345678901:role/old"}
    whole = "arn:aws:iam::012345678901:role/spinnakerManaged"

    assert loaded_otherwise(body, loaded) == ("assumeRole",)
    assert loaded_otherwise(body, {**loaded, "assumeRole": whole}) == ()
