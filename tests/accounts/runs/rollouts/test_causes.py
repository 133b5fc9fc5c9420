"""Of few accounts, one that fails for its own reason holds no other back."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models.functions import Now

from accounts.models import CheckResult, ManagedAccount, Rollout, Run
from accounts.models.states import State, Status
from accounts.runs.rollouts import decisions
from accounts.runs.rollouts.census import causes_now, causes_of, is_own, runs_of
from accounts.runs.rollouts.engine import advance
from onboarding.verify.result import Located
from tests.accounts.runs.rollouts.rows import SAME, move, plan, started
from tests.rows import account_row, managing_row, person, run_row

pytestmark = pytest.mark.django_db

CORE = "911111111111"
Pauses = Rollout.Pauses


@pytest.fixture(autouse=True)
def managing() -> None:
    managing_row(account_id=CORE)


def failed(rollout: Rollout, **error: str) -> None:
    """Let the accounts that are being applied fail, each in words of its own."""
    for run in runs_of(rollout).filter(status=Status.APPLYING):
        said = {k: v.replace("OWN", run.account.account_id) for k, v in error.items()}
        Run.objects.filter(pk=run.pk).update(
            status=Status.FAILED, error=said, moved_at=Now()
        )
    advance(rollout.number)
    rollout.refresh_from_db()


def begun(count: int, **settings: Any) -> Rollout:
    rollout = started(count)
    Rollout.objects.update(**settings)
    plan(rollout)
    decisions.approve_group(rollout, SAME, person("approver"))
    advance(rollout.number)
    return rollout


REFUSED = {"account": "OWN", "message": "AWS refused it in OWN."}
NOT_OURS = {"account": "OWN", "message": "The role of OWN is somebody's."}


@pytest.mark.parametrize(
    ("errors", "reason"),
    [
        ([REFUSED], ""),
        ([REFUSED, REFUSED], "2 accounts failed for the same reason."),
        ([REFUSED, NOT_OURS], ""),
        (
            [{"account": CORE, "message": "AWS refused it."}],
            "team-001 failed for a reason that might also affect other accounts.",
        ),
    ],
    ids=["by itself", "one for two", "each for its own", "the managing account's"],
)
def test_of_few_accounts_a_cause_that_others_share_pauses(
    errors: list[dict[str, str]], reason: str
) -> None:
    rollout = begun(5)

    for error in errors:
        failed(rollout, **error)

    assert rollout.reason == reason
    assert (rollout.state == Rollout.State.PAUSED) == bool(reason)
    assert reason or runs_of(rollout).filter(status=Status.APPLYING).count() == 1


def test_a_cause_that_two_shared_when_somebody_resumed_it_pauses_it_no_more() -> None:
    rollout = begun(5, at_once=1)
    failed(rollout, account="OWN", message="AWS refused it.")
    failed(rollout, account="OWN", message="AWS refused it.")

    decisions.resume(rollout, person("operator"))
    advance(rollout.number)
    failed(rollout, account="OWN", message="The role of OWN is somebody's.")

    assert rollout.state == Rollout.State.APPLYING


def test_limits_that_a_person_changed_hold_for_few_accounts_too() -> None:
    rollout = begun(5)

    decisions.configure(rollout, person("operator"), settings={"failure_percent": 50})
    failed(rollout, account="OWN", message="AWS refused it in OWN.")

    assert rollout.reason == "1 failed account of 1 in wave 1 reached the limit of 50%."


def test_one_that_keeps_going_pauses_for_no_failure() -> None:
    rollout = begun(10, pauses=Pauses.NEVER, most_failures=1)

    failed(rollout, account=CORE, message="AWS refused it.")

    assert rollout.state == Rollout.State.APPLYING


def test_a_number_of_failures_is_no_share_of_a_wave() -> None:
    rollout = begun(10, pauses=Pauses.AT_NUMBER, most_failures=2)

    failed(rollout, account=CORE, message="AWS refused it.")
    first = rollout.state
    failed(rollout, account=CORE, message="AWS refused it.")

    assert first == Rollout.State.APPLYING
    assert rollout.reason == "2 failed accounts reached the limit of 2."


def test_what_cannot_be_planned_pauses_nothing() -> None:
    rollout = started(5)
    move(rollout, Status.PLANNING, Status.FAILED, most=2, moved_at=Now())
    plan(rollout)

    decisions.approve_group(rollout, SAME, person("approver"))
    advance(rollout.number)
    failed(rollout, account="OWN", message="AWS refused it in OWN.")

    assert rollout.state == Rollout.State.APPLYING


WHOSE = [
    ({"account": "922222222222", "message": "x"}, Status.FAILED, True),
    ({"account": CORE, "message": "staging is denied"}, Status.FAILED, False),
    ({"message": "922222222222 refused it"}, Status.FAILED, True),
    ({"message": "ec2: staging has no subnet"}, Status.FAILED, True),
    ({"message": "ec2: staging-2 has no subnet"}, Status.FAILED, False),
    ({"message": "ec2: my-staging has no subnet"}, Status.FAILED, False),
    ({"message": "Bowline encountered an internal error."}, Status.ERRORED, False),
    (None, Status.OUTDATED, True),
]


def test_whose_a_cause_is_follows_from_what_it_names() -> None:
    account = account_row("staging")
    wrong = []
    for error, status, own in WHOSE:
        run = run_row(status, account=account, error=error)
        if is_own(run) is not own:
            wrong.append((error, status))

    assert wrong == []


def test_what_fails_in_the_managing_account_is_not_its_own_as_a_managed_one() -> None:
    both = account_row("core", account_id=CORE)
    run = run_row(Status.FAILED, account=both, error={"account": CORE, "message": "x"})

    assert not is_own(run)


@pytest.mark.parametrize(
    ("located", "sentence", "own"),
    [
        (Located.HIGHER_UP, "It is denied.", True),
        (Located.BOWLINE, "It is denied.", False),
        (Located.OUR_POLICY, f"A policy in {CORE} denies it.", False),
    ],
)
def test_a_check_says_whose_a_cause_is(
    located: Located, sentence: str, own: bool
) -> None:
    run = run_row(Status.FAILED, account=account_row(), error={"message": sentence})
    CheckResult.objects.create(
        run=run,
        position=0,
        provider="ec2",
        name="DescribeSubnets",
        outcome=CheckResult.Outcome.FAILED,
        located=located,
        checked_at=Now(),
    )

    assert is_own(run) is own


def test_a_cause_of_several_names_none_of_them_and_has_the_ids_of_all() -> None:
    rollout = started(7)
    ids = []
    for run in runs_of(rollout):
        ids.append(run.account.account_id)
        said = {"message": f"AWS refused {ids[-1]}.", "hint": "Allow it."}
        Run.objects.filter(pk=run.pk).update(status=Status.FAILED, error=said)
    ManagedAccount.objects.update(state=State.FAILED)

    for (cause,) in (causes_of(rollout), causes_now()):
        assert (cause.message, cause.fix) == ("AWS refused ….", "Allow it.")
        assert sorted(cause.account_ids) == sorted(ids)
        assert (cause.accounts, len(cause.named), cause.more) == (7, 5, 2)


def test_a_cause_of_one_says_what_aws_said() -> None:
    rollout = started(1)
    said = {"message": "AWS refused OWN.", "hint": "Allow it."}
    runs_of(rollout).update(status=Status.FAILED, error=said)

    (cause,) = causes_of(rollout)

    assert cause.message == "AWS refused OWN."


def test_ids_that_aws_gives_to_things_of_an_account_make_no_other_cause() -> None:
    rollout = started(4)
    ids = ("subnet-0a1b2c3d", "subnet-0a1b2c3d4e5f60718", "sg-0011aabb", "eu-west-1")
    for run, name in zip(runs_of(rollout).order_by("number"), ids, strict=True):
        error = {"message": f"There is no room in {name}.", "hint": "Make room."}
        Run.objects.filter(pk=run.pk).update(status=Status.FAILED, error=error)

    assert [cause.accounts for cause in causes_of(rollout)] == [3, 1]


def test_what_an_account_calls_its_clusters_and_itself_makes_no_other_cause() -> None:
    rollout = started(3)
    names = ["apps", "jobs-eu", "legacy-003"]
    first, second, third = runs_of(rollout).order_by("number")
    first.account.providers.create(key="eks", details={"clusters": [{"name": "apps"}]})
    second.account.providers.create(
        key="eks", details={"clusters": [{"name": "x", "account_name": "jobs-eu"}]}
    )
    ManagedAccount.objects.filter(pk=third.account_id).update(
        also_as=[{"name": "legacy-003", "regions": [], "read": [], "write": []}]
    )
    for run, name in zip((first, second, third), names, strict=True):
        said = {"message": f"AWS refused to describe {name}.", "hint": "Allow it."}
        Run.objects.filter(pk=run.pk).update(status=Status.FAILED, error=said)

    (cause,) = causes_of(rollout)

    assert (cause.accounts, cause.message) == (3, "AWS refused to describe ….")


def test_a_name_within_another_word_is_no_name() -> None:
    rollout = started(2)
    said = {"message": "AWS refused to read its metadata.", "hint": "Allow it."}
    runs_of(rollout).update(status=Status.FAILED, error=said)
    one = runs_of(rollout).first()
    Run.objects.filter(pk=one.pk).update(account_name="data")

    (cause,) = causes_of(rollout)

    assert cause.message == "AWS refused to read its metadata."
