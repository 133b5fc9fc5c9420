"""aws/: judged by cfn-lint, read back into resources, deployed on an emulated AWS."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from onboarding.aws.observe import observe
from onboarding.bundle.template import Template
from onboarding.desired import desired
from onboarding.resources.kinds import (
    Attachment,
    ClusterAccess,
    InlinePolicy,
    InstanceProfile,
    ManagedPolicy,
    OidcProvider,
    Resource,
    Role,
    ServiceLinkedRole,
)
from onboarding.resources.plan import Create, diff
from onboarding.resources.policy import Policy
from onboarding.topology import (
    ExistingIdentity,
    InstanceRole,
    Managed,
    PodRole,
    Topology,
)
from tests.bundles import core, eks, files_of, staging, unpacked, with_every_provider
from tests.factories import MANAGED_ID, MANAGING_ID, managed, provider, topology
from tests.onboarding.aws.field import Field

CFN_LINT = str(Path(sys.executable).parent / "cfn-lint")
KEYS = ("ec2", "ecs", "lambda", "eks")
POD = PodRole("spin", "core", "us-east-1", "spinnaker", "clouddriver", "oidc.eks/id/1")
OWNED = {"Key": "managed-by", "Value": "bowline"}


def chosen(keys: tuple[str, ...]) -> Managed:
    return managed(*(eks() if key == "eks" else provider(key) for key in keys))


def accounts(bundled: Topology) -> dict[str, Any]:
    """Map each account's name to what accounts.json says of it."""
    listed = json.loads(files_of(bundled)["aws/accounts.json"])
    return {one["name"]: one for one in listed}


# Read back


def resolved(value: Any, account: str, parameters: dict[str, str]) -> Any:
    """Do what CloudFormation does with references."""
    match value:
        case {"Ref": "AWS::AccountId"}:
            return account
        case {"Ref": name}:
            return parameters[name]
        case {"Fn::Sub": text}:
            assert "${AWS::AccountId}" in text
            return text.replace("${AWS::AccountId}", account).replace("${!", "${")
        case dict():
            return {k: resolved(v, account, parameters) for k, v in value.items()}
        case list():
            return [resolved(v, account, parameters) for v in value]
        case _:
            return value


def resources_of(text: str, account: str, parameters: dict[str, str]) -> list[Resource]:
    template = yaml.safe_load(text)
    names = {
        logical: found["Properties"]["RoleName"]
        for logical, found in template["Resources"].items()
        if found["Type"] == "AWS::IAM::Role"
    }
    region = template["Description"].split()[-1].rstrip(".")
    found: list[Resource] = []
    for one in template["Resources"].values():
        properties = resolved(one["Properties"], account, {**parameters, **names})
        found += read(one["Type"], properties, account, region)
    return found


def read(kind: str, p: dict[str, Any], account: str, region: str) -> list[Resource]:
    def held(holder: str, arn: str, *, to_user: bool = False) -> Attachment:
        name = f"{holder}/{arn.rsplit('/', 1)[1]}"
        return Attachment(account=account, name=name, policy_arn=arn, to_user=to_user)

    match kind:
        case "AWS::IAM::Role":
            assert p["Tags"] == [OWNED]
            role = Role(
                account=account,
                name=p["RoleName"],
                path=p["Path"],
                trust=Policy.of(p["AssumeRolePolicyDocument"]),
                boundary=p.get("PermissionsBoundary", ""),
            )
            attached = p.get("ManagedPolicyArns", [])
            return [role, *(held(role.name, arn) for arn in attached)]
        case "AWS::IAM::ManagedPolicy":
            policy = ManagedPolicy(
                account=account,
                name=p["ManagedPolicyName"],
                path=p["Path"],
                document=Policy.of(p["PolicyDocument"]),
            )
            arn = f"arn:aws:iam::{account}:policy{policy.path}{policy.name}"
            users = [held(user, arn, to_user=True) for user in p.get("Users", [])]
            return [policy, *users, *(held(role, arn) for role in p.get("Roles", []))]
        case "AWS::IAM::Policy":
            (role_name,) = p["Roles"]
            name = f"{role_name}/{p['PolicyName']}"
            document = Policy.of(p["PolicyDocument"])
            return [InlinePolicy(account=account, name=name, document=document)]
        case "AWS::IAM::InstanceProfile":
            (role_name,) = p["Roles"]
            name = p["InstanceProfileName"]
            return [InstanceProfile(account=account, name=name, role=role_name)]
        case "AWS::IAM::ServiceLinkedRole":
            return [ServiceLinkedRole(account=account, name=p["AWSServiceName"])]
        case "AWS::IAM::OIDCProvider":
            assert p["Tags"] == [OWNED]
            (audience,) = p["ClientIdList"]
            name = p["Url"].removeprefix("https://")
            return [OidcProvider(account=account, name=name, audience=audience)]
        case _:
            assert kind == "AWS::EKS::AccessEntry"
            assert p["Tags"] == [OWNED]
            (policy_of,) = p["AccessPolicies"]
            return [
                ClusterAccess(
                    account=account,
                    name=f"{region}/{p['ClusterName']}/{p['PrincipalArn']}",
                    region=region,
                    cluster=p["ClusterName"],
                    principal=p["PrincipalArn"],
                    policy_arn=policy_of["PolicyArn"],
                    namespaces=tuple(policy_of["AccessScope"].get("Namespaces", ())),
                )
            ]


