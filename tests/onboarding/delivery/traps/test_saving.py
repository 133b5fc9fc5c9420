"""Traps of saving and deleting, by their names: nothing foreign, nothing invalid."""

from __future__ import annotations

import pytest

from onboarding.delivery.bodies import Body, problems
from onboarding.delivery.carrying_out import (
    NotAsSent,
    carry_out,
)
from onboarding.delivery.loading import not_unloaded
from onboarding.delivery.releases import Release
from onboarding.delivery.verdicts import Verb, Why
from onboarding.resources.plan import PlanOutdated
from onboarding.topology import Permissions
from tests.onboarding.delivery.accounts import (
    aws_entry,
    cluster_entry,
    ecs_entry,
    everything,
    foreign,
    wanted,
)
from tests.onboarding.delivery.delivering import List, deliver, planned, settle
from tests.onboarding.delivery.strict_gate import StrictGate, ok

NEW = Release(2026, 3)


def test_a_second_deletion_is_done(strict, book):
    deliver(strict, wanted(aws_entry()), book)

    assert strict.gate.delete("prod")
    assert not strict.gate.delete("prod")


def test_put_is_an_upsert_so_a_foreign_name_needs_a_persons_word(strict, book):
    strict.stored["prod"] = foreign("prod")
    before = dict(strict.stored["prod"])

    plan = deliver(strict, everything(), book)

    assert strict.stored["prod"] == before
    assert {one.name: one.why for one in plan.left} == {
        "prod": Why.TAKEN,
        "prod-ecs": Why.WITHOUT_AWS_ACCOUNT,
    }
    agreed = deliver(strict, everything(), book, agreed={"prod"})
    assert agreed.counts[Verb.TAKE_OVER] == 1
    assert strict.stored["prod"]["accountId"] == "012345678901"


def test_an_account_of_a_file_is_shown_and_taken_over_by_a_persons_word_only():
    (body,) = wanted(aws_entry())
    strict, book = StrictGate(files={"prod": dict(body.document)}), List()
    strict.tick()

    plan = deliver(strict, [body], book)
    assert [one.why for one in plan.left] == [Why.TAKEN]
    assert strict.writes == []
    deliver(strict, [body], book, agreed={"prod"})

    assert "prod" in strict.stored


def test_deleting_brings_a_files_account_back_and_that_is_said():
    (body,) = wanted(aws_entry())
    strict, book = StrictGate(files={"prod": dict(body.document)}), List()
    strict.tick()
    deliver(strict, [body], book, agreed={"prod"})
    settle(strict)

    deliver(strict, [], book)
    settle(strict)

    assert strict.gate.loaded_account("prod")
    assert "If a file of Clouddriver's configuration has" in not_unloaded("prod")


def test_put_of_another_type_would_turn_the_account_and_is_refused(strict, book):
    strict.stored["prod"] = {"type": "kubernetes", "name": "prod"}
    strict.files["eks-prod"] = {"type": "docker", "name": "eks-prod"}
    strict.loaded["eks-prod"] = strict.files["eks-prod"]
    strict.tick()

    plan = deliver(strict, everything(), book, agreed={"prod", "eks-prod"})

    assert strict.writes == []
    assert {one.name: one.why for one in plan.left} == {
        "prod": Why.OF_ANOTHER_TYPE,
        "eks-prod": Why.OF_ANOTHER_TYPE,
        "prod-ecs": Why.WITHOUT_AWS_ACCOUNT,
    }


@pytest.mark.parametrize("other", ["Prod", "PROD", "pród", "prod  "])
def test_the_database_takes_two_spellings_for_one_row(other, strict, book):
    strict.stored[other] = foreign(other)

    plan = deliver(strict, wanted(aws_entry()), book, agreed={"prod", other})

    assert strict.writes == []
    assert next(one.why for one in plan.left if one.name == "prod") is Why.SAME_ROW


@pytest.mark.parametrize("name", ["", "a/b", "a:b", "a b", "-a", "..", "a" * 64])
def test_names_that_could_not_be_deleted_are_never_sent(name, strict, book):
    plan = deliver(strict, wanted(aws_entry(name)), book)

    assert strict.writes == []
    assert [one.why for one in plan.left] == [Why.INVALID]
    with pytest.raises(ValueError, match="names"):
        strict.gate.delete(name)


@pytest.mark.parametrize(
    "fields",
    [
        {"account_id": "12345678901"},
        {"account_id": "0123-4567-8901"},
        {"regions": ()},
        {"regions": ("eu-west-1", "eu-west-1")},
        {"regions": ("eu-west-11",)},
        {"assume_role": ""},
        {"assume_role": "spinnakerManaged"},
        {"assume_role": "role/of-aws-cn"},
        {"assume_role": "arn:aws:iam::012345678901:role/aws-us-gov"},
        {"external_id": "secret://secrets-manager?r=eu-west-1&s=db&k=password"},
        {"environment": "encrypted:secrets-manager!r:eu-west-1!s:db!k:password"},
        {"environment": "encryptedFile:secrets-manager!s:db"},
        {"key_pair": "secret://x"},
        {"key_pair": "{{name}}-keys"},
    ],
)
def test_nothing_is_validated_there_so_it_is_here(fields, strict, book):
    plan = deliver(strict, wanted(aws_entry(**fields)), book)

    assert strict.writes == []
    assert [one.why for one in plan.left] == [Why.INVALID]


def test_one_name_for_two_accounts_is_refused():
    twice = wanted(aws_entry("one"), ecs_entry("one", name="one"))

    assert dict(problems(twice)) == {"one": "“one” names two accounts."}
    assert not deliver(StrictGate(), twice, List()).steps


