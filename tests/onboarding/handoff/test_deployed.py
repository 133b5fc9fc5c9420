"""What an owner runs, in a real shell against an emulated AWS."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from onboarding.aws.observe import observe
from onboarding.desired import desired_in
from onboarding.handoff.hand_off import HandOffPackage, hand_off
from onboarding.handoff.scripts import in_account
from onboarding.handoff.words import troubles
from onboarding.resources.kinds import InstanceProfile, ServiceLinkedRole
from onboarding.resources.plan import diff
from onboarding.topology import Managed, Reach, Topology
from tests.bundles import staging
from tests.factories import MANAGED_ID, MANAGING_ID, managing, provider
from tests.onboarding.aws.field import Field
from tests.owner_shell import run

HOSTILE = "e'-\"$(touch pwned)`touch pwned`;\\ touch pwned"

BOWLINE = f"arn:aws:iam::{MANAGING_ID}:user/bowline"


def without_access(field: Field, **fields: str) -> Managed:
    every = [provider(key) for key in ("ec2", "ecs", "lambda")]
    return field.managed(*every, access_role="", **fields)


def test_pasted_by_the_owner_it_leaves_nothing_to_change(
    field: Field, tmp_path: Path
) -> None:
    account = without_access(field)
    one = hand_off(field.managing(), account, reader=True)
    reader = Reach(field.managed_id, one.reader_role.rpartition("/")[2])

    done = run(one.pasted, tmp_path, field.endpoint, field.managed_id)

    assert done.returncode == 0, done.stderr
    wanted = desired_in(Topology(field.managing(), (account,)), field.managed_id)
    observed = observe(field.sessions(), reader, wanted)
    # The emulator gives the roles of two of ECS's services one name.
    left = {change.resource.name for change in diff(wanted, observed)}
    assert left <= {"ecs.application-autoscaling.amazonaws.com"}
    # CloudFormation cannot tag an instance profile, so it counts as a person's.
    unmarked = {type(r) for r in observed if not r.owned}
    assert unmarked == {InstanceProfile, ServiceLinkedRole}

    (asked, *_) = troubles(one)
    here = run(asked.text, tmp_path, field.endpoint, field.managed_id)
    elsewhere = run(asked.text, tmp_path, field.endpoint, field.managing_id)

    assert here.stdout.split() == ["CREATE_COMPLETE", account.external_id]
    assert "CREATE_COMPLETE" in asked.says
    assert account.external_id in asked.says
    assert f"not of account {field.managed_id}" in elsewhere.stderr

    again = run(one.pasted, tmp_path, field.endpoint, field.managed_id)
    gone = run(one.delete_command, tmp_path, field.endpoint, field.managed_id)

    assert again.returncode == 0, again.stderr
    assert gone.returncode == 0, gone.stderr
    roles = field.iam.list_roles(PathPrefix="/")["Roles"]
    left = {role["RoleName"] for role in roles if role["Path"] == "/"}
    assert not left & {"spinnakerManaged", "BaseIAMRole", "BowlineReader"}

    none = run(one.delete_command, tmp_path, field.endpoint, field.managed_id)

    assert none.returncode != 0
    assert "Nothing was deleted" in none.stderr
    assert "terraform destroy" in none.stderr


def test_in_another_account_it_changes_nothing(field: Field, tmp_path: Path) -> None:
    one = hand_off(field.managing(), without_access(field), reader=True)
    before = field.root(field.managing_id).list_roles()["Roles"]

    done = run(one.pasted, tmp_path, field.endpoint, field.managing_id)

    assert done.returncode != 0
    assert f"not of account {field.managed_id}" in done.stderr
    assert field.root(field.managing_id).list_roles()["Roles"] == before


def test_an_external_id_is_never_run(field: Field, tmp_path: Path) -> None:
    account = without_access(field, external_id=HOSTILE)
    one = hand_off(field.managing(), account, reader=False)

    done = run(one.pasted, tmp_path, field.endpoint, field.managed_id)

    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "pwned").exists()
    role = field.iam.get_role(RoleName="spinnakerManaged")["Role"]
    (statement, *_) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Condition"]["StringEquals"]["sts:ExternalId"] == HOSTILE


def handed(external_id: str) -> HandOffPackage:
    account = staging(external_id=external_id)
    return hand_off(managing(bowline=BOWLINE), account, reader=True)


def test_no_line_to_paste_is_longer_than_a_terminal_takes() -> None:
    longest = max(map(len, handed("e-1").pasted.splitlines()))

    assert longest < 4_095


def test_the_clusters_access_goes_before_the_role_that_has_it() -> None:
    one = handed("e-1")

    first = one.delete_command.index("--stack-name bowline-staging-eks-us-east-1")
    assert first < one.delete_command.index("--stack-name bowline-staging\n")
    assert MANAGED_ID in one.delete_command.splitlines()[0]


@pytest.mark.exhaustive
def test_a_stack_name_is_never_run(tmp_path: Path) -> None:
    one = hand_off(managing(), staging(), reader=False, stack_name=HOSTILE)

    run(one.pasted, tmp_path, "http://127.0.0.1:9", MANAGED_ID)
    run(one.delete_command, tmp_path, "http://127.0.0.1:9", MANAGED_ID)

    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    ("signed_in", "runs"), [(MANAGED_ID, True), (MANAGING_ID, False)]
)
def test_it_runs_in_its_own_account_only(
    signed_in: str, runs: bool, tmp_path: Path
) -> None:
    aws = tmp_path / "aws"
    aws.write_text(f"#!/bin/sh\necho {signed_in}\n")
    aws.chmod(0o755)

    done = subprocess.run(
        ["/bin/sh", "-c", in_account(MANAGED_ID, "echo one", "echo two")],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )

    assert done.stdout == ("one\ntwo\n" if runs else "")
    assert (done.returncode == 0) is runs
    assert ("Nothing was changed" in done.stderr) is not runs
