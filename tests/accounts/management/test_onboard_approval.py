"""`manage.py onboard --approve` approves what somebody read, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from accounts.models import ManagedAccount, Rollout, Run
from accounts.models.states import State, Status
from accounts.runs import stages
from accounts.runs.scope import Scope
from onboarding.aws.session import Sessions
from onboarding.resources.plan import PlanOutdated
from script.emulated_organization import MEMBERS
from tests.accounts.management.onboarding import Ending, entry, onboard
from tests.rows import person

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("here"),
]

DEV, STAGING = MEMBERS[:2]


def digest_in(ending: Ending) -> str:
    (found,) = re.findall(r"^Plan (\w{64}) waits for approval\.$", ending.out, re.M)
    return str(found)


def states() -> set[str]:
    return {account.state for account in ManagedAccount.objects.all()}


@pytest.fixture
def production(file: Path) -> Path:
    text = file.read_text().replace("{name: acc", "{environment: production, name: acc")
    file.write_text(text)
    person("operator")
    person("approver")
    return file


def test_one_person_plans_production_and_another_approves_what_was_planned(
    production: Path,
) -> None:
    planned = onboard(production, "--by", "operator")
    digest = digest_in(planned)
    own = onboard(production, "--approve", "--by", "operator", "--plan", digest)
    approved = onboard(production, "--approve", "--by", "approver", "--plan", digest)

    assert (planned.code, own.code, approved.code) == (2, 2, 0), approved.err
    assert "operator started this plan. Another person must approve." in own.err
    assert digest_in(own) == digest
    assert states() == {State.VERIFIED}
    rollout = Rollout.objects.get()
    people = Run.objects.exclude(approved_by=None)
    names = people.values_list("created_by_name", "approved_by_name")
    assert rollout.created_by_name == "operator"
    assert {*names} == {("operator", "approver")}


def test_a_file_that_was_edited_is_planned_again_and_not_approved(file: Path) -> None:
    first = onboard(file)
    file.write_text(file.read_text().replace("{ec2: {}}", "{ec2: {}, lambda: {}}"))

    ending = onboard(file, "--approve")

    assert ending.code == 2
    assert "Not approved: what was planned has changed." in ending.err
    assert digest_in(ending) != digest_in(first)
    assert not ManagedAccount.objects.existing()
    assert onboard(file, "--approve", "--plan", digest_in(ending)).code == 0


def test_an_account_more_or_fewer_in_the_file_is_another_plan(file: Path) -> None:
    onboard(file)
    file.write_text(file.read_text().replace(entry(DEV), ""))

    ending = onboard(file, "--approve")

    assert ending.code == 2
    assert not ManagedAccount.objects.existing()


def test_another_digest_approves_nothing_and_leaves_the_plan(file: Path) -> None:
    digest = digest_in(onboard(file))

    ending = onboard(file, "--approve", "--plan", "0" * 64)

    assert ending.code == 2
    assert "Not approved: another plan waits" in ending.err
    assert digest_in(ending) == digest
    assert Rollout.objects.count() == 1
    assert not ManagedAccount.objects.existing()


def test_a_digest_of_no_plan_approves_none(file: Path) -> None:
    ending = onboard(file, "--approve", "--plan", "0" * 64)

    assert ending.code == 2
    assert not ManagedAccount.objects.existing()


def test_what_aws_changed_since_is_planned_again_and_not_approved(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = digest_in(onboard(file))
    apply_run = stages.STAGES[Status.APPLYING]
    changed = {DEV.name}

    def outdated(run: Run, scope: Scope, sessions: Sessions) -> None:
        if run.account_name in changed:
            raise PlanOutdated("AWS has other roles now.")
        apply_run(run, scope, sessions)

    monkeypatch.setitem(stages.STAGES, Status.APPLYING, outdated)

    ending = onboard(file, "--approve", "--plan", digest)
    changed.clear()

    assert ending.code == 2, ending.err
    assert "AWS changed since." in ending.err
    again = digest_in(ending)
    assert again != digest
    assert Run.objects.filter(status=Status.PLANNED).exists()
    assert onboard(file, "--approve", "--plan", again).code == 0
