"""`manage.py onboard --approve` approves what somebody read, and nothing else."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError
from django.utils import timezone

from accounts.models import ManagedAccount, Rollout, Run
from accounts.models.states import State, Status
from accounts.runs import stages
from accounts.runs.scope import Scope
from accounts.tokens.api_tokens import make
from onboarding.aws.session import Sessions
from onboarding.resources.plan import PlanOutdated
from script.emulated_organization import MEMBERS
from tests.accounts.management.onboarding import Ending, approved, entry, onboard
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
    others = onboard(production, "--approve", "--by", "approver", "--plan", digest)

    assert (planned.code, own.code, others.code) == (2, 2, 0), others.err
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


def test_approval_without_a_plan_only_plans(file: Path) -> None:
    first = onboard(file, "--approve")
    unread = ManagedAccount.objects.existing().exists()
    second = onboard(file, "--approve", "--plan", digest_in(first))

    assert (first.code, second.code) == (2, 0), second.err
    assert "Not approved: no plan waited. Review this one" in first.err
    assert not unread


def test_where_nothing_is_to_change_there_is_nothing_to_approve(file: Path) -> None:
    approved(file)

    first, again = onboard(file, "--approve"), onboard(file, "--approve")

    assert (first.code, first.err) == (again.code, again.err) == (0, "")
    # A line as each account ends, in whatever order.
    assert sorted(first.out.splitlines()) == sorted(again.out.splitlines())


def test_a_digest_of_no_plan_approves_none(file: Path) -> None:
    ending = onboard(file, "--approve", "--plan", "0" * 64)

    assert ending.code == 2
    assert not ManagedAccount.objects.existing()


def test_a_digest_without_approval_is_refused(file: Path) -> None:
    with pytest.raises(CommandError, match="Add --approve, or omit --plan"):
        onboard(file, "--plan", "0" * 64)

    assert not ManagedAccount.objects.exists()


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


def token_of(name: str, monkeypatch: pytest.MonkeyPatch, scope: str) -> None:
    until = timezone.now() + timedelta(days=1)
    someone = User.objects.get(username=name)
    text = make(someone, uuid4(), name="ci", scopes=[scope], expires_at=until)
    monkeypatch.setenv("BOWLINE_TOKEN", text)


@pytest.mark.smoke
def test_a_token_that_only_approves_describes_and_plans_nothing(
    production: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = onboard(production, "--by", "operator")
    described = production.read_text()
    token_of("approver", monkeypatch, "approve")

    production.write_text(described.replace("production", "dev"))
    with pytest.raises(CommandError, match="needs the scope operate"):
        onboard(production, "--approve")
    production.write_text(described)
    ended = onboard(production, "--approve", "--plan", digest_in(planned))

    assert ended.code == 0, ended.err
    assert {one.environment for one in ManagedAccount.objects.all()} == {"production"}


@pytest.mark.smoke
def test_a_token_that_only_plans_accepts_nothing(
    production: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token_of("operator", monkeypatch, "operate")

    with pytest.raises(CommandError, match="needs the scope approve"):
        onboard(production, "--accept-evaluated")

    assert not ManagedAccount.objects.exists()