def test_an_ecs_account_is_not_sent_where_its_aws_account_requires_an_external_id():
    strict, book = StrictGate(), List()

    plan = deliver(strict, everything(external_id="x-1"), book)

    assert strict.names("PUT") == ["prod", "eks-prod"]
    (left,) = plan.left
    assert (left.name, left.why) == ("prod-ecs", Why.INVALID)
    assert "ECS can't be combined with an external ID" in left.detail


@pytest.mark.parametrize(
    "groups", [{"WRITE": ["Team"]}, {"READ": [" a"]}, {"READ": [""]}]
)
def test_groups_that_would_be_compared_otherwise_are_not_sent(groups):
    """Who can write is compared as sent with the roles of the service account."""
    (body,) = wanted(aws_entry())

    loud = Body("aws", "prod", {**body.document, "permissions": groups})

    sentence = "Write the groups of WRITE in lower case."
    assert dict(problems([loud])) == {"prod": sentence}


def test_unknown_keys_are_dropped_without_a_word_and_the_answer_shows_it(strict, book):
    (body,) = wanted(aws_entry(external_id="x-1"))
    plan = planned(strict, [body], book)
    less = {key: value for key, value in body.document.items() if key != "externalId"}
    strict.failing = [ok([]), ok(less)]

    with pytest.raises(NotAsSent) as caught:
        carry_out(plan.steps[0], strict.gate, book)

    assert caught.value.fields == ("externalId",)
    assert "x-1" not in str(caught.value)


def test_the_history_grows_with_each_put_so_unchanged_bodies_are_not_sent(strict, book):
    deliver(strict, everything(), book)
    settle(strict)
    strict.requests.clear()

    plan = deliver(strict, everything(), book)

    assert strict.writes == []
    assert plan.unchanged == ("prod", "prod-ecs", "eks-prod")


def test_last_writer_wins_so_what_changed_elsewhere_is_shown_not_overwritten():
    strict, book = StrictGate(), List()
    deliver(strict, everything(), book)
    settle(strict)
    strict.stored["prod"]["externalId"] = "theirs"
    strict.requests.clear()

    plan = deliver(strict, everything(), book)
    gone = deliver(strict, [], book)

    assert {one.name: one.sentence for one in plan.left} == {
        "prod": f"{Why.CHANGED_ELSEWHERE} Different: externalId."
    }
    assert "prod" in strict.stored
    assert "prod" in {one.name for one in gone.left}


def test_what_changed_after_the_approval_is_not_overwritten(strict, book):
    deliver(strict, wanted(aws_entry()), book)
    plan = planned(strict, wanted(aws_entry(external_id="x-2")), book)
    strict.stored["prod"]["externalId"] = "theirs"

    with pytest.raises(PlanOutdated, match="Plan again"):
        carry_out(plan.steps[0], strict.gate, book)

    assert strict.stored["prod"]["externalId"] == "theirs"


def test_what_somebody_else_made_after_the_approval_is_not_taken_over(strict, book):
    (body,) = wanted(aws_entry())
    plan = planned(strict, [body], book)
    strict.stored["prod"] = dict(body.document)

    with pytest.raises(PlanOutdated):
        carry_out(plan.steps[0], strict.gate, book)

    assert book.rows == {}
    assert strict.writes == []


def test_what_changed_after_the_approval_is_not_deleted(strict, book):
    deliver(strict, wanted(aws_entry()), book)
    plan = planned(strict, [], book)
    strict.stored["prod"]["externalId"] = "theirs"

    with pytest.raises(PlanOutdated):
        carry_out(plan.steps[0], strict.gate, book)

    assert "prod" in strict.stored


def test_a_name_of_bowlines_that_is_of_another_type_now_is_not_deleted(strict, book):
    deliver(strict, wanted(aws_entry()), book)
    strict.stored["prod"] = {"type": "kubernetes", "name": "prod"}

    plan = deliver(strict, [], book, agreed={"prod"})

    assert [one.why for one in plan.left] == [Why.OF_ANOTHER_TYPE]
    assert "prod" in strict.stored


def test_what_only_a_file_has_is_not_deleted():
    (body,) = wanted(aws_entry())
    strict, book = StrictGate(files={"prod": dict(body.document)}), List()
    strict.tick()
    deliver(strict, [body], book, agreed={"prod"})
    del strict.stored["prod"]
    settle(strict)

    plan = deliver(strict, [], book)

    assert [one.why for one in plan.left] == [Why.HIDDEN]
    assert strict.names("DELETE") == []


def test_a_vanished_account_of_bowlines_is_shown_and_sent_again_by_word_only():
    strict, book = StrictGate(), List()
    deliver(strict, wanted(aws_entry()), book)
    settle(strict)
    strict.stored.clear()
    settle(strict)

    plan = deliver(strict, wanted(aws_entry()), book)
    assert [one.why for one in plan.left] == [Why.VANISHED]
    assert strict.stored == {}
    deliver(strict, wanted(aws_entry()), book, agreed={"prod"})

    assert "prod" in strict.stored


def test_permissions_are_said_even_where_there_are_none():
    strict, book = StrictGate(admin=False), List()
    everyone = Permissions()

    deliver(strict, wanted(aws_entry(permissions=everyone), cluster_entry()), book)

    assert strict.stored["prod"]["permissions"] == {}
    assert strict.stored["eks-prod"]["permissions"] == {}


def test_a_role_of_another_partition_is_no_other_sts():
    arn = "arn:aws-cn:iam::012345678901:role/spinnakerManaged"

    assert not [*problems(wanted(aws_entry(assume_role=arn, regions=("cn-north-1",))))]
