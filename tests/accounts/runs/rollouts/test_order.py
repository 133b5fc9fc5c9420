"""Each kind of account has a canary, and what failed the last time comes last."""

from __future__ import annotations

import pytest

from accounts.models import Rollout, Run
from accounts.models.states import Status
from accounts.runs import rollouts
from accounts.runs.rollouts import decisions
from accounts.runs.rollouts.census import runs_of
from accounts.runs.rollouts.engine import advance
from tests.accounts.runs.rollouts.rows import move, plan
from tests.rows import account_row, person, run_row

pytestmark = pytest.mark.usefixtures("managing")

ONE, TWO, THREE = (letter * 32 for letter in "abc")


def approved(groups: dict[str, str], **settings: int) -> Rollout:
    """Approve a rollout of these accounts, by their names: each with the fingerprint
    of its plan. A name says the environment.
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
    for fingerprint in {*groups.values()}:
        decisions.approve_group(rollout, fingerprint, olga)
    return rollout


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

    first, *_ = waves(approved(groups, first_wave=2))

    assert first == ["test-1", "test-2"]


def test_the_last_wave_leaves_production_until_the_rest_has_begun() -> None:
    groups = {"prod-1": ONE, "prod-2": ONE, **{f"test-{n}": ONE for n in range(1, 7)}}

    found = waves(approved(groups, at_once=2, second_percent=10))

    assert found[0] + found[1] == ["test-1", "prod-1"]
    assert "prod-2" in found[-1]
    assert not any("prod-2" in wave for wave in found[2:-1])


@pytest.mark.parametrize("status", [Status.FAILED, Status.ERRORED, Status.OUTDATED])
def test_what_failed_the_last_time_comes_last(status: Status) -> None:
    account = account_row("dev-0", account_id="999999999999", environment="dev")
    run_row(status, account=account)
    run_row(Status.DISCARDED, account=account)
    others = [account_row(f"dev-{n}", account_id=f"{n:012}") for n in range(1, 4)]
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
