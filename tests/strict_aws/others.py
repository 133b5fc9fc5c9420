"""What others may do to an account that Bowline made, and what Bowline then says."""

from __future__ import annotations

from collections.abc import Mapping

from tests.onboarding.aws.field import ACCESS_ROLE
from tests.strict_aws.planting import (
    MANAGED,
    Case,
    allow,
    deny,
    kind,
    other_regions_than,
    trusting,
    unless,
)

EAST, WEST, FAR = "us-east-1", "us-west-2", "ap-south-1"
RUN = "ec2:RunInstances"
BASE = "BaseIAMRole"
VERIFIED, FAILED, DRIFTED = "verified", "failed", "drifted"
UNKNOWN = "verified, writes unknown"
MORE = "not as approved"
STRANGER = "arn:aws:iam::999999999999:root"
ANYBODY = {"AWS": "*"}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
OUTSIDE = f"A policy of the organization denies {RUN} in {EAST}."
THEIRS = f"Theirs0 is in role {MANAGED}."
DENIES = f"The policy Theirs0 of role {MANAGED} in account"
PERHAPS = f"Unknown: {RUN}, because a policy of the organization denies it, perhaps"
SCHEME = "denies it where it doesn't know elasticloadbalancing:scheme, which"
UNSEEN = {"before_july_2026": True}
BLIND = ((ACCESS_ROLE, deny("iam:SimulatePrincipalPolicy")),)