def assert_same_as_desired(bundled: Topology) -> None:
    files = files_of(bundled)
    for name, listed in accounts(bundled).items():
        account, parameters = listed["account_id"], listed["parameters"]
        found = [
            resource
            for template in listed["templates"]
            for resource in resources_of(files[f"aws/{template}"], account, parameters)
        ]
        wanted = desired(bundled, account)
        assert len(found) == len(set(wanted)), name
        assert set(found) == set(wanted), name


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
    one = staging(external_id="e-1", former_external_id="e-0")
    clusters = eks(
        {"name": "apps", "namespaces": ["web"]}, {"name": "jobs", "region": "us-west-2"}
    )
    two = managed(clusters, name="other", account_id="933333333333")

    assert_same_as_desired(topology(one, two))


# What can be shared


def many(number: int, **fields: Any) -> list[Managed]:
    return [
        managed(
            provider("ec2"),
            provider("ecs"),
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
        ("ec2-ecs/iam.yml",)
    }
    assert listed["a2"]["parameters"] == {"ExternalId": "id-2"}
    assert_same_as_desired(bundled)


def test_what_differs_in_more_has_a_folder_of_its_own():
    plain = many(1, external_id="")
    other = many(1, name="b", account_id="944444444444")
    bundled = topology(*plain, *other)

    listed = accounts(bundled)

    assert listed["a1"]["templates"] == ["ec2-ecs/iam.yml"]
    assert listed["b"]["templates"] == ["ec2-ecs-2/iam.yml"]
    assert listed["a1"]["parameters"] == {}
    assert_same_as_desired(bundled)


def test_the_account_that_owns_images_is_one_of_its_own():
    bundled = topology(*many(3), bakes=True, ami_owner="a2")

    assert_same_as_desired(bundled)


def test_a_shared_template_names_no_account():
    text = files_of(topology(*many(2)))["aws/ec2-ecs/iam.yml"]

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


def test_an_account_in_which_nothing_stands_is_not_listed():
    assert list(accounts(topology(managed(eks({"access": "aws-auth"}))))) == ["core"]


# Traps of CloudFormation


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

    unknown = Template("911111111111", (Alarm(account="911111111111", name="a"),))

    with pytest.raises(AssertionError, match="not told of alarm"):
        unknown.body("")


def test_cfn_lint_finds_nothing_for_any_combination(tmp_path: Path):
    templates: list[str] = []
    combinations = [k for n in range(1, 5) for k in itertools.combinations(KEYS, n)]
    for number, keys in enumerate(combinations):
        folder = tmp_path / str(number)
        fields = [{}, {"identity": POD, "bakes": True}][number % 2]
        bundled = topology(core(external_id="e-1"), chosen(keys), **fields)
        unpacked(bundled, folder)
        templates += map(str, (folder / "aws").rglob("*.yml"))

    done = subprocess.run([CFN_LINT, *templates], capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("", "")
    assert len(templates) >= 2 * len(combinations)


# Policies


def test_each_policy_is_there_as_the_first_account_has_it():
    files = files_of(with_every_provider())

    documents = {
        f"aws/ec2-ecs-lambda-eks/policies/{r.name.rsplit('/', 1)[-1]}.json": r.document
        for r in desired(with_every_provider(), MANAGED_ID)
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


# Deployed

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


def test_deployed_it_leaves_bowline_nothing_to_change(
    emulator: str, monkeypatch: pytest.MonkeyPatch
):
    field = Field(emulator)
    for name, value in field.prepare().items():
        monkeypatch.setenv(name, value)
    every = [provider(key) for key in ("ec2", "ecs", "lambda")]
    own = field.managed(
        provider("ec2"), name="core", account_id=field.managing_id, access_role=""
    )
    bundled = Topology(field.managing(bakes=True), (own, field.managed(*every)))
    files = files_of(bundled)

    for listed in accounts(bundled).values():
        (template,) = listed["templates"]
        text = files[f"aws/{template}"]
        deploy(field, listed["account_id"], text, listed["parameters"])

    for reach in (field.own, field.reach):
        wanted = desired(bundled, reach.account_id)
        observed = observe(field.sessions(), reach, wanted)
        left = diff(wanted, observed)
        assert all(isinstance(change, Create) for change in left)
        assert {type(change.resource) for change in left} == {ServiceLinkedRole}
        # CloudFormation cannot tag an instance profile, so it counts as a person's.
        unmarked = {type(r) for r in observed if not r.owned}
        assert unmarked == {InstanceProfile}
