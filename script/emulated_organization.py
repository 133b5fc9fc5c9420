"""Spinnaker's documented example as an organization in the emulated AWS.

One managing account, its members, and three members with a fault each, so that a
person can see how Bowline reports it.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import boto3
from botocore.exceptions import ClientError

from onboarding.access_role import ACCESS_ENTRIES, POLICIES, PROFILES, ROLES

REGIONS = ("us-east-1", "us-west-2")
ACCESS_ROLE = "OrganizationAccountAccessRole"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
BOWLINE = "bowline"


class Credentials(NamedTuple):
    """Bowline's own access key in the managing account, and where AWS answers."""

    endpoint: str
    access_key_id: str
    secret_access_key: str
    region: str = REGIONS[0]

    @property
    def environment(self) -> dict[str, str]:
        """Say it in boto3's own variables: all that points Bowline at this AWS."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    name: str
    account_id: str
    network: tuple[str, ...] = ()
    key_pair: tuple[str, ...] = ()
    ecs: tuple[str, ...] = ()
    eks: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()

    def arn(self, resource: str) -> str:
        return f"arn:aws:iam::{self.account_id}:{resource}"


EAST = REGIONS[:1]
MANAGING = Account(
    name="spinnakermanaging", account_id="100000000001", network=EAST, ecs=EAST
)
UNTRUSTING = Account(name="accountuntrusting", account_id="700000000007")
HANDMADE = Account(name="accounthandmade", account_id="800000000008", network=EAST)
LIMITED = Account(name="accountlimited", account_id="900000000009", network=EAST)
MEMBERS = (
    Account(
        name="accountdev",
        account_id="200000000002",
        network=EAST,
        key_pair=EAST,
        ecs=EAST,
        eks=EAST,
        functions=EAST,
    ),
    Account(
        name="accountstaging",
        account_id="300000000003",
        network=REGIONS,
        key_pair=REGIONS,
        ecs=REGIONS,
        eks=EAST,
        functions=EAST,
    ),
    Account(
        name="accountprod",
        account_id="400000000004",
        network=REGIONS,
        key_pair=REGIONS,
        ecs=EAST,
        eks=EAST,
    ),
    # No key pair, which EC2's checks should say.
    Account(name="accounttools", account_id="500000000005", network=EAST),
    Account(
        name="accountdata",
        account_id="600000000006",
        network=EAST,
        key_pair=EAST,
        functions=EAST,
    ),
    UNTRUSTING,
    HANDMADE,
    LIMITED,
)

UNITS = {"Workloads": "Root", "Production": "Workloads", "Sandbox": "Root"}
"""The organization's units, and what each is in."""
IN_UNITS = {
    MANAGING.name: "Root",
    "accountprod": "Production",
    "accountdata": "Production",
    "accountdev": "Sandbox",
    "Old sandbox": "Sandbox",
}
"""Where accounts are that aren't in “Workloads”."""
CLOSED = Account(name="Old sandbox", account_id="010000000010")

READS = (
    "ec2:Describe*",
    "ecs:DescribeClusters",
    "ecs:ListClusters",
    "eks:Describe*",
    "eks:List*",
    "iam:Get*",
    "iam:List*",
    "iam:SimulatePrincipalPolicy",
    "lambda:GetFunctionConfiguration",
    "lambda:ListFunctions",
    "organizations:DescribeAccount",
    "organizations:DescribeOrganization",
    "organizations:List*",
    "sts:GetCallerIdentity",
)
ON_IMAGE_KEYS = (
    "kms:CreateGrant",
    "kms:GetKeyPolicy",
    "kms:ListGrants",
    "kms:RevokeGrant",
)


def seed(endpoint: str, members: Iterable[Account] = MEMBERS) -> Credentials:
    """Make what is missing of the organization, and a key for Bowline.

    What is there already stays as it is. Only the key is new each time, because AWS
    shows a key's secret once.
    """
    # One session, because each parses the services' models again.
    session, accounts = boto3.Session(), (MANAGING, *members)
    for account in accounts:
        seed_account(Edge(session, endpoint, account), account)
    managing = Edge(session, endpoint, MANAGING)
    seed_organization(managing.client("organizations"), accounts)
    return bowline_credentials(managing)


