"""A running Spinnaker whose accounts people stored, adopted, and delivered to: it never
loses one that was not to be removed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import DeliveredAccount, Delivery, ManagedAccount
from accounts.spinnaker.deliveries import looking
from accounts.spinnaker.deliveries.decisions import approve
from accounts.spinnaker.deliveries.stages import carry_on
from tests.accounts.spinnaker.deliveries.delivering import (
    deliver,
    finish,
    plan,
    prove_again,
    proved_row,
    reach,
)
from tests.onboarding.delivery.strict_gate import StrictGate, error

Status = Delivery.Status
ECS = {"account_name": "their_ecs"}
ZONED = [{"name": "us-east-1", "preferredZones": ["us-east-1b"]}]
THEIRS: dict[str, dict[str, Any]] = {
    "prod": {
        "type": "aws",
        "name": "prod",
        "accountId": "922222222222",
        "regions": ZONED,
        "assumeRole": "role/spinnakerManaged",
        "permissions": {"READ": ["Team"], "WRITE": ["Team"]},
    },
    "their_ecs": {"type": "ecs", "name": "their_ecs", "awsAccount": "prod"},
    "dev": {
        "type": "aws",
        "name": "dev",
        "accountId": "933333333333",
        "regions": [{"name": "us-east-1"}],
    },
}
"""What people stored through Gate, with what Clouddriver fills in left out."""


@pytest.fixture(params=["one by one", "in a list"])
def asked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Gate answers with details for a name, and with expand=true for a list."""
    if request.param == "in a list":
        monkeypatch.setattr(looking, "FEW", 0)
    return str(request.param)


def adopted(strict: StrictGate, **fields: Any) -> ManagedAccount:
    """Store their accounts, let Clouddriver load them, and adopt `prod` with zones."""
    strict.stored = {name: dict(one) for name, one in THEIRS.items()}
    strict.restart()
    strict.clock.sleep(60)
    strict.tick()
    plain = {
        "providers": {"ec2": {}, "ecs": ECS},
        "uses_external_id": False,
        "read_roles": ["Team"],
        "write_roles": ["Team"],
        "carried": {"aws": {"regions": ZONED}},
    }
    return proved_row("prod", **{**plain, **fields})


def settled(strict: StrictGate) -> set[str]:
    """Name what is loaded once Clouddriver has polled some more."""
    strict.polls, strict.failing, strict.killed_at = True, [], -1
    strict.polled = strict.clock.now
    strict.clock.sleep(120)
    strict.tick()
    return {*strict.loaded}


def test_a_zone_that_clouddriver_ignores_costs_no_ecs_account(
    strict: StrictGate, asked: str
) -> None:
    adopted(strict)

    deliver(strict, agreed=["prod", "their_ecs"])

    assert settled(strict) == {*THEIRS}


def test_equal_accounts_are_unchanged_and_asked_about(
    strict: StrictGate, asked: str
) -> None:
    adopted(strict)

    delivery = deliver(strict)

    assert delivery.status == Status.LOADED, delivery.error
    assert delivery.counts["unchanged"] == 2
    assert {one["name"]: one["why"] for one in delivery.left} == {
        "prod": "EQUAL",
        "their_ecs": "EQUAL",
        "dev": "FOREIGN",
    }
    assert not any("Different" in one["sentence"] for one in delivery.left)
    assert strict.writes == []


def test_taking_over_equal_accounts_changes_who_manages_them_only(
    strict: StrictGate, asked: str
) -> None:
    """A zone of a Region that Clouddriver knows is never loaded as it is stored."""
    adopted(strict)

    taken = deliver(strict, agreed=["prod", "their_ecs"])
    again = deliver(strict)

    assert taken.status == Status.LOADED, taken.error
    assert taken.counts["take over"] == 2
    assert strict.writes == []
    assert strict.stored == THEIRS
    assert settled(strict) == {*THEIRS}
    assert {*DeliveredAccount.objects.by_name()} == {"prod", "their_ecs"}
    assert again.counts["unchanged"] == 2
    assert [one["name"] for one in again.left] == ["dev"]


def test_an_ecs_account_is_never_deleted_to_take_it_over(
    strict: StrictGate, asked: str
) -> None:
    """Only the AWS account differs, in what no ECS account has of it."""
    adopted(strict, providers={"ec2": {}, "ecs": ECS, "lambda": {}})

    delivery = deliver(strict, agreed=["prod", "their_ecs"])

    assert delivery.status == Status.LOADED, delivery.error
    assert [method for method, *_ in strict.writes] == ["PUT"]
    assert strict.loaded["prod"]["lambdaEnabled"] is True
    assert strict.stored["their_ecs"] == THEIRS["their_ecs"]
    assert strict.stored["prod"] == {
        **THEIRS["prod"],
        "lambdaEnabled": True,
        "permissions": {"READ": ["Team"], "WRITE": ["team"]},
    }
    assert settled(strict) == {*THEIRS}


def test_a_zoned_account_is_loaded_by_the_names_of_its_regions(
    strict: StrictGate, asked: str
) -> None:
    adopted(strict, providers={"ec2": {}}, regions=["us-east-1", "us-west-2"])

    delivery = deliver(strict, agreed=["prod"])

    assert delivery.status == Status.LOADED, delivery.error
    zones = {
        one["name"]: one["preferredZones"] for one in strict.loaded["prod"]["regions"]
    }
    assert zones["us-east-1"] == ["us-east-1a", "us-east-1b"]


