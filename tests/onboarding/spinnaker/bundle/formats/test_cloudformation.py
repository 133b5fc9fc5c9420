"""aws/: read back into resources, judged by cfn-lint, deployed on an emulated AWS."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from onboarding.aws.observe import observe
from onboarding.desired import desired_in
from onboarding.resources.kinds import (
    InlinePolicy,
    InstanceProfile,
    ManagedPolicy,
    Resource,
    ServiceLinkedRole,
)
from onboarding.resources.plan import Create, diff
from onboarding.spinnaker.bundle.formats.cloudformation.template import Template
from onboarding.topology import ExistingIdentity, InstanceRole, Managed, Topology
from tests.bundles import core, eks, files_of, staging, unpacked, with_every_provider
from tests.factories import (
    MANAGED_ID,
    MANAGING_ID,
    image_key,
    managed,
    provider,
    topology,
)
from tests.onboarding.aws.field import Field
from tests.onboarding.cfn_lint import findings
from tests.onboarding.spinnaker.bundle.formats.templates import (
    KEYS,
    POD,
    accounts,
    assert_same_as_desired,
    chosen,
)


@pytest.mark.parametrize(
    "keys",
    [k for size in range(1, 5) for k in itertools.combinations(KEYS, size)],
    ids="+".join,
)
def test_the_templates_say_all_that_stands_and_nothing_else(keys: tuple[str, ...]):
    assert_same_as_desired(topology(core(), chosen(keys)))


@pytest.mark.parametrize(
    "fields",
    [
        {"identity": POD},
        {"identity": InstanceRole("Auth"), "bakes": True},
        {"identity": ExistingIdentity(f"arn:aws:iam::{MANAGING_ID}:user/ci/spinnaker")},
        {"identity": ExistingIdentity(f"arn:aws:iam::{MANAGING_ID}:role/a/spinnaker")},
        {"bowline": f"arn:aws:iam::{MANAGING_ID}:user/bowline"},
        {"organization": "o-a1b2c3d4e5", "trust_organization": "o-a1b2c3d4e5"},
        {"boundary": f"arn:aws:iam::{MANAGING_ID}:policy/limit"},
        {"bakes": True, "ami_owner": "staging"},
    ],
    ids=lambda fields: "+".join(fields),
)
def test_so_they_do_for_every_kind_of_managing_account(fields: dict[str, Any]):
    assert_same_as_desired(with_every_provider(**fields))


def test_so_they_do_with_external_ids_and_with_clusters_in_two_regions():
    ids = {"external_id": "e-1", "former_external_id": "e-0"}
    one = managed(provider("ec2"), provider("lambda"), eks(), **ids)
    clusters = eks(
        {"name": "apps", "namespaces": ["web"]}, {"name": "jobs", "region": "us-west-2"}
    )
    two = managed(clusters, name="other", account_id="933333333333")

    assert_same_as_desired(topology(one, two))


def many(number: int, **fields: Any) -> list[Managed]:
    return [
        managed(
            provider("ec2"),
            provider("lambda"),
            **{
                "name": f"a{n}",
                "account_id": f"{n:012}",
                "external_id": f"id-{n}",
                **fields,
            },
        )
        for n in range(1, number + 1)
    ]


def test_accounts_that_differ_in_nothing_but_ids_share_their_templates():
    bundled = topology(*many(3))

    listed = accounts(bundled)

    assert {tuple(listed[f"a{n}"]["templates"]) for n in (1, 2, 3)} == {
        ("ec2-lambda/iam.yml",)
    }
    assert listed["a2"]["parameters"] == {"ExternalId": "id-2"}
    assert_same_as_desired(bundled)


def test_what_differs_in_more_has_a_folder_of_its_own():
    plain = many(1, external_id="")
    other = many(1, name="b", account_id="944444444444")
    bundled = topology(*plain, *other)

    listed = accounts(bundled)

    assert listed["a1"]["templates"] == ["ec2-lambda/iam.yml"]
    assert listed["b"]["templates"] == ["ec2-lambda-2/iam.yml"]
    assert listed["a1"]["parameters"] == {}
    assert_same_as_desired(bundled)


def test_the_account_that_owns_images_is_one_of_its_own():
    bundled = topology(*many(3), bakes=True, ami_owner="a2")

    assert_same_as_desired(bundled)


def test_a_shared_template_names_no_account():
    text = files_of(topology(*many(2)))["aws/ec2-lambda/iam.yml"]

    assert "000000000001" not in text
    assert "id-1" not in text
    assert "a1" not in text.split()


def test_the_managing_account_is_listed_also_where_it_is_not_managed():
    listed = accounts(topology(staging()))

    assert listed["core"] == {
        "name": "core",
        "account_id": MANAGING_ID,
        "templates": ["managing/iam.yml"],
        "parameters": {},
    }


def test_only_a_template_that_uses_an_external_id_asks_for_it():
    both = managed(provider("ec2"), eks(), external_id="e-1")
    own = core(external_id="c-1", providers=(eks(),))

    files = files_of(topology(own, both))

    asking = {
        path
        for path, text in files.items()
        if path.endswith(".yml") and path.startswith("aws/")
        and "ExternalId" in yaml.safe_load(text).get("Parameters", {})
    }  # fmt: skip
    assert asking == {"aws/ec2-eks/iam.yml"}


def test_an_account_in_which_nothing_stands_is_not_listed():
    assert list(accounts(topology(managed(eks({"access": "aws-auth"}))))) == ["core"]


@pytest.mark.exhaustive(after=1)
@pytest.mark.parametrize("fewest", [4, 1], ids=["all providers", "any of them"])
def test_cfn_lint_finds_nothing_for_any_combination(tmp_path: Path, fewest: int):
    templates: list[Path] = []
    sizes = range(fewest, 5)
    combinations = [k for n in sizes for k in itertools.combinations(KEYS, n)]
    for number, keys in enumerate(combinations):
        folder = tmp_path / str(number)
        fields = [{}, {"identity": POD, "bakes": True}][number % 2]
        bundled = topology(core(external_id="e-1"), chosen(keys), **fields)
        unpacked(bundled, folder)
        templates += (folder / "aws").rglob("*.yml")
    distinct = {template.read_text(): template for template in templates}

    assert findings(distinct.values()) == []
    assert len(templates) >= 2 * len(combinations)


def test_each_policy_is_there_as_the_first_account_has_it():
    files = files_of(with_every_provider())

    documents = {
        f"aws/ec2-ecs-lambda-eks/policies/{r.name.rsplit('/', 1)[-1]}.json": r.document
        for r in desired_in(with_every_provider(), MANAGED_ID)
        if isinstance(r, ManagedPolicy | InlinePolicy)
    }
    assert documents
    for path, document in documents.items():
        assert json.loads(files[path]) == document.document


def test_each_trust_policy_is_there_too():
    files = files_of(with_every_provider())

    trust = json.loads(files["aws/ec2-ecs-lambda-eks/trust/spinnakerManaged.json"])

    (statement,) = trust["Statement"]
    assert statement["Principal"] == {
        "AWS": f"arn:aws:iam::{MANAGING_ID}:role/SpinnakerAuthRole"
    }


UNKNOWN_TO_THE_EMULATOR = {"AWS::IAM::ServiceLinkedRole"}


def deploy(field: Field, account: str, text: str, parameters: dict[str, str]) -> None:
    template = yaml.safe_load(text)
    template["Resources"] = {
        name: one
        for name, one in template["Resources"].items()
        if one["Type"] not in UNKNOWN_TO_THE_EMULATOR
    }
    client = field.root(account, "cloudformation")
    client.create_stack(
        StackName="bowline",
        TemplateBody=json.dumps(template),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value}
            for name, value in parameters.items()
        ],
    )
    client.get_waiter("stack_create_complete").wait(
        StackName="bowline", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )


def test_deployed_it_leaves_bowline_nothing_to_change(field: Field):
    every = [provider(key) for key in ("ec2", "ecs", "lambda")]
    own = field.managed(
        provider("ec2"), name="core", account_id=field.managing_id, access_role=""
    )
    bundled = Topology(
        field.managing(bakes=True), (own, field.managed(*every, external_id=""))
    )
    files = files_of(bundled)

    for listed in accounts(bundled).values():
        (template,) = listed["templates"]
        text = files[f"aws/{template}"]
        deploy(field, listed["account_id"], text, listed["parameters"])

    for reach in (field.own, field.reach):
        wanted = desired_in(bundled, reach.account_id)
        observed = observe(field.sessions(), reach, wanted)
        left = diff(wanted, observed)
        assert all(isinstance(change, Create) for change in left)
        assert {type(change.resource) for change in left} == {ServiceLinkedRole}
        # CloudFormation cannot tag an instance profile, so it counts as a person's.
        unmarked = {type(r) for r in observed if not r.owned}
        assert unmarked == {InstanceProfile}


def template_of(bundled: Topology, path: str = "ec2/iam.yml") -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(files_of(bundled)[f"aws/{path}"])
    return found


def test_a_role_comes_after_the_role_that_it_trusts():
    """IAM refuses an unknown principal, and CloudFormation makes roles in parallel."""
    resources = template_of(topology(core()), "managing/iam.yml")["Resources"]

    assert resources["RoleSpinnakerManaged"]["DependsOn"] == ["RoleSpinnakerAuthRole"]
    assert "DependsOn" not in resources["RoleSpinnakerAuthRole"]


def test_a_pod_role_comes_after_its_issuer():
    resources = template_of(topology(core(), identity=POD), "managing/iam.yml")

    assert resources["Resources"]["RoleSpin"]["DependsOn"] == ["OIDCProviderOidcEksId1"]


def test_a_service_linked_role_may_stand_already_and_outlives_the_stack():
    template = template_of(topology(chosen(("ec2",))))

    name = "ServiceLinkedRoleAutoscaling"
    role = template["Resources"][name]
    assert template["Parameters"][f"Make{name}"]["AllowedValues"] == ["yes", "no"]
    assert template["Conditions"][role["Condition"]] == {
        "Fn::Equals": [{"Ref": f"Make{name}"}, "yes"]
    }
    assert role["DeletionPolicy"] == role["UpdateReplacePolicy"] == "Retain"


def test_clusters_have_a_template_for_each_region():
    clusters = eks({"name": "apps"}, {"name": "jobs", "region": "us-west-2"})

    listed = accounts(topology(managed(clusters)))

    assert listed["staging"]["templates"] == [
        "eks/eks-us-east-1.yml",
        "eks/eks-us-west-2.yml",
    ]


def test_policy_variables_stay_what_they_are():
    boundary = f"arn:aws:iam::{MANAGING_ID}:policy/${{aws:username}}"
    bundled = topology(chosen(("ec2",)), boundary=boundary)

    role = template_of(bundled)["Resources"]["RoleSpinnakerManaged"]

    assert role["Properties"]["PermissionsBoundary"] == {
        "Fn::Sub": "arn:aws:iam::${AWS::AccountId}:policy/${!aws:username}"
    }


def test_a_kind_of_resource_that_it_is_not_told_of_is_a_bug():
    class Alarm(Resource):
        kind = "alarm"
        name = "a"

    unknown = Template("911111111111", (Alarm(account="911111111111"),))

    with pytest.raises(AssertionError, match="has no form of alarm"):
        unknown.body("")


PATH = "aws/key-grants.json"


def test_grants_on_keys_are_listed_as_kms_takes_them() -> None:
    key = image_key()
    bundled = with_every_provider(bakes=True, image_keys=(key,))

    entries = json.loads(files_of(bundled)[PATH])

    assert len(entries) == 2
    request = entries[0]["request"]
    assert entries[0]["region"] == "us-east-1"
    assert entries[0]["account_id"] == request["GranteePrincipal"].split(":")[4]
    assert request["KeyId"] == key
    assert request["GranteePrincipal"].endswith("AWSServiceRoleForAutoScaling")
    assert set(request) == {"KeyId", "GranteePrincipal", "Operations", "Name"}


def test_templates_leave_them_out() -> None:
    files = files_of(with_every_provider(bakes=True, image_keys=(image_key(),)))

    assert "KMS::" not in files["aws/managing/iam.yml"]


def test_there_is_no_such_file_without_keys() -> None:
    assert PATH not in files_of(with_every_provider(bakes=True))
