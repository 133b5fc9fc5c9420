"""What a run reads of roles is kept for whoever reviews them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import FoundRoles, ManagedAccount
from accounts.models.states import Status
from accounts.runs.actions import plan, remove, verify
from accounts.runs.foreign.keeping import MOST_DIFFERING, keep_as_found, seen_in
from accounts.runs.scope import Comparison, Side
from onboarding.resources.foreign import Foreign
from onboarding.resources.plan import Create
from onboarding.review.as_found import FoundRole
from onboarding.topology import Reach
from script.emulated_organization import Credentials
from tests.accounts.runs.carried import DEV, carried, done, root
from tests.onboarding.review.test_lines import ADMINISTRATOR, EVERYTHING, planned
from tests.rows import account_row, managing_row

ROLE = "spinnakerManaged"
NOTHING = Comparison((), 0, ())


def side(account: ManagedAccount | None = None, **fields: Any) -> Side:
    reach = Reach("922222222222", "Access")
    pk = account.pk if account else None
    return Side("staging", "staging", reach, (), account=pk, **fields)


def kept(account: ManagedAccount | None) -> FoundRoles:
    return FoundRoles.objects.of(account).get()


def role(row: FoundRoles, name: str = ROLE) -> FoundRole:
    return next(FoundRole(**one) for one in row.roles if one["name"] == name)


def test_a_reading_is_written_over_the_one_before(managing) -> None:
    account = account_row()
    foreign = Foreign(ADMINISTRATOR, EVERYTHING)
    one = Comparison((), 0, (*planned(), ADMINISTRATOR), foreign=(foreign,))
    first, second = timezone.now(), timezone.now()

    keep_as_found(seen_in([(side(), NOTHING), (side(account), NOTHING)], first))
    keep_as_found(seen_in([(side(account), one)], second))

    assert kept(account).read_at == second
    assert role(kept(account)).comparison.fewer < 0
    assert kept(None).read_at == first
    assert FoundRoles.objects.count() == 2


@pytest.mark.django_db
def test_what_could_not_be_read_says_why_and_keeps_what_was_read_before() -> None:
    managing_row()
    account = account_row()
    read, later = timezone.now(), timezone.now()
    keep_as_found(seen_in([(side(account), Comparison((), 0, planned()))], read))

    unread = Comparison((), 0, (), "AWS denied it.")
    keep_as_found(seen_in([(side(account), unread)], later))

    row = kept(account)
    assert (row.read_at, row.unread, row.unread_at) == (read, "AWS denied it.", later)
    assert role(row).owned

    keep_as_found(seen_in([(side(account), NOTHING)], later))
    assert (kept(account).unread, kept(account).unread_at) == ("", None)


def test_what_is_being_removed_is_not_read_as_what_the_roles_may_do(managing) -> None:
    keep_as_found(
        seen_in([(side(account_row(), removes=True), NOTHING)], timezone.now())
    )

    assert not FoundRoles.objects.exists()


def test_of_what_differs_the_first_are_named_and_the_rest_is_counted(managing) -> None:
    account = account_row()
    (create, *_) = [Create(one) for one in planned()]
    many = Comparison((create,) * (MOST_DIFFERING + 2), 0, ())

    keep_as_found(seen_in([(side(account), many)], timezone.now()))

    differs = kept(account).differs
    assert len(differs) == MOST_DIFFERING + 1
    assert differs[0].startswith("create role ")
    assert differs[-1] == "2 more"


@pytest.mark.django_db(transaction=True)
def test_a_plan_and_a_verification_keep_what_they_found(
    here: Credentials, account
) -> None:
    assert not kept(account).differs
    assert not kept(None).differs
    assert role(kept(account)).comparison.fewer > 0
    assert role(kept(account)).owned
    iam = root(here, DEV, "iam")
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=ADMINISTRATOR.policy_arn)

    run = carried(plan(account, None, alone=True))
    row = kept(account)

    assert role(row).comparison.fewer < 0
    assert row.differs == []  # it is a policy of others, and listed as such

    done(run)
    assert role(kept(account)).comparison.fewer > 0

    done(carried(remove(account, None)))
    assert not FoundRoles.objects.of(account).exists()
    assert FoundRoles.objects.of(None).exists()


@pytest.mark.django_db(transaction=True)
def test_a_boundary_of_others_is_read_and_narrows(here: Credentials, account) -> None:
    iam = root(here, DEV, "iam")
    says = {"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [says]}
    cap = iam.create_policy(PolicyName="Cap", PolicyDocument=json.dumps(document))
    arn = cap["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName=ROLE, PermissionsBoundary=arn)

    run = carried(verify(account, None))

    assert run.status == Status.FAILED
    found = role(kept(account))
    assert (found.boundary, found.within) == (arn, True)
    assert set(found.counts) == {"ec2"}
    (differs,) = kept(account).differs
    assert differs.startswith(f"update role {ROLE} (as found: ")


@pytest.mark.django_db(transaction=True)
def test_roles_that_cannot_be_read_are_said_and_not_taken_for_empty(account) -> None:
    before = kept(account)
    ManagedAccount.objects.update(access_role="NotThere")
    account.refresh_from_db()

    run = carried(verify(account, None))

    row = kept(account)
    assert run.status == Status.FAILED
    assert (row.read_at, row.roles) == (before.read_at, before.roles)
    assert row.unread