def seed_organization(organizations: Any, accounts: Iterable[Account]) -> None:
    """Make the units with these accounts, and with one that is closed."""
    if len(organizations.list_accounts()["Accounts"]) > 1:
        return
    (root,) = organizations.list_roots()["Roots"]
    ids = {"Root": root["Id"]}
    for name, parent in UNITS.items():
        unit = organizations.create_organizational_unit(ParentId=ids[parent], Name=name)
        ids[name] = unit["OrganizationalUnit"]["Id"]
    for account in (*accounts, CLOSED):
        unit = IN_UNITS.get(account.name, "Workloads")
        team = "platform" if account is MANAGING else "apps"
        organizations.create_account(
            AccountName=account.name,
            Email=f"aws+{account.account_id}@example.com",
            Tags=[{"Key": "team", "Value": team}],
        )
        if unit != "Root":
            organizations.move_account(
                AccountId=account.account_id,
                SourceParentId=ids["Root"],
                DestinationParentId=ids[unit],
            )
    organizations.close_account(AccountId=CLOSED.account_id)


class Edge:
    """An account's AWS, with the rights of its root: twelve digits are its key."""

    def __init__(self, session: Any, endpoint: str, account: Account) -> None:
        self.session, self.endpoint, self.account = session, endpoint, account

    def client(self, service: str, region: str = REGIONS[0]) -> Any:
        return self.session.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=self.account.account_id,
            aws_secret_access_key="any",
        )


def unless_there(call: Callable[..., Any], **arguments: Any) -> Any | None:
    """Create, or return None where it exists."""
    try:
        return call(**arguments)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in {
            "EntityAlreadyExists",
            "InvalidKeyPair.Duplicate",
            "ResourceConflictException",
            "ResourceInUseException",
        }:
            return None
        raise


def document(*statements: dict[str, Any]) -> str:
    allowed = [{"Effect": "Allow"} | statement for statement in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": allowed})


def trusting(principal: dict[str, str]) -> str:
    return document({"Principal": principal, "Action": "sts:AssumeRole"})


def seed_account(edge: Edge, account: Account) -> None:
    seed_access(edge.client("iam"), account)
    seed_service_linked_role(edge.client("iam"))
    for region in account.network:
        seed_network(edge.client("ec2", region))
    for region in account.key_pair:
        name = f"{account.name}-keypair"
        unless_there(edge.client("ec2", region).create_key_pair, KeyName=name)
    for region in account.ecs:
        edge.client("ecs", region).create_cluster(clusterName="services")
    for region in account.eks:
        seed_cluster(edge, account, region)
    for region in account.functions:
        seed_function(edge, account, region)


def seed_access(iam: Any, account: Account) -> None:
    """Create the role that Bowline assumes, with the account's planted fault."""
    trusted = UNTRUSTING if account is UNTRUSTING else MANAGING
    made = unless_there(
        iam.create_role,
        RoleName=ACCESS_ROLE,
        AssumeRolePolicyDocument=trusting({"AWS": trusted.arn("root")}),
    )
    if account is HANDMADE:
        unless_there(
            iam.create_role,
            RoleName="spinnakerManaged",
            Description="Made by hand in 2019",
            AssumeRolePolicyDocument=trusting(
                {"AWS": "arn:aws:iam::123456789012:root"}
            ),
        )
    if made and account is LIMITED:
        iam.put_role_policy(
            RoleName=ACCESS_ROLE,
            PolicyName="AlmostEverything",
            PolicyDocument=document(
                {"NotAction": "iam:PutRolePolicy", "Resource": "*"}
            ),
        )
    elif made:
        iam.attach_role_policy(RoleName=ACCESS_ROLE, PolicyArn=ADMINISTRATOR)


def seed_service_linked_role(iam: Any) -> None:
    """Make the one that the emulator cannot make: it names roles by the first word of
    the service, so that this one and ECS's own would be the same.
    """
    service = "ecs.application-autoscaling.amazonaws.com"
    unless_there(
        iam.create_role,
        Path=f"/aws-service-role/{service}/",
        RoleName="AWSServiceRoleForApplicationAutoScaling_ECSService",
        AssumeRolePolicyDocument=trusting({"Service": service}),
    )


def seed_network(ec2: Any) -> None:
    """Make a VPC as Spinnaker's documentation tags it, and a subnet without tags."""
    region = ec2.meta.region_name
    name = [{"Name": "tag:Name", "Values": ["vpc"]}]
    if ec2.describe_vpcs(Filters=name)["Vpcs"]:
        return
    vpc = ec2.create_vpc(CidrBlock="10.100.0.0/16")["Vpc"]["VpcId"]
    tag(ec2, vpc, Name="vpc")
    for number, purpose in enumerate(("internal", "external"), start=1):
        for offset, zone in enumerate(("a", "b")):
            subnet = ec2.create_subnet(
                VpcId=vpc,
                CidrBlock=f"10.100.{number}{offset}.0/24",
                AvailabilityZone=f"{region}{zone}",
            )["Subnet"]["SubnetId"]
            if zone == "a":
                tag(ec2, subnet, Name=f"vpc.{purpose}.{region}")
            else:
                tag(ec2, subnet, immutable_metadata=json.dumps({"purpose": purpose}))
    ec2.create_subnet(
        VpcId=vpc, CidrBlock="10.100.90.0/24", AvailabilityZone=f"{region}a"
    )


def tag(ec2: Any, resource: str, **tags: str) -> None:
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    ec2.create_tags(Resources=[resource], Tags=pairs)


def seed_cluster(edge: Edge, account: Account, region: str) -> None:
    role = "eks-cluster"
    unless_there(
        edge.client("iam").create_role,
        RoleName=role,
        AssumeRolePolicyDocument=trusting({"Service": "eks.amazonaws.com"}),
    )
    ec2 = edge.client("ec2", region)
    purpose = [{"Name": "tag:Name", "Values": [f"vpc.internal.{region}"]}]
    subnets = ec2.describe_subnets(Filters=purpose)["Subnets"]
    unless_there(
        edge.client("eks", region).create_cluster,
        name="apps",
        roleArn=account.arn(f"role/{role}"),
        resourcesVpcConfig={"subnetIds": [subnet["SubnetId"] for subnet in subnets]},
        accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"},
    )


def seed_function(edge: Edge, account: Account, region: str) -> None:
    unless_there(
        edge.client("iam").create_role,
        Path="/spinnaker-lambda/",
        RoleName="hello-function",
        AssumeRolePolicyDocument=trusting({"Service": "lambda.amazonaws.com"}),
    )
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("hello.py", "def handle(event, context):\n    return 'hello'\n")
    unless_there(
        edge.client("lambda", region).create_function,
        FunctionName="hello",
        Runtime="python3.13",
        Role=account.arn("role/spinnaker-lambda/hello-function"),
        Handler="hello.handle",
        Code={"ZipFile": archive.getvalue()},
    )


def bowline_credentials(edge: Edge) -> Credentials:
    """Make Bowline's user, with no more than its work takes, and a key for it."""
    iam = edge.client("iam")
    unless_there(iam.create_user, UserName=BOWLINE)
    made = unless_there(
        iam.create_policy, PolicyName=BOWLINE, PolicyDocument=bowline_policy()
    )
    if made:
        arn = made["Policy"]["Arn"]
        iam.attach_user_policy(UserName=BOWLINE, PolicyArn=arn)
    for key in iam.list_access_keys(UserName=BOWLINE)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=BOWLINE, AccessKeyId=key["AccessKeyId"])
    key = iam.create_access_key(UserName=BOWLINE)["AccessKey"]
    return Credentials(edge.endpoint, key["AccessKeyId"], key["SecretAccessKey"])