BY_THE_ORGANIZATION = (
    Case("denies a write", FAILED, (OUTSIDE,), organization=(deny(RUN),)),
    Case(
        "denied a write before July 2026",
        FAILED,
        (OUTSIDE,),
        organization=(deny(RUN),),
        simulator=UNSEEN,
    ),
    Case(
        "denies everything but reads",
        FAILED,
        ("denies autoscaling:DeleteAutoScalingGroup", "denies ec2:CreateSecurityGroup"),
        organization=(
            deny(NotAction=["*:Describe*", "*:Get*", "*:List*", "iam:*", "sts:*"]),
        ),
    ),
    Case(
        "denies other Regions",
        VERIFIED,
        organization=(other_regions_than(EAST, WEST),),
    ),
    Case(
        "denied other Regions before July 2026",
        VERIFIED,
        organization=(other_regions_than(EAST, WEST),),
        simulator=UNSEEN,
    ),
    Case(
        "denies the second Region",
        FAILED,
        (f"Simulated in {WEST}: A policy of the organization denies",),
        organization=(other_regions_than(EAST),),
    ),
    Case(
        "refuses calls in the second Region, which the simulator did not see",
        FAILED,
        (f"in {WEST}", "explicit deny in a service control policy"),
        organization=(other_regions_than(EAST),),
        refused=(WEST,),
        simulator=UNSEEN,
    ),
    Case(
        "denies both Regions",
        FAILED,
        (f"Simulated in {EAST}: A policy of the organization denies",),
        organization=(other_regions_than(FAR),),
    ),
    Case(
        "denies it in one Region by its name",
        FAILED,
        (f"A policy of the organization denies {RUN} in {WEST}.",),
        organization=(
            deny(RUN, condition={"StringEquals": {"aws:RequestedRegion": WEST}}),
        ),
    ),
    Case(
        "demands a tag",
        UNKNOWN,
        (PERHAPS,),
        organization=(
            deny(
                RUN,
                Resource=kind("instance"),
                condition={"Null": {"aws:RequestTag/team": "true"}},
            ),
        ),
    ),
    Case(
        "allows small instances",
        UNKNOWN,
        (PERHAPS,),
        organization=(
            deny(
                RUN,
                Resource=kind("instance"),
                condition={"StringNotLike": {"ec2:InstanceType": "t3.*"}},
            ),
        ),
    ),
    Case(
        "denies it in the subnets that the account has",
        FAILED,
        (OUTSIDE,),
        organization=(deny(RUN, Resource=kind("subnet")),),
    ),
    Case(
        "denies it in other subnets",
        VERIFIED,
        organization=(deny(RUN, Resource=f"{kind('subnet')}-of-others"),),
    ),
    Case(
        "denies everything to others than its own",
        VERIFIED,
        organization=(deny("*", condition={"Null": {"aws:PrincipalOrgID": "true"}}),),
    ),
    Case(
        "denies everything that isn't its own",
        VERIFIED,
        organization=(
            deny("*", condition={"Null": {"aws:ResourceOrgID": "true"}}),
            deny(
                "*",
                condition={"StringNotLikeIfExists": {"aws:ResourceAccount": "2*"}},
            ),
        ),
    ),
    Case(
        "denies other Regions of EC2",
        VERIFIED,
        organization=(
            deny("ec2:*", condition={"StringNotEquals": {"ec2:Region": [EAST, WEST]}}),
        ),
    ),
    Case(
        "denies EC2 in the second Region",
        FAILED,
        (f"Simulated in {WEST}: A policy of the organization denies ec2:",),
        organization=(deny("ec2:*", condition={"StringEquals": {"ec2:Region": WEST}}),),
    ),
    Case(
        "denies calls without TLS",
        VERIFIED,
        organization=(
            deny("*", condition={"BoolIfExists": {"aws:SecureTransport": "false"}}),
        ),
    ),
    Case(
        "denies a write without MFA",
        FAILED,
        (OUTSIDE,),
        organization=(
            deny(RUN, condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}}),
        ),
    ),
    Case(
        "denies a write to Spinnaker's sessions",
        FAILED,
        (OUTSIDE,),
        organization=(
            deny(RUN, condition={"StringLike": {"aws:userid": "AROA*:Spinnaker"}}),
        ),
    ),
    Case(
        "denies a write since last year",
        FAILED,
        (OUTSIDE,),
        organization=(
            deny(RUN, condition={"DateGreaterThan": {"aws:CurrentTime": "2025"}}),
        ),
    ),
    Case(
        "denies a write by address, as IAM says",
        UNKNOWN,
        (f"Unknown: {RUN}", "denies it where it doesn't know aws:sourceip, which"),
        organization=(
            deny(RUN, condition={"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}),
        ),
        simulator={"names_outside": True},
    ),
    Case(
        "denies everything from other addresses",
        VERIFIED,
        organization=(unless("NotIpAddressIfExists", "aws:SourceIp", "192.0.2.0/24"),),
    ),
    Case(
        "denies everything from other addresses, as IAM says",
        VERIFIED,
        organization=(unless("NotIpAddress", "aws:SourceIp", "192.0.2.0/24"),),
        simulator={"names_outside": True},
    ),
    Case(
        "denies everything from other VPCs",
        VERIFIED,
        organization=(
            unless("StringNotEqualsIfExists", "aws:SourceVpc", "vpc-inside"),
        ),
    ),
    Case(
        "denies everything from other endpoints",
        VERIFIED,
        organization=(unless("StringNotEquals", "aws:SourceVpce", "vpce-inside"),),
    ),
    Case(
        "denies everything to others than its own network, as AWS's example does",
        VERIFIED,
        organization=(
            deny(
                "*",
                condition={
                    "BoolIfExists": {
                        "aws:PrincipalIsAWSService": "false",
                        "aws:ViaAWSService": "false",
                    },
                    "NotIpAddressIfExists": {"aws:SourceIp": "192.0.2.0/24"},
                    "StringNotEqualsIfExists": {"aws:SourceVpc": "vpc-inside"},
                },
            ),
        ),
    ),
    Case(
        "denies everything from the addresses that Spinnaker has",
        FAILED,
        (
            "explicit deny in a service control policy",
            f"Simulated in {EAST}: A policy of the organization denies",
        ),
        organization=(
            unless("NotIpAddressIfExists", "aws:SourceIp", "198.51.100.0/24"),
        ),
    ),
    Case(
        "denies a write, and load balancing from other addresses",
        FAILED,
        (OUTSIDE,),
        organization=(
            deny(RUN),
            unless(
                "NotIpAddressIfExists",
                "aws:SourceIp",
                "192.0.2.0/24",
                "elasticloadbalancing:*",
            ),
        ),
    ),
    Case(
        "denies load balancers that the internet reaches",
        UNKNOWN,
        ("Unknown: elasticloadbalancing:CreateLoadBalancer", SCHEME),
        organization=(
            unless(
                "StringNotEquals",
                "elasticloadbalancing:Scheme",
                "internal",
                "elasticloadbalancing:CreateLoadBalancer",
            ),
        ),
    ),
    Case(
        "denies load balancers",
        FAILED,
        ("organization denies elasticloadbalancing:CreateLoadBalancer in",),
        organization=(deny("elasticloadbalancing:CreateLoadBalancer"),),
    ),
    Case(
        "lets nobody pass roles",
        FAILED,
        ("A policy of the organization denies iam:PassRole",),
        organization=(deny("iam:PassRole"),),
    ),
    Case(
        "denies a service",
        FAILED,
        ("A policy of the organization denies elasticloadbalancing:",),
        organization=(deny("elasticloadbalancing:*"),),
    ),
    Case(
        "denies everything to others than Spinnaker",
        VERIFIED,
        organization=(
            deny(
                "*",
                condition={
                    "ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::*:role/{MANAGED}"}
                },
            ),
        ),
    ),
    Case(
        "denies it to Spinnaker",
        FAILED,
        (OUTSIDE,),
        organization=(
            deny(
                RUN,
                condition={
                    "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::*:role/{MANAGED}"}
                },
            ),
        ),
    ),
    Case(
        "denies what Spinnaker does not do",
        VERIFIED,
        organization=(deny("s3:*"), deny("iam:CreateUser", "iam:CreateAccessKey")),
    ),
)

