from __future__ import annotations

import pytest

from onboarding.desired import assume_list
from onboarding.resources.kinds import Attachment, ManagedPolicy, Role
from onboarding.resources.plan import Delete, PlannedChange, PlanOutdated, diff
from tests.factories import (
    managed,
    managing,
    provider,
    roles_in_a_policy,
    side_of,
    topology,
)

POLICY = "BowlineAssumeManaged"
A, B, C, D = (f"{n}" * 12 for n in "1234")


@pytest.fixture(autouse=True)
def two_a_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut the list after two accounts."""
    roles_in_a_policy(monkeypatch, 2)


def side(*ids: str):
    """Give the managing side where these accounts may be assumed, in their order."""
    accounts = (managed(provider("ec2"), name=f"a{i}", account_id=i) for i in ids)
    return side_of(topology(*accounts))


def listed(*, before: tuple[str, ...], after: tuple[str, ...]):
    """Give how the list changes."""
    changes, rest = assume_list.split(diff(side(*after), side(*before)))
    assert not rest
    return changes


def planned(changes):
    return [PlannedChange.of(change) for change in changes]


def role(account_id: str) -> str:
    return managing().managed_role_arn(account_id)


def test_the_list_is_its_policies_and_what_attaches_them():
    changes, rest = assume_list.split(diff(side(A, B, C), ()))

    kinds = [type(change.resource) for change in changes]
    assert sorted(kinds, key=str) == [Attachment] * 2 + [ManagedPolicy] * 2
    names = {c.resource.name for c in changes if type(c.resource) is ManagedPolicy}
    assert names == {POLICY, f"{POLICY}-2"}
    assert any(isinstance(change.resource, Role) for change in rest)


def test_a_policy_of_that_name_elsewhere_is_not_of_the_list():
    policy = next(r for r in side(A) if r.name == POLICY)
    other = ManagedPolicy(
        account=policy.account, name=POLICY, path="/", document=policy.document
    )

    assert assume_list.is_listed(policy)
    assert not assume_list.is_listed(other)


def test_what_only_moves_between_policies_is_neither_lost_nor_gained():
    removal = listed(before=(A, B, C), after=(B, C))

    lost = assume_list.sum_of(removal)

    assert lost == assume_list.sum_of(listed(before=(A, B), after=(B,)))
    assert (len(lost.removed), len(lost.added)) == (1, 0)


def test_a_plan_adds_up_to_what_its_changes_do():
    changes = listed(before=(A, B, C), after=(B, C, D))

    total = assume_list.approved_sum(planned(changes))

    assert total == assume_list.sum_of(changes)


def test_what_was_approved_may_be_carried_out_upon_another_list():
    plan = planned(listed(before=(A,), after=(A, D)))

    assume_list.refuse_unapproved(listed(before=(B,), after=(B, D)), plan, ())


def test_what_another_run_was_approved_for_may_be_carried_out_too():
    plan = planned(listed(before=(A,), after=(A, C)))
    both = listed(before=(A,), after=(A, C, D))
    theirs = assume_list.approved_sum(planned(listed(before=(A,), after=(A, D))))

    assume_list.refuse_unapproved(both, plan, [theirs])

    with pytest.raises(PlanOutdated, match=f"update policy {POLICY}"):
        assume_list.refuse_unapproved(both, plan, [])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param((A,), (A, B, D), id="gains a stranger's"),
        pytest.param((A, D), (A, B), id="loses one"),
    ],
)
def test_what_nobody_approved_is_refused(before, after):
    plan = planned(listed(before=(A,), after=(A, B)))

    with pytest.raises(PlanOutdated, match=POLICY):
        assume_list.refuse_unapproved(listed(before=before, after=after), plan, ())


def detached():
    """Give the change that takes the list from Spinnaker's identity, and no more."""
    return Delete(next(r for r in side(A) if isinstance(r, Attachment)))


def test_an_attachment_that_goes_alone_is_refused():
    with pytest.raises(PlanOutdated, match="delete attachment"):
        assume_list.refuse_unapproved([detached()], [], ())

    assume_list.refuse_unapproved([detached()], planned([detached()]), ())


@pytest.mark.parametrize(
    ("before", "after"), [((A,), (A, B)), ((A, B), (A,)), ((A, B, C), (A, C))]
)
def test_lines_of_other_accounts_are_theirs(before, after):
    changes = listed(before=before, after=after)

    assert assume_list.of_others(changes, [role(B), role(C)])
    assert not assume_list.of_others(changes, [role(C)])
    assert not assume_list.of_others(changes, [])


def test_a_line_of_ones_own_among_those_of_others_is_not_theirs():
    changes = listed(before=(A, B), after=(B, C))

    assert not assume_list.of_others(changes, [role(B), role(C)])


def test_an_attachment_that_goes_alone_is_nobody_elses():
    assert not assume_list.of_others([detached()], [role(A)])


@pytest.mark.parametrize(
    ("found", "its_own"), [((A,), True), ((A, B), False), ((), False)]
)
def test_a_policy_that_is_only_attached_counts_by_its_lines(
    found: tuple[str, ...], its_own: bool
):
    attached = [
        change
        for change in listed(before=(), after=(A,))
        if isinstance(change.resource, Attachment)
    ]

    existing = side(*found) if found else ()

    assert assume_list.of_others(attached, [role(A)], existing) is its_own


def test_a_policy_that_is_only_detached_is_no_accounts_own():
    detached = [
        change
        for change in listed(before=(A,), after=())
        if isinstance(change.resource, Attachment)
    ]

    assert not assume_list.of_others(detached, [role(A)], side(A))
