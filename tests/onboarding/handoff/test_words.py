"""What the owner reads, the zip for whoever has no login, the StackSet, and links."""

from __future__ import annotations

import io
import json
import re
import shlex
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from onboarding.aws.shared_clients import shared_core
from onboarding.handoff import cloudformation, organization
from onboarding.handoff.cloudformation import in_tools
from onboarding.handoff.hand_off import HandOffPackage, hand_off
from onboarding.handoff.scripts import (
    WITH_TERRAFORM,
    Stack,
    TemplateBucket,
    quick_create,
)
from onboarding.handoff.words import (
    ROLLED_BACK,
    UNSEEN,
    about,
    message,
    package,
    readme,
    removal_message,
    troubles,
    update_message,
    ways,
)
from onboarding.partitions import PARTITIONS
from onboarding.resources.kinds import Attachment, InlinePolicy, Role
from onboarding.resources.policy import Policy
from onboarding.spinnaker.bundle.archive import File, zipped
from onboarding.topology import MadeBy
from tests.bundles import staging
from tests.factories import MANAGED_ID, MANAGING_ID, image_key, managing
from tests.onboarding.cfn_lint import findings
from tests.onboarding.handoff.test_deployed import HOSTILE
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
    assert WITH_TERRAFORM in text
    assert "create.sh" not in text
    assert not BACK.search(text)


def test_each_way_to_create_it_has_one_to_remove_it() -> None:
    removal = readme(for_organization()).partition("## To remove everything again")[2]
    own = readme(handed()).partition("## To remove everything again")[2]

    for text in (removal, own):
        assert "sh delete.sh" in text
        assert WITH_TERRAFORM in text
    assert "delete-stack-instances" in removal
    assert "delete-stack-instances" not in own


def test_an_owner_whose_update_nobody_sees_says_so() -> None:
    unseen = hand_off(managing(bowline=BOWLINE), staging(), reader=False)

    for one, asked in ((handed(), False), (unseen, True)):
        texts = (about(one)[-1], readme(one), update_message(one, had=1, number=2))
        assert all((UNSEEN in text) is asked for text in texts)
    assert "don't need to report back" not in readme(unseen)


def test_an_owner_reads_what_to_do_about_roles_that_exist() -> None:
    for way in ways(handed())[:2]:
        assert ROLLED_BACK in way.says


def test_what_stays_is_named() -> None:
    bakes = managing(bowline=BOWLINE, bakes=True, image_keys=(image_key(),))

    granted = hand_off(bakes, staging(), reader=True)

    assert "grants on KMS keys stay" in readme(granted)
    assert "grants on KMS keys stay" in removal_message(granted)
    assert "KMS" not in removal_message(handed())


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
    for way in ways(one, with_zip=True):
        assert f"## {way.title}" in text
        assert all(step.says in text for step in way.steps)
    assert ways(one, with_zip=True)[1:] == ways(one)[1:]


def test_the_zip_says_what_spinnaker_can_do_and_pastes_no_template() -> None:
    text = readme(handed())

    assert "- BowlineEC2Write: What Spinnaker changes when it deploys with EC2." in text
    assert "- apps: Gives Spinnaker's own identity access to cluster apps." in text
    assert "Paste" not in text
    assert re.search(r"upload the zip .* run this\. .*\n\n +sh create\.sh\n", text)


def test_the_zip_says_what_an_approver_reads_the_most_severe_first() -> None:
    (one,) = [organization.ForMany(for_organization(), (MANAGED_ID,))]
    texts = (readme(handed()), "\n".join(organization.readme_lines([one])))

    for text in texts:
        existing = text.index("- BowlineEC2Write: Terminates every instance")
        trust = text.index("- spinnakerManaged: Role SpinnakerAuthRole of account")
        secrets = text.index("Reads and writes the secrets")
        assert text.index("## What this allows") < existing < trust < secrets
        assert f"- BowlineReader: User bowline of account {MANAGING_ID}" in text


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
    steps += cloudformation.taken_out(one.stack_sets, MANAGED_ID)
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


