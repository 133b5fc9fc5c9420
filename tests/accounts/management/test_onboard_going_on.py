"""One faulty account of five holds no other back, and what failed is resumed alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError
from django.db.models.functions import Now

from accounts.management.commands.onboard import Command
from accounts.management.onboard_options import OnboardOptions, read_options
from accounts.models import ManagedAccount, Rollout, Run
from accounts.models.lease import LEASE
from accounts.models.states import State, Status
from accounts.runs import stages
from accounts.runs.rollouts import batch
from accounts.runs.rollouts.census import runs_of
from accounts.runs.scope import Scope
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from script.emulated_organization import MEMBERS
from tests.accounts.management.onboarding import approved, entry, onboard

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("here"),
]

DEV, STAGING, *MORE = MEMBERS[:5]


@pytest.fixture
def five(file: Path) -> Path:
    with file.open("a") as more:
        more.writelines(entry(account) for account in MORE)
    return file


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Hold the accounts that AWS refuses to change, and in which account it does."""
    names: dict[str, str] = {}
    apply_run = stages.STAGES[Status.APPLYING]

    def refused(run: Run, scope: Scope, sessions: Sessions) -> None:
        if where := names.get(run.account_name):
            raise AwsError(where, "CreateRole", f"AWS refused it in {where}.", "Allow.")
        apply_run(run, scope, sessions)

    monkeypatch.setitem(stages.STAGES, Status.APPLYING, refused)
    return names


def runs_since(number: int) -> set[str]:
    runs = Run.objects.filter(number__gt=number).exclude(account=None)
    return {*runs.values_list("account_name", flat=True)}


def last_number() -> int:
    return Run.objects.latest("number").number


def test_four_good_accounts_are_verified_and_the_fifth_is_tried_alone(
    five: Path, broken: dict[str, str]
) -> None:
    broken[DEV.name] = DEV.account_id
    first = approved(five)
    verified = ManagedAccount.objects.filter(state=State.VERIFIED).count()
    before = last_number()
    broken.clear()

    again = onboard(five, "--approve", "--resume")

    assert (first.code, verified) == (1, 4)
    assert f"{DEV.name}: failed: AWS refused it in {DEV.account_id}." in first.err
    assert (again.code, again.err) == (0, "")
    assert runs_since(before) == {DEV.name}
    assert {one.state for one in ManagedAccount.objects.all()} == {State.VERIFIED}


def test_another_plan_than_the_one_that_was_approved_waits_when_resumed(
    five: Path, broken: dict[str, str]
) -> None:
    broken[DEV.name] = DEV.account_id
    approved(five)
    broken.clear()
    five.write_text(five.read_text().replace("{ec2: {}}", "{ec2: {}, ecs: {}}", 1))

    resumed = onboard(five, "--approve", "--resume")
    then = onboard(five, "--approve")

    assert resumed.code == 2
    assert f"{DEV.name}: not approved. Its plan isn't the one" in resumed.err
    assert then.code == 0, then.err


def test_without_approval_it_only_plans_again_what_failed(
    five: Path, broken: dict[str, str]
) -> None:
    broken[DEV.name] = DEV.account_id
    approved(five)
    broken.clear()

    resumed = onboard(five, "--resume")

    assert (resumed.code, resumed.err) == (2, "")
    assert f"{DEV.name}: " in resumed.out
    assert STAGING.name not in resumed.out


def test_what_did_not_start_is_started_when_it_is_resumed(
    five: Path, broken: dict[str, str]
) -> None:
    broken.update((account.name, "2") for account in (DEV, STAGING, *MORE))
    first = approved(five)
    paused = Rollout.objects.get().state
    broken.clear()

    resumed = onboard(five, "--approve", "--resume")

    assert (first.code, paused) == (1, Rollout.State.PAUSED)
    assert "Fix the failures, then continue with --resume" in first.err
    assert (resumed.code, resumed.err) == (0, "")
    assert {one.state for one in ManagedAccount.objects.all()} == {State.VERIFIED}


def test_one_that_keeps_going_starts_the_others_whatever_fails(
    five: Path, broken: dict[str, str]
) -> None:
    broken[DEV.name] = "2"
    onboard(five)

    ending = onboard(five, "--approve", "--keep-going")

    assert ending.code == 1
    assert ManagedAccount.objects.filter(state=State.VERIFIED).count() == 4


def test_only_the_accounts_that_are_named_are_planned_and_approved(five: Path) -> None:
    onboard(five)

    ending = onboard(five, "--approve", "--only", STAGING.name)
    rest = onboard(five, "--approve")

    assert (ending.code, ending.err) == (0, "")
    assert f"{DEV.name}: verified" not in ending.out
    assert f"{STAGING.name}: verified" in ending.out
    assert rest.code == 0
    assert Rollout.objects.count() == 1


def test_only_what_is_named_has_a_run(five: Path) -> None:
    ending = onboard(five, "--only", DEV.name)

    assert ending.code == 2
    assert runs_since(0) == {DEV.name}
    assert onboard(five, "--approve", "--only", DEV.name).code == 0


def test_a_plan_of_some_accounts_is_none_of_all(five: Path) -> None:
    onboard(five, "--only", DEV.name)

    ending = onboard(five, "--approve")

    assert ending.code == 2
    assert "Not approved: what was planned has changed." in ending.err
    assert not ManagedAccount.objects.existing()


