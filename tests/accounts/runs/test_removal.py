"""The order of a removal: Spinnaker may no longer assume the account before anything in
it is deleted, so that whatever stops half-way leaves nothing open.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from botocore.client import BaseClient

from accounts.models import Run, Step
from accounts.models.states import State, Status
from accounts.runs.actions import approve, remove
from accounts.runs.stages import carry_on
from onboarding.aws.apply import apply
from onboarding.aws.session import Sessions
from script.emulated_organization import ACCESS_ROLE, MANAGING, Credentials
from tests.accounts.runs.carried import DEV, carried, done, member, onboarded, root
from tests.attack.freezing import Freezing, assumed, hear
from tests.attack.test_removing_a_crowd import somebody_adds

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(BaseException):
    """The worker dies: nothing in Bowline handles it."""


class Watched(Sessions):
    """Ways into AWS that note what they send, and can die at a second deletion."""

    def __init__(self, *, dies: bool = False) -> None:
        super().__init__("watched")
        self.dies = dies
        self.sent: list[tuple[str, str]] = []

    def client_with(self, *args: Any) -> BaseClient:
        client = super().client_with(*args)
        hear(client, self.note)
        return client

    def note(self, request: Any, event_name: str, **_: Any) -> None:
        if self.dies and self.deleted and is_deletion(event_name, str(request.body)):
            raise Killed
        self.sent.append((event_name.rpartition(".")[2], str(request.body)))

    @property
    def deleted(self) -> list[str]:
        """Name the deletions in the account that were sent, in order."""
        return [name for name, body in self.sent if is_deletion(name, body)]


def is_deletion(event_name: str, body: str) -> bool:
    """Tell whether it takes something from the account, not from the identity."""
    of_identity = "managing" in body or "SpinnakerAuthRole" in body
    name = event_name.rpartition(".")[2]
    return name.startswith(("Delete", "Detach", "Remove")) and not of_identity


@pytest.fixture
def removal(here: Credentials) -> Run:
    """Approve the removal of an account that was onboarded."""
    account = member()
    onboarded(account)
    run = carried(remove(account, None))
    assert run.status == Status.PLANNED, run.error
    assert approve(run, None)
    return run


def roles_in(here: Credentials) -> set[str]:
    names = {role["RoleName"] for role in root(here, DEV, "iam").list_roles()["Roles"]}
    return names & {"spinnakerManaged", "BaseIAMRole"}


def test_the_account_is_taken_from_the_identitys_policy_first(
    here: Credentials, removal: Run
) -> None:
    found: list[set[str]] = []

    carry_on(removal, Freezing("DeleteRolePolicy", lambda: found.append(assumed(here))))

    removal.refresh_from_db()
    assert removal.status == Status.REMOVED, removal.error
    assert found == [set()]


def test_bowline_enters_by_its_own_role_and_needs_no_identity(
    here: Credentials, removal: Run
) -> None:
    """Only what proves the managing account, once all is deleted, becomes it."""
    watched = Watched()

    carry_on(removal, watched)

    last = max(n for n, (name, _) in enumerate(watched.sent) if name in watched.deleted)
    entered = [body for name, body in watched.sent[:last] if name == "AssumeRole"]
    assert entered
    assert all(ACCESS_ROLE in body for body in entered)
    assert roles_in(here) == set()


def test_a_removal_that_is_interrupted_leaves_nothing_open_and_is_finished(
    here: Credentials, removal: Run
) -> None:
    """Each worker deletes one thing and dies."""
    deleted: list[str] = []
    halfway: list[set[str]] = []
    for _ in range(removal.steps.count() * 2):
        worker = Watched(dies=True)
        try:
            carry_on(removal, worker)
        except Killed:
            halfway.append(assumed(here))
            deleted += worker.deleted
        else:
            break

    ending = Run.objects.get(pk=removal.pk)
    assert len(halfway) == len(deleted) > 5
    assert set().union(*halfway) == set()
    assert ending.status == Status.REMOVED, ending.error
    assert roles_in(here) == set()
    assert not ending.steps.exclude(status=Step.Status.DONE).exists()
    assert ending.account is not None
    assert ending.account.state == State.DRAFT


def test_what_outdates_it_outdates_it_before_anything_is_deleted(
    here: Credentials, removal: Run
) -> None:
    before = roles_in(here)
    somebody_adds(here, DEV)
    root(here, MANAGING, "iam").detach_role_policy(
        RoleName="SpinnakerAuthRole",
        PolicyArn=MANAGING.arn("policy/bowline/managing/BowlineRegionLookup"),
    )

    ending = carried(removal)

    assert ending.status == Status.OUTDATED
    assert roles_in(here) == before != set()


def test_an_account_that_cannot_be_emptied_is_closed_to_spinnaker_nevertheless(
    here: Credentials, removal: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = partial(apply, backoff_seconds=0.0)
    monkeypatch.setattr("accounts.runs.carrying_out.apply", impatient)
    iam = root(here, DEV, "iam")
    iam.attach_role_policy(
        RoleName="BaseIAMRole", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess"
    )

    ending = carried(removal)

    assert ending.status == Status.FAILED
    assert assumed(here) == set()
    iam.detach_role_policy(
        RoleName="BaseIAMRole", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess"
    )
    again = done(carried(remove(ending.account, None)))
    assert again.status == Status.REMOVED, again.error
