"""300 accounts of an existing Spinnaker in one go: from its file to where each is on
the way, in an AWS that remembers.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import FoundRoles, ManagedAccount, Rollout, Upload
from accounts.models.states import State
from accounts.people.policies import choose
from accounts.runs.foreign import outside
from onboarding.resources.kinds import Key, Role
from onboarding.resources.policy import Policy
from tests.accounts.runs.rollouts.rows import approved, work
from tests.accounts.web.adopting.test_adopting import IDENTITY, reported, words
from tests.accounts.web.answers import work as look_up
from tests.journey.remembering_aws import RememberingAws, replace_aws
from tests.onboarding.adopting.documents import aws, halconfig

pytestmark = [pytest.mark.django_db, pytest.mark.exhaustive]

MANY, TEAMS = 300, 7
ENVIRONMENTS = ("dev", "staging", "test")


def accounts(count: int) -> list[dict[str, Any]]:
    return [
        aws(
            f"Team_{n:03}",
            f"{5 * 10**11 + n}",
            environment=ENVIRONMENTS[n % 3],
            permissions={"WRITE": [f"team-{n % TEAMS}"]},
        )
        for n in range(count)
    ]


@pytest.fixture
def remembering(monkeypatch: pytest.MonkeyPatch) -> RememberingAws:
    """Let each account have a role that anybody in Spinnaker's account can assume."""
    made = replace_aws(monkeypatch)
    monkeypatch.setattr(outside, "managed_by", lambda *_: "")
    trust = Policy.read(
        {"Statement": {"Effect": "Allow", "Principal": {"AWS": "1" * 12}}}
        | {"Version": "2012-10-17"}
    )
    for one in accounts(MANY):
        role = Role(
            account=one["accountId"], name="spinnakerManaged", trust=trust, owned=False
        )
        made.made[role.account] = {Key(role.account, role.kind, role.name): role}
    return made


def test_three_hundred_accounts_are_added_planned_and_verified_in_one_go(
    operator: Client, remembering: RememberingAws
) -> None:
    for environment in ("", *ENVIRONMENTS):
        choose(environment, second_approver=False)
    files = halconfig({"aws": {"enabled": True, "accounts": accounts(MANY)}})
    said = {"access_role": "BowlineAccess", "identity": IDENTITY}

    checking = operator.post(f"{reported(operator, files)}add/", said).url
    look_up()
    operator.get(checking)
    upload = Upload.objects.get()
    operator.post(upload.get_absolute_url(), {"save": "1", "seen": upload.digest})
    look_up()
    assert ManagedAccount.objects.filter(adopts=True).count() == MANY

    plan = f"{reverse('accounts:plan-many')}?file={upload.pk}"
    operator.post(plan, {"everything": "on"})
    rollout = Rollout.objects.get()
    work(rollout)
    runs = rollout.runs.exclude(account=None)
    assert runs.values("fingerprint").distinct().count() == TEAMS
    approved(rollout)
    work(rollout)
    assert ManagedAccount.objects.filter(state=State.VERIFIED).count() == MANY
    assert FoundRoles.objects.filter(taken=FoundRoles.Taken.TRUST).count() == MANY
    with CaptureQueriesContext(connection) as queries:
        page = operator.get("/accounts/existing-roles/")
    assert 'Replace the trust policy <span class="soft">300</span>' in words(page)
    assert len(queries) < 20