def test_what_a_killed_command_had_approved_is_carried_on(file: Path) -> None:
    """It died right after the approval; nobody reads the plans again."""
    onboard(file)
    Run.objects.filter(account=None).update(
        status=Status.APPLYING, approved_at=Now(), leased_until=Now() + LEASE / 20
    )
    runs_of(Rollout.objects.get()).update(status=Status.APPROVED, approved_at=Now())

    ending = onboard(file, "--approve")

    assert (ending.code, ending.err) == (0, "")
    assert {one.state for one in ManagedAccount.objects.all()} == {State.VERIFIED}
    assert Rollout.objects.count() == 1


def test_it_waits_until_nobody_else_works_on_the_accounts(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    onboard(file)
    Run.objects.filter(account_name=DEV.name).update(leased_until=Now() + LEASE)
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        Run.objects.update(leased_until=None)

    with pytest.raises(CommandError, match="part of another rollout"):
        onboard(file)
    monkeypatch.setattr(batch.time, "sleep", sleep)

    assert onboard(file, "--wait").code == 2
    assert waits == [1.0]


def test_nothing_is_resumed_where_nothing_was_started(file: Path) -> None:
    with pytest.raises(CommandError, match="Nothing to resume"):
        onboard(file, "--resume")


def test_names_that_the_file_has_not_are_refused(file: Path) -> None:
    with pytest.raises(CommandError, match="--only: not in this file: x, y"):
        onboard(file, "--only", "y", DEV.name, "x")


PLAIN = vars(Command().create_parser("manage.py", "onboard").parse_args(["file"]))
NUMBER = {"pauses": "number"}


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        ({}, {}),
        ({"first": 3, "waves": 25}, {"first_wave": 3, "second_percent": 25}),
        ({"keep_going": True}, {"pauses": "never"}),
        ({"max_failures": (4, False)}, {**NUMBER, "most_failures": 4}),
        ({"max_failures": (20, True)}, {**NUMBER, "most_failures": 3}),
        ({"max_failures": (1, True)}, {**NUMBER, "most_failures": 1}),
    ],
)
def test_options_are_settings_of_the_rollout(options, settings) -> None:
    assert read_options({**PLAIN, **options}, 11) == OnboardOptions(settings=settings)


@pytest.mark.parametrize(
    "arguments",
    [
        "--first 0",
        "--first x",
        "--waves 101%",
        "--max-failures 0",
        "--max-failures x%",
        "--keep-going --max-failures 3",
    ],
)
def test_numbers_that_are_none_are_refused(file: Path, arguments: str) -> None:
    with pytest.raises(CommandError):
        onboard(file, *arguments.split())


def test_options_given_with_the_approval_hold_as_well(five: Path) -> None:
    onboard(five, "--first", 2, "--waves", "50%")
    onboard(five, "--approve", "--max-failures", 2)

    rollout = Rollout.objects.get()
    waves = [run.wave for run in runs_of(rollout)]
    assert sorted(waves) == [1, 1, 2, 2, 2]
    assert (rollout.pauses, rollout.most_failures) == ("number", 2)


def test_five_accounts_have_a_line_each_and_equal_changes_once(five: Path) -> None:
    ending = onboard(five)

    lines = ending.out.splitlines()
    for one in (DEV, STAGING, *MORE):
        assert sum(line.startswith(f"{one.name}: ") for line in lines) == 1
    assert ending.out.count("+ role spinnakerManaged in") == 2  # STAGING has others
    assert len(lines) < 80
    digest = next(line for line in lines if line.endswith("waits for approval."))
    assert lines[-2].endswith(" To approve it, run:")
    assert lines[-1] == (
        f"  manage.py onboard {five} --approve --plan {digest.split()[1]}"
    )


def test_who_can_use_each_account_is_said_where_they_differ(file: Path) -> None:
    with file.open("a") as more:
        for account, team in zip(MORE, ("team-a", "team-b", "team-a"), strict=True):
            groups = f"permissions: {{WRITE: [{team}]}}, providers:"
            more.write(entry(account).replace("providers:", groups))

    ending = onboard(file)

    lines = ending.out.splitlines()
    both = ", ".join(sorted((MORE[0].name, MORE[2].name)))
    at = lines.index(f"  READ: no one, WRITE: team-a: {both}")
    assert lines[at + 1] == f"  READ: no one, WRITE: team-b: {MORE[1].name}"


def test_what_could_not_be_planned_is_planned_again_when_it_is_resumed(
    five: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_run = stages.STAGES[Status.PLANNING]

    def refused(run: Run, scope: Scope, sessions: Sessions) -> None:
        raise AwsError("2", "GetRole", "AWS refused it.", "Allow it.")

    monkeypatch.setitem(stages.STAGES, Status.PLANNING, refused)
    first = onboard(five)
    monkeypatch.setitem(stages.STAGES, Status.PLANNING, plan_run)

    resumed = onboard(five, "--approve", "--resume")

    assert first.code == 1
    assert resumed.code == 2
    assert "Not approved: no plan waited." in resumed.err
    assert f"{DEV.name}: " in resumed.out
    assert onboard(five, "--approve").code == 0