BY_POLICIES = (
    Case(
        "allows everything",
        MORE,
        (f"{THEIRS} Allows every action on every resource.",),
        inline=((MANAGED, allow("*")),),
    ),
    Case(
        "allows all of IAM",
        MORE,
        (
            f"{THEIRS} Passes roles * to any service.",
            "Allows actions by a pattern: iam:*.",
        ),
        inline=((MANAGED, allow("iam:*")),),
    ),
    Case(
        "makes Spinnaker an administrator",
        MORE,
        (f"AdministratorAccess is attached to role {MANAGED}. Allows every action",),
        attached=((MANAGED, ADMINISTRATOR),),
    ),
    Case(
        "makes instances administrators",
        MORE,
        (f"AdministratorAccess is attached to role {BASE}. Allows every action",),
        attached=((BASE, ADMINISTRATOR),),
    ),
    Case(
        "allows everything under the path /bowline/managing/",
        MORE,
        (
            f"Extra0 is attached to role {MANAGED}. Allows every action",
            f"Extra1 is attached to role {BASE}. Allows every action",
        ),
        under=((MANAGED, allow("*")), (BASE, allow("*"))),
    ),
    Case(
        "lets both read everything",
        MORE,
        (f"ReadOnlyAccess is attached to role {MANAGED}.", f"attached to role {BASE}."),
        attached=((MANAGED, READ_ONLY), (BASE, READ_ONLY)),
    ),
    Case(
        "lets instances read a bucket",
        MORE,
        (f"Theirs0 is in role {BASE}. Reads objects of buckets: s3:GetObject.",),
        inline=((BASE, allow("s3:GetObject", Resource="arn:aws:s3:::b/*")),),
    ),
    Case(
        "passes every role",
        MORE,
        (f"{THEIRS} Passes roles * to any service.",),
        inline=((MANAGED, allow("iam:PassRole")),),
    ),
    Case(
        "allows all but IAM",
        MORE,
        (f"{THEIRS} Allows everything except what it names.",),
        inline=((MANAGED, allow(NotAction=["iam:*"])),),
    ),
    Case(
        "reads secrets",
        MORE,
        (f"{THEIRS}", "Reads secrets: secretsmanager:GetSecretValue."),
        inline=((MANAGED, allow("secretsmanager:GetSecretValue")),),
    ),
    Case(
        "denies a write",
        MORE,
        (f"{THEIRS} Denies {RUN}.", f"{DENIES}", f"denies {RUN}."),
        inline=((MANAGED, deny(RUN)),),
    ),
    Case(
        "denies a write in subnets",
        MORE,
        (f"{DENIES}", f"denies {RUN}."),
        inline=((MANAGED, deny(RUN, Resource=kind("subnet"))),),
    ),
    Case(
        "denies a write in the second Region",
        MORE,
        (f"Simulated in {WEST}: {DENIES}",),
        inline=(
            (
                MANAGED,
                deny(RUN, condition={"StringEquals": {"aws:RequestedRegion": WEST}}),
            ),
        ),
    ),
    Case(
        "demands a tag",
        MORE,
        (
            f"{THEIRS} Denies {RUN}, under conditions.",
            f"Unknown: {RUN}, because statement 1 of the policy Theirs0 of role",
            "(Null on aws:RequestTag/team)",
        ),
        inline=(
            (
                MANAGED,
                deny(RUN, condition={"Null": {"aws:RequestTag/team": "true"}}),
            ),
        ),
    ),
    Case(
        "denies a write from some addresses",
        MORE,
        (f"Unknown: {RUN}, because", "(IpAddress on aws:SourceIp)"),
        inline=(
            (
                MANAGED,
                deny(RUN, condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}),
            ),
        ),
    ),
    Case(
        "denies a write to Spinnaker's sessions",
        MORE,
        (f"{DENIES}", f"denies {RUN}."),
        inline=(
            (MANAGED, deny(RUN, condition={"StringLike": {"aws:userid": "*:Spinn*"}})),
        ),
    ),
    Case(
        "bounds the role to EC2",
        DRIFTED,
        (":policy/Bounds limits it.", "doesn't allow autoscaling:Create"),
        bounds=(allow("ec2:*"),),
    ),
    Case(
        "bounds the role to everything",
        DRIFTED,
        (":policy/Bounds limits it.",),
        bounds=(allow("*"),),
    ),
    Case(
        "bounds the role, and denies a write",
        DRIFTED,
        ("The permissions boundary Bounds of role", f"denies {RUN}"),
        bounds=(allow("*"), deny(RUN)),
    ),
)

