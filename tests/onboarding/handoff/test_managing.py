"""The managing account's hand-off: Spinnaker's identity, and the list it may assume."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from onboarding.aws.observe import observe
from onboarding.desired import desired
from onboarding.handoff.hand_off import HandOffPackage, hand_off_managing
from onboarding.handoff.words import NEXT_VERSIONS, message, package, readme
from onboarding.resources.kinds import InstanceProfile
from onboarding.resources.plan import diff
from onboarding.topology import Managed, Topology
from tests.choices import ORGANIZATION, installations
from tests.factories import MANAGED_ID, MANAGING_ID, managed, managing, provider
from tests.onboarding.aws.field import Field
from tests.onboarding.cfn_lint import findings
from tests.onboarding.handoff.test_deployed import run
from tests.onboarding.handoff.test_every_template import INLINE_LIMIT
from tests.onboarding.spinnaker.bundle.formats.templates import resources_of

OTHER = "933333333333"
BOWLINE = f"arn:aws:iam::{MANAGING_ID}:user/bowline"


def hand_off_of(topology: Topology) -> HandOffPackage:
    return hand_off_managing(topology.managing, topology.assumed)


def handed(*accounts: Managed, **fields: Any) -> HandOffPackage:
    owned = {"bowline": BOWLINE, "made_by": "owner", **fields}
    return hand_off_of(Topology(managing(**owned), accounts))


def listed(account_id: str) -> Managed:
    return managed(provider("ec2"), account_id=account_id)


def policy(one: HandOffPackage, name: str) -> dict[str, Any]:
    made = yaml.safe_load(one.template)["Resources"][f"Policy{name}"]
    found: dict[str, Any] = made["Properties"]
    return found


def test_the_template_holds_what_is_desired_and_the_reader() -> None:
    for core in installations("aws"):
        account = listed(MANAGED_ID)
        topology = Topology(core, (account,))

        one = hand_off_of(topology)

        (stack,) = one.stacks
        found = resources_of(
            stack.template.text, MANAGING_ID, {"AWS::StackId": "arn:stack"}
        )
        wanted = set(desired(topology, core))
        own = {r for r in found if "BowlineReader" not in r.name}
        assert own == wanted
        assert bool(core.bowline) == (len(found) > len(wanted))


def test_it_has_no_parameter_and_lists_every_role() -> None:
    one = handed(listed(MANAGED_ID), listed(OTHER))

    assert "Parameters" not in yaml.safe_load(one.template)
    may = policy(one, "BowlineAssumeManaged")["PolicyDocument"]["Statement"]
    (statement,) = may
    assert statement["Resource"] == [
        f"arn:aws:iam::{MANAGED_ID}:role/spinnakerManaged",
        f"arn:aws:iam::{OTHER}:role/spinnakerManaged",
    ]


def test_a_new_account_is_a_new_version_of_the_list_only() -> None:
    before, after = (
        handed(listed(MANAGED_ID)),
        handed(listed(MANAGED_ID), listed(OTHER)),
    )

    old, new = yaml.safe_load(before.template), yaml.safe_load(after.template)
    assert before.digest != after.digest
    assert old["Resources"].keys() == new["Resources"].keys()
    changed = [
        name
        for name, made in new["Resources"].items()
        if made != old["Resources"][name]
    ]
    assert changed == ["PolicyBowlineAssumeManaged"]


def test_with_the_organization_a_new_account_changes_nothing() -> None:
    one, other = (
        handed(*accounts, organization=ORGANIZATION)
        for accounts in ((), (listed(MANAGED_ID), listed(OTHER)))
    )

    assert one.digest == other.digest
    assert NEXT_VERSIONS not in readme(one)
    assert NEXT_VERSIONS in readme(handed(listed(MANAGED_ID)))


def test_its_words_are_about_the_identity_and_the_account() -> None:
    one = handed(listed(MANAGED_ID))

    assert f"core ({MANAGING_ID})" in message(one)
    assert "identity" in message(one)
    assert "Leave the parameter" not in readme(one)
    assert {file.path for file in package(one)} >= {
        "README.md",
        "bowline-managing-core.yml",
        "create.sh",
        "delete.sh",
        "terraform/main.tf.json",
    }


def test_cfn_lint_finds_nothing_and_a_full_list_fits(tmp_path: Path) -> None:
    most = [listed(f"{number:012}") for number in range(1, 101)]
    every = [handed(*most), handed(*most, bakes=True)]
    every += [
        hand_off_of(Topology(core, (listed(MANAGED_ID),)))
        for core in installations("aws")
    ]
    files = []
    for number, one in enumerate(every):
        (stack,) = one.stacks
        assert len(stack.template.content) < INLINE_LIMIT
        file = tmp_path / f"{number}.yml"
        file.write_bytes(stack.template.content)
        files.append(file)

    assert findings(files) == []


def test_terraform_creates_what_every_kind_of_identity_needs() -> None:
    kinds = set()
    for core in installations("aws"):
        one = hand_off_of(Topology(core, (listed(MANAGED_ID),)))
        (module,) = (f for f in one.files() if f.path == "terraform/iam/main.tf.json")
        kinds |= json.loads(module.text)["resource"].keys()

    assert kinds >= {
        "aws_iam_openid_connect_provider",
        "aws_iam_user_policy_attachment",
        "aws_iam_role_policy_attachment",
    }


def test_deployed_by_the_owner_bowline_reads_that_nothing_is_left(
    field: Field, tmp_path: Path
) -> None:
    core = field.managing(made_by="owner")
    topology = Topology(core, (listed(field.managed_id),))
    one = hand_off_of(topology)

    done = run(one.pasted, tmp_path, field.endpoint, field.managing_id)

    assert done.returncode == 0, done.stderr
    wanted = desired(topology, core)
    observed = observe(field.sessions(), core.reach, wanted)
    assert diff(wanted, observed) == ()
    # CloudFormation cannot tag an instance profile, so it counts as a person's.
    assert {type(r) for r in observed if not r.owned} == {InstanceProfile}
    more = hand_off_of(Topology(core, (*topology.managed, listed(OTHER))))
    again = run(more.pasted, tmp_path, field.endpoint, field.managing_id)
    assert again.returncode == 0, again.stderr
    policies = observe(field.sessions(), core.reach, desired(topology, core))
    assert any(OTHER in str(resource) for resource in policies)