DOCS = Path(__file__).parents[3] / "docs" / "onboard" / "hand-off.md"

TEXT = "Resources: {}\n"


def stack(region: str, **parameters: str) -> Stack:
    return Stack("bowline-staging", region, File("s.yml", TEXT), parameters)


@pytest.mark.parametrize(
    ("partition", "host", "s3"),
    [
        ("aws", "us-east-1.console.aws.amazon.com", "amazonaws.com"),
        ("aws-us-gov", "us-gov-west-1.console.amazonaws-us-gov.com", "amazonaws.com"),
        ("aws-cn", "cn-north-1.console.amazonaws.cn", "amazonaws.com.cn"),
    ],
)
def test_each_partition_has_its_own_console(partition: str, host: str, s3: str) -> None:
    home = PARTITIONS[partition].home_region
    bucket = TemplateBucket("templates", home, "bowline/")

    link = urlsplit(quick_create(partition, stack(home), bucket.url(TEXT)))

    assert (link.scheme, link.netloc, link.query) == ("https", host, f"region={home}")
    path, _, query = link.fragment.partition("?")
    assert path == "/stacks/quickcreate"
    (template,) = parse_qs(query)["templateURL"]
    assert template.startswith(f"https://templates.s3.{home}.{s3}/bowline/")


def test_the_query_is_behind_the_fragment_and_names_each_parameter() -> None:
    link = quick_create("aws", stack("us-east-1", ExternalId=HOSTILE), "https://t")

    asked = parse_qs(urlsplit(link).fragment.partition("?")[2])
    assert asked == {
        "templateURL": ["https://t"],
        "stackName": ["bowline-staging"],
        "param_ExternalId": [HOSTILE],
    }
    assert not set(link) & set("'\"`;\\ <>")


def test_each_text_has_a_key_of_its_own() -> None:
    bucket = TemplateBucket("templates", "us-east-1", "bowline/")

    assert bucket.key(TEXT) == bucket.key(TEXT)
    assert bucket.key(TEXT) != bucket.key(f"{TEXT}#")
    assert re.fullmatch(r"bowline/[0-9a-f]{64}\.yml", bucket.key(TEXT))


ACCOUNT, NAME = "1" * 12, "spinnakerManaged"

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::222222222222:role/spinnaker"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "a${b}%{c}"}},
        }
    ],
}

ARN = f"arn:aws:iam::{ACCOUNT}:policy/bowline/BowlineEc2"

WANTED = (
    Role(account=ACCOUNT, name=NAME, trust=Policy.of(TRUST)),
    Attachment(account=ACCOUNT, holder=NAME, policy_arn=ARN),
    Attachment(account=ACCOUNT, holder="another", policy_arn=f"{ARN}Other"),
    InlinePolicy(
        account=ACCOUNT, role=NAME, policy="Inside", document=Policy.of(TRUST)
    ),
    Role(account=ACCOUNT, name="another", trust=Policy.of(TRUST)),
)


def test_a_role_is_written_as_cloudformation_reads_it() -> None:
    (one,) = in_tools(WANTED, [NAME])

    assert yaml.safe_load(one.cloudformation) == {
        "AssumeRolePolicyDocument": TRUST,
        "ManagedPolicyArns": [ARN],
        "Policies": [{"PolicyName": "Inside", "PolicyDocument": TRUST}],
    }


def test_a_role_is_written_as_terraform_reads_it() -> None:
    (one,) = in_tools(WANTED, [NAME])

    trust, rest = one.terraform.split("\nmanaged_policy_arns = ")
    document = trust.removeprefix("assume_role_policy = jsonencode(")
    written = document.removesuffix(")").replace("$${", "${").replace("%%{", "%{")
    assert json.loads(written) == TRUST
    assert "a$${b}%%{c}" in trust  # Terraform would fill in the values of b and c
    assert rest.startswith(json.dumps([ARN], indent=2))
    assert 'inline_policy {\n  name   = "Inside"\n  policy = jsonencode({' in rest