def bowline_policy() -> str:
    """Allow: entering the members, its work in its own account, and nothing else."""
    entered = [
        f"arn:aws:iam::*:role/{ACCESS_ROLE}",
        "arn:aws:iam::*:role/BowlineReader",
        MANAGING.arn("role/SpinnakerAuthRole"),
    ]
    own = [
        MANAGING.arn(resource)
        for resource in (
            "policy/bowline/*",
            "role/BaseIAMRole",
            "role/ecsTaskExecutionRole",
            "role/Spinnaker*",
            "role/spinnaker*",
        )
    ]
    clusters = f"arn:aws:eks:*:{MANAGING.account_id}:*"
    keys = f"arn:aws:kms:*:{MANAGING.account_id}:key/*"
    of_roles = {*ROLES, *POLICIES, *PROFILES} - {*WITHOUT_ARN}
    return document(
        {"Action": "sts:AssumeRole", "Resource": entered},
        {"Action": READS, "Resource": "*"},
        {"Action": sorted(of_roles), "Resource": own},
        {"Action": WITHOUT_ARN, "Resource": "*"},
        {"Action": ACCESS_ENTRIES, "Resource": clusters},
        {"Action": ON_IMAGE_KEYS, "Resource": keys},
    )


# AWS can narrow these to a resource; the emulator knows their ARN only as "*".
WITHOUT_ARN = (
    "iam:CreateInstanceProfile",
    "iam:CreateOpenIDConnectProvider",
    "iam:CreatePolicy",
    "iam:CreateServiceLinkedRole",
    "iam:DeleteInstanceProfile",
    "iam:DeleteOpenIDConnectProvider",
    "iam:TagInstanceProfile",
    "iam:TagOpenIDConnectProvider",
    "iam:UntagInstanceProfile",
    "iam:UntagOpenIDConnectProvider",
)
