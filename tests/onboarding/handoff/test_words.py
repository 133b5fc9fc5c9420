"""What the owner reads, the zip for whoever has no login, and the StackSet."""

from __future__ import annotations

import io
import re
import shlex
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from onboarding.aws.shared_clients import shared_core
from onboarding.handoff import organization, stack_set
from onboarding.handoff.hand_off import HandOffPackage, hand_off
from onboarding.handoff.words import (
    about,
    message,
    package,
    readme,
    removal_message,
    troubles,
    ways,
)
from onboarding.spinnaker.bundle.archive import zipped
from onboarding.topology import MadeBy
from tests.bundles import staging
from tests.factories import MANAGED_ID, MANAGING_ID, managing
from tests.onboarding.cfn_lint import findings
from tests.onboarding.spinnaker.bundle.formats.templates import resources_of

BOWLINE = f"arn:aws:iam::{MANAGING_ID}:user/bowline"
DERIVED = f"bow-7f3a-{MANAGED_ID}"
BACK = re.compile(r"paste .*back|send us|enter the ARN|report the", re.IGNORECASE)


def handed(**fields: Any) -> HandOffPackage:
    return hand_off(managing(bowline=BOWLINE), staging(**fields), reader=True)


def for_organization(external_id: str = DERIVED) -> HandOffPackage:
    return handed(external_id=external_id, made_by=MadeBy.ORGANIZATION)


def test_the_ways_are_in_this_order() -> None:
    assert [way.title for way in ways(handed())] == [
        "AWS CLI",
        "CloudFormation console",
        "Terraform",
    ]
    assert [way.title for way in ways(for_organization())][3:] == ["StackSet"]


def test_the_owner_of_a_removed_account_reads_what_to_run() -> None:
    one = handed(external_id="e-1")

    text = removal_message(one)

    assert f"staging ({MANAGED_ID})" in text
    assert one.delete_command in text
    assert "create.sh" not in text
    assert not BACK.search(text)


def test_a_stack_set_is_offered_only_where_external_ids_can_be_derived() -> None:
    titles = [way.title for way in ways(for_organization("3f1c-9a"))]

    assert "StackSet" not in titles


def test_the_account_is_named_and_nothing_is_to_be_sent_back() -> None:
    for one in (handed(external_id="e-1"), for_organization()):
        for text in (readme(one), message(one), *about(one)):
            assert not BACK.search(text)
        assert f"staging ({MANAGED_ID})" in readme(one)
        assert MANAGED_ID in message(one)


def test_the_zip_says_what_the_page_says() -> None:
    one = for_organization()

    text = readme(one)

    for sentence in about(one):
        assert sentence in text
    for way in ways(one):
        assert f"## {way.title}" in text
        assert all(step.says in text for step in way.steps)


def test_the_zip_is_the_same_each_time_and_holds_all_that_it_names() -> None:
    first, second = (zipped(package(for_organization())) for _ in range(2))
    name = for_organization().stack_name

    names = zipfile.ZipFile(io.BytesIO(first)).namelist()
    assert first == second
    assert names[0] == "README.md"
    assert len(names) == len(set(names))
    assert {
        "create.sh",
        "delete.sh",
        f"{name}.yml",
        "terraform/main.tf.json",
        "terraform/imports.tf.json.example",
        f"stack-set/{name}.yml",
        "stack-set/accounts.txt",
    } <= set(names)


def test_a_stack_set_derives_each_accounts_external_id() -> None:
    one = for_organization()
    iam = one.stack_sets[0]
    template = yaml.safe_load(iam.template.text)

    (name,) = template["Parameters"]
    role = template["Resources"]["RoleSpinnakerManaged"]["Properties"]
    (statement, *_) = role["AssumeRolePolicyDocument"]["Statement"]
    demanded = statement["Condition"]["StringEquals"]["sts:ExternalId"]
    assert (name, iam.parameters) == ("ExternalIdPrefix", {name: "bow-7f3a"})
    assert demanded == {"Fn::Sub": "${ExternalIdPrefix}-${AWS::AccountId}"}
    assert MANAGED_ID not in iam.template.text


