"""Each kind of account has a canary, and what failed the last time comes last."""

from __future__ import annotations

import pytest

from accounts.models import Rollout, Run
from accounts.models.states import Status
from accounts.people.policies import choose
from accounts.runs import rollouts
from accounts.runs.actions import approve
from accounts.runs.rollouts import decisions
from accounts.runs.rollouts.census import runs_of
from accounts.runs.rollouts.engine import advance
from tests.accounts.runs.rollouts.rows import move, plan
from tests.rows import account_row, person, run_row

pytestmark = pytest.mark.usefixtures("managing")

ONE, TWO, THREE = (letter * 32 for letter in "abc")


def approved(
    groups: dict[str, str], *, only: str | None = None, **settings: int
) -> Rollout:
    """Approve a rollout of these accounts, by their names: each with the fingerprint
    of its plan. A name says the environment. `only`: the one group that is approved.
    """
    accounts = [
        account_row(name, account_id=f"{n:012}", environment=name.split("-")[0])
        for n, name in enumerate(groups, 1)
    ]
    rollout = rollouts.start(accounts, Rollout.Kind.ONBOARD, None)
    Rollout.objects.update(**settings)
    plan(rollout)
    for name, fingerprint in groups.items():
        runs_of(rollout).filter(account_name=name).update(fingerprint=fingerprint)
    olga = person("approver")
    for fingerprint in {*groups.values()} if only is None else {only} - {""}:
        decisions.approve_group(rollout, fingerprint, olga)
    return rollout


def approve_of(rollout: Rollout, *names: str) -> None:
    for run in runs_of(rollout).filter(account_name__in=names):
        approve(run, person("approver", username=f"of {run.account_name}"))


def waves(rollout: Rollout) -> list[list[str]]:
    """Let each wave succeed, and give the names of its accounts."""
    found: list[list[str]] = []
    while True:
        advance(rollout.number)
        runs = runs_of(rollout).filter(status=Status.APPLYING).order_by("account_name")
        if not runs:
            return found
        found.append(list(runs.values_list("account_name", flat=True)))
        move(rollout, Status.APPLYING, Status.VERIFIED)


def test_the_first_waves_take_one_account_of_each_group() -> None:
    groups = {f"dev-{n}": ONE for n in range(1, 8)} | {"dev-8": TWO, "dev-9": THREE}

    first, second, _ = waves(approved(groups, second_percent=30))

    assert (first, second) == (["dev-1"], ["dev-2", "dev-8", "dev-9"])


def test_production_has_a_canary_and_is_never_first() -> None:
    groups = {"prod-1": ONE, "prod-2": TWO, **{f"test-{n}": ONE for n in range(1, 7)}}
    groups |= {"test-7": TWO, "test-8": THREE}

    first, second, third = waves(approved(groups, second_percent=20))

    assert first == ["test-1"]
    assert second == ["prod-1", "test-7"]
    assert "prod-2" in third


def test_the_first_wave_prefers_what_is_not_production() -> None:
    groups = {"prod-1": ONE, "prod-2": TWO, "test-1": ONE, "test-2": ONE}

    first, second, *_ = waves(approved(groups, first_wave=2))

    assert first + second == ["test-1", "test-2"]


def test_an_environment_that_asks_for_two_is_production() -> None:
    choose("core", second_approver=True)
    groups = {"core-1": ONE, "dev-2": ONE}

    assert waves(approved(groups)) == [["dev-2"], ["core-1"]]


def test_the_last_wave_leaves_production_until_the_rest_has_begun() -> None:
    groups = {"prod-1": ONE, "prod-2": ONE, **{f"test-{n}": ONE for n in range(1, 7)}}

    found = waves(approved(groups, at_once=2, second_percent=10))

    assert found[0] + found[1] == ["test-1", "prod-1"]
    assert "prod-2" in found[-1]
    assert not any("prod-2" in wave for wave in found[2:-1])


@pytest.mark.parametrize("wide", [1, 6])
def test_a_group_waits_for_its_canary_in_every_wave(wide: int) -> None:
    groups = {f"dev-{n}": ONE for n in range(1, 7)}

    found = waves(approved(groups, first_wave=wide, second_percent=100))

    assert [len(wave) for wave in found] == [1, 5]


def test_a_group_that_is_approved_later_begins_with_its_own_canary() -> None:
    groups = {f"dev-{n}": ONE for n in range(1, 5)}
    groups |= {f"dev-{n}": TWO for n in range(5, 9)}
    rollout = approved(groups, only=ONE)
    waves(rollout)

    decisions.approve_group(rollout, TWO, person("approver", username="paula"))

    assert [len(wave) for wave in waves(rollout)] == [1, 3]


def test_another_canary_takes_the_place_of_one_that_failed() -> None:
    rollout = approved({f"dev-{n}": ONE for n in range(1, 5)}, second_percent=100)
    Rollout.objects.update(pauses=Rollout.Pauses.NEVER)
    advance(rollout.number)
    move(rollout, Status.APPLYING, Status.FAILED)

    assert [len(wave) for wave in waves(rollout)] == [1, 2]


def test_production_waits_while_others_of_its_group_may_come() -> None:
    groups = {"prod-1": ONE, "prod-2": ONE, "test-1": ONE}
    rollout = approved(groups, only="")
    approve_of(rollout, "prod-1", "prod-2")

    assert waves(rollout) == []
    rollout.refresh_from_db()
    assert rollout.state == Rollout.State.PLANNED

    approve_of(rollout, "test-1")

    assert waves(rollout) == [["test-1"], ["prod-1"], ["prod-2"]]


def test_production_starts_where_the_others_were_discarded() -> None:
    rollout = approved({"prod-1": ONE, "test-1": ONE}, only="")
    approve_of(rollout, "prod-1")
    move(rollout, Status.PLANNED, Status.DISCARDED)

    assert waves(rollout) == [["prod-1"]]


def test_plans_like_no_other_have_no_canary() -> None:
    rollout = approved({f"dev-{n}": "" for n in range(1, 5)}, only="")
    approve_of(rollout, *(f"dev-{n}" for n in range(1, 5)))

    assert [len(wave) for wave in waves(rollout)] == [1, 1, 2]


@pytest.mark.parametrize("status", [Status.FAILED, Status.ERRORED, Status.OUTDATED])
def test_what_failed_the_last_time_comes_last(status: Status) -> None:
    account = account_row("dev-0", account_id="999999999999", environment="dev")
    run_row(status, account=account)
    run_row(Status.DISCARDED, account=account)
    others = [
        account_row(f"dev-{n}", account_id=f"{n:012}", environment="dev")
        for n in range(1, 4)
    ]
    rollout = rollouts.start([account, *others], Rollout.Kind.ONBOARD, None)
    plan(rollout, ONE)
    runs_of(rollout).filter(account=account).update(fingerprint=TWO)
    olga = person("approver")
    for fingerprint in (ONE, TWO):
        decisions.approve_group(rollout, fingerprint, olga)

    found = waves(rollout)

    assert found == [["dev-1"], ["dev-2"], ["dev-0", "dev-3"]]


def test_one_that_was_verified_since_is_not_last() -> None:
    account = account_row("dev-0")
    run_row(Status.FAILED, account=account)
    run_row(Status.VERIFIED, account=account)

    rollout = rollouts.start([account], Rollout.Kind.ONBOARD, None)

    assert runs_of(rollout).get().turn == Run.Turn.FIRST