BY_TRUST = (
    Case(
        "anybody",
        MORE,
        ("Anybody in AWS can assume it.", "A wrong external ID opened"),
        trusts=((MANAGED, trusting(ANYBODY)),),
    ),
    Case(
        "anybody with any external ID",
        MORE,
        ("Anybody in AWS, under a condition that anybody can meet (sts:ExternalId),",),
        trusts=((MANAGED, trusting(ANYBODY, {"StringLike": {"sts:ExternalId": "*"}})),),
    ),
    Case(
        "anybody whose role has a name",
        MORE,
        ("Anybody in AWS, under a condition that anybody can meet (aws:PrincipalArn)",),
        trusts=(
            (
                MANAGED,
                trusting(
                    ANYBODY,
                    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Deployer"}},
                ),
            ),
        ),
    ),
    Case(
        "anybody of an organization",
        MORE,
        ("Anybody in AWS, known by their organization, can assume it.",),
        trusts=(
            (
                MANAGED,
                trusting(ANYBODY, {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2"}}),
            ),
        ),
    ),
    Case(
        "another account",
        MORE,
        ("Every identity that account 999999999999 permits can assume it.",),
        trusts=((MANAGED, trusting({"AWS": STRANGER})),),
    ),
    Case(
        "a service",
        MORE,
        ("AWS's service lambda.amazonaws.com can assume it.",),
        trusts=((MANAGED, trusting({"Service": "lambda.amazonaws.com"})),),
    ),
    Case(
        "another account, to what instances are",
        MORE,
        (f"role {BASE} (as found: Every identity that account 999999999999 permits",),
        trusts=((BASE, trusting({"AWS": STRANGER})),),
    ),
    Case(
        "a provider of identities",
        MORE,
        ("identity that arn:aws:iam::999999999999:oidc-provider/idp.example.com",),
        trusts=(
            (
                MANAGED,
                trusting(
                    {
                        "Federated": "arn:aws:iam::999999999999:oidc-provider/"
                        "idp.example.com"
                    }
                ),
            ),
        ),
    ),
)

INSTANCES = trusting({"Service": "ec2.amazonaws.com"})
BY_PASSED_ROLES = (
    Case(
        "is an administrator",
        MORE,
        ("AdministratorAccess is attached to role web. Allows every action",),
        passed=(("web", INSTANCES, ADMINISTRATOR),),
    ),
    Case(
        "can be assumed by anybody",
        MORE,
        ("role web: Anybody in AWS can assume it.",),
        passed=(("web", trusting(ANYBODY), READ_ONLY),),
    ),
    Case(
        "only reads, for instances",
        VERIFIED,
        passed=(("web", INSTANCES, READ_ONLY),),
    ),
)

UNANSWERED = (
    Case("answers", VERIFIED),
    Case("answers in pages of three", VERIFIED, simulator={"page": 3}),
    Case(
        "does not know an action",
        VERIFIED,
        simulator={"unknown": frozenset({RUN})},
    ),
    Case(
        "says nothing of an action",
        VERIFIED,
        simulator={"silent": frozenset({RUN})},
    ),
    Case("may not be asked", VERIFIED, inline=BLIND),
    Case(
        "may not be asked, and a policy denies a write",
        MORE,
        (f"denies {RUN}.",),
        inline=((MANAGED, deny(RUN)), *BLIND),
    ),
)

CASES: Mapping[str, tuple[Case, ...]] = {
    "The organization": BY_THE_ORGANIZATION,
    "Somebody’s policy": BY_POLICIES,
    "The trust of a role names": BY_TRUST,
    "A role that Spinnaker may pass": BY_PASSED_ROLES,
    "IAM’s simulator": UNANSWERED,
}