def test_apart_from_that_it_creates_what_a_stack_does() -> None:
    plain = {"AWS::StackId": "arn:stack"}

    by_set, by_stack = (
        resources_of(
            stack.template.text.replace("${ExternalIdPrefix}", "bow-7f3a"),
            MANAGED_ID,
            {**plain, **stack.parameters},
        )
        for stack in (
            for_organization().stack_sets[0],
            handed(external_id=DERIVED).stacks[0],
        )
    )

    assert by_set == by_stack


def test_accounts_with_the_same_choices_share_a_stack_set() -> None:
    other_id = "9" * 12
    fields = {"external_id": f"bow-7f3a-{other_id}", "account_id": other_id}
    other = handed(name="other", made_by=MadeBy.ORGANIZATION, **fields)
    unlike = hand_off(
        managing(bowline=BOWLINE, base_role="AnotherBase"),
        staging(external_id=DERIVED, made_by=MadeBy.ORGANIZATION),
        reader=True,
    )

    one = for_organization()

    assert (one.stack_name, one.text) == (other.stack_name, other.text)
    assert one.stack_name != unlike.stack_name


def test_an_account_is_taken_from_its_stack_set_alone() -> None:
    text = removal_message(for_organization())

    assert "delete-stack-instances" in text
    assert f"Accounts={MANAGED_ID},AccountFilterType=INTERSECTION" in text
    assert "aws cloudformation delete-stack --" not in text


def stack_set_commands() -> list[str]:
    one = for_organization()
    steps = [step for way in organization.ways(one) for step in way.steps]
    steps += stack_set.taken_out(one.stack_sets, MANAGED_ID)
    return [step.text for step in steps if step.text.startswith("aws ")]


def test_each_set_is_in_exactly_one_region() -> None:
    instances = [one for one in stack_set_commands() if "create-stack-instances" in one]

    assert len(instances) == 6
    for one in instances:
        words = [word for word in shlex.split(one) if word.strip()]
        after = words[words.index("--regions") + 1 :]
        assert not after[0].startswith("--")
        assert after[1].startswith("--")


def test_the_management_account_is_named_as_not_covered() -> None:
    assert "No StackSet covers the organization's management account" in readme(
        for_organization()
    )


@pytest.mark.parametrize(
    "command", dict.fromkeys(stack_set_commands()), ids=lambda one: one.split()[2]
)
def test_each_command_is_one_that_aws_knows(command: str) -> None:
    aws, service, operation, *words = shlex.split(command)
    options = {
        word.removeprefix("--").removeprefix("no-")
        for word in words
        if word.startswith("--")
    }
    if operation == "deploy":
        assert "--stack-name" in command
        return

    name = "".join(word.title() for word in operation.split("-"))
    shape = shared_core().get_service_model(service).operation_model(name).input_shape
    known = {
        re.sub(r"(?<=[a-z])(?=[A-Z])", "-", member).lower()
        for member in (shape.members if shape else {})
    }
    assert aws == "aws"
    assert options - {"region", "query", "output"} <= known


def test_cfn_lint_finds_nothing_in_a_stack_set(tmp_path: Path) -> None:
    files = []
    for stack in for_organization().stack_sets:
        file = tmp_path / stack.template.path
        file.write_bytes(stack.template.content)
        files.append(file)

    assert findings(files) == []
    assert len(files) == 2


def test_the_administrators_zip_names_each_account_once() -> None:
    sets = [organization.ForMany(for_organization(), (MANAGED_ID, "9" * 12))]

    files = {file.path: file.text for file in organization.package(sets)}

    name = for_organization().stack_name
    assert files[f"{name}/accounts.txt"].splitlines() == [MANAGED_ID, "9" * 12]
    assert files[f"{name}/{name}.yml"] == for_organization().template
    for way in organization.ways(for_organization()):
        assert f"## {way.title}" in files["README.md"]
    assert f"StackSet {name}: 2 accounts." in organization.message(sets)
    assert not BACK.search(files["README.md"] + organization.message(sets))


def test_where_a_cluster_may_refuse_it_the_owner_reads_what_to_run() -> None:
    one = handed()

    *_, of_clusters = troubles(one)

    assert of_clusters.text.startswith("aws eks update-cluster-config")
    assert one.managing.identity_arn in of_clusters.says
    assert of_clusters.text in readme(one)


def test_what_a_stack_set_creates_has_no_name_to_ask_for() -> None:
    assert [step.text.split()[0] for step in troubles(for_organization())] == ["aws"]
