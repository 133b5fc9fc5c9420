from __future__ import annotations

import pytest

from accounts.management.plain_diff import printed
from accounts.models import Run
from tests.rows import account_row, run_row, step_row

pytestmark = pytest.mark.django_db


def test_what_is_discouraged_and_newer_stands_above_the_changes(
    three_policy_sets,
) -> None:
    account = account_row(policy_set=1, providers={"ec2": {"access": "power-user"}})
    run = run_row(account=account)
    step_row(run)

    summary, warning, brings, second, third, change, *_ = printed(run).splitlines()

    assert summary == "staging: 1 to create, 0 to update, 0 to delete"
    assert warning.startswith(
        "  ! Not recommended for EC2. With PowerUserAccess, Spinnaker"
    )
    assert brings == "  This plan updates staging from policy version 1 to version 3:"
    assert second == "    v2 Volumes may be tagged."
    assert third == "    v3 Snapshots may be shared."
    assert change.startswith("  + role spinnakerManaged")


@pytest.mark.parametrize("kind", [Run.Kind.REMOVE, Run.Kind.MANAGING])
def test_nothing_is_warned_of_where_nothing_is_granted(kind: str, managing) -> None:
    account = account_row(providers={"ec2": {"access": "power-user"}})
    run = run_row(account=None if kind == Run.Kind.MANAGING else account, kind=kind)

    assert "Not recommended" not in printed(run)


def test_who_else_can_assume_a_role_comes_first_and_is_bounded(managing) -> None:
    others = [
        {"sentence": f"Role r{number} can assume it.", "anybody": False}
        for number in range(300)
    ]
    one = {"role": "spinnakerManaged", "account": "9" * 12, "others": others}
    run = run_row(account=account_row(), evidence=[one])
    step_row(run, kind="policy", after={"document": {"Statement": []}})

    lines = printed(run).splitlines()

    assert lines[1] == "  ! spinnakerManaged: Role r0 can assume it."
    assert lines[51] == (
        "  ! Who else can assume it: 250 more. The API lists all of them."
    )