def test_a_changed_zone_is_stored_and_awaits_nothing(strict: StrictGate) -> None:
    """Not even where Clouddriver has not loaded the account for another reason."""
    account = adopted(strict)
    deliver(strict, agreed=["prod", "their_ecs"])
    other = [{"name": "us-east-1", "preferredZones": ["us-east-1a"]}]
    prove_again(account, carried={"aws": {"regions": other}})
    strict.polls = False
    del strict.loaded["prod"]
    strict.clock.sleep(60)

    delivery = deliver(strict)

    assert delivery.status == Status.LOADED, delivery.error
    assert strict.names("PUT") == ["prod"]
    assert strict.stored["prod"]["regions"] == other
    assert strict.names("DELETE") == []


def test_what_is_loaded_otherwise_is_said_with_both_values(strict: StrictGate) -> None:
    account = adopted(strict, providers={"ec2": {}})
    deliver(strict, agreed=["prod"])
    prove_again(account, environment="qa", regions=["us-east-1", "us-west-2"])
    answer = strict.load_account
    strict.load_account = lambda name, *of, **how: (  # type: ignore[method-assign]
        None if name == "prod" else answer(name, *of, **how)
    )

    delivery = deliver(strict)

    (says,) = delivery.steps.get().causes
    assert delivery.status == Status.FAILED
    assert says == (
        "Spinnaker has loaded prod with other values. "
        'environment: "prod" loaded, "qa" sent; '
        'regions: ["us-east-1"] loaded, ["us-east-1","us-west-2"] sent. '
        "See what Clouddriver's log says about prod, and plan again."
    )


def test_an_ecs_account_stays_where_its_aws_account_is_not_loaded_as_sent(
    strict: StrictGate,
) -> None:
    account = adopted(strict)
    deliver(strict, agreed=["prod", "their_ecs"])
    prove_again(account, regions=["us-west-2"], carried={})
    strict.polls = False

    delivery = deliver(strict)

    (ecs,) = delivery.steps.filter(type="ecs")
    assert delivery.status == Status.FAILED
    assert strict.names("DELETE") == []
    assert ecs.error.startswith("Not sent: Spinnaker has it as it was. Spinnaker has")
    assert 'regions: ["us-east-1"] loaded, ["us-west-2"] sent' in ecs.error
    assert settled(strict) == {*THEIRS}
    later = deliver(strict)
    assert later.status == Status.LOADED, later.error
    assert "us-west-2" in strict.loaded["their_ecs"]["was"]


def test_what_was_deleted_is_stored_again_where_it_is_not_unloaded(
    strict: StrictGate,
) -> None:
    account = adopted(strict)
    deliver(strict, agreed=["prod", "their_ecs"])
    prove_again(account, regions=["us-west-2"], carried={})
    delivery = plan(strict)
    approve(delivery, None)
    stop_after(strict, lambda method: method == "DELETE")

    finish(strict, delivery)

    (ecs,) = delivery.steps.filter(type="ecs")
    assert strict.names("DELETE") == ["their_ecs"]
    assert strict.stored["their_ecs"]["awsAccount"] == "prod"
    assert delivery.status == Status.FAILED
    assert 'regions: ["us-east-1"] loaded, ["us-west-2"] in prod' in ecs.causes[0]
    assert settled(strict) == {*THEIRS}


def stop_after(strict: StrictGate, is_last: Callable[[str], bool]) -> None:
    """Let Clouddriver poll no more after a request of this method."""
    answer = strict.answer

    def answered(method: str, path: str, body: Any) -> Any:
        found = answer(method, path, body)
        if is_last(method):
            strict.polls = False
        return found

    strict.answer = answered  # type: ignore[method-assign]


@pytest.mark.parametrize("status", [400, 401, 403, 500])
def test_a_delivery_stays_open_until_what_it_deleted_is_stored_again(
    strict: StrictGate, status: int
) -> None:
    account = adopted(strict)
    deliver(strict, agreed=["prod", "their_ecs"])
    prove_again(account, regions=["us-west-2"], carried={})
    delivery = plan(strict)
    approve(delivery, None)
    refuse_after(strict, 600, status)

    finish(strict, delivery)

    assert strict.names("DELETE") == ["their_ecs"]
    assert "their_ecs" in strict.stored
    assert settled(strict) == {*THEIRS}


def refuse_after(strict: StrictGate, seconds: float, status: int) -> None:
    """Refuse to save anything for so long after something was deleted."""
    answer, until = strict.answer, [0.0]

    def answered(method: str, path: str, body: Any) -> Any:
        if method == "PUT" and strict.clock.now < until[0]:
            return error(status)
        if method == "DELETE":
            until[0] = strict.clock.now + seconds
        return answer(method, path, body)

    strict.answer = answered  # type: ignore[method-assign]


def test_what_was_deleted_is_stored_again_before_the_plan_is_outdated(
    strict: StrictGate,
) -> None:
    account = adopted(strict)
    deliver(strict, agreed=["prod", "their_ecs"])
    prove_again(account, regions=["us-west-2"], carried={})
    delivery = plan(strict)
    approve(delivery, None)
    stop_after(strict, lambda method: method == "DELETE")
    while "their_ecs" in strict.stored:
        carry_on(delivery, reach(strict))
        delivery.refresh_from_db()
        strict.clock.sleep(15)
    ManagedAccount.objects.filter(pk=account.pk).exclude_from_bundles(None)

    finish(strict, delivery)

    assert delivery.status == Status.OUTDATED
    assert settled(strict) == {*THEIRS}
