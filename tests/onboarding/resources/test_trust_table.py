"""For which callers trust policies say yes: each row has a rule that AWS documents, the
widest of those who can assume the role, and the statements.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from onboarding.resources.policy import Policy
from onboarding.resources.trusts import Width, who_can_assume

OWN, OTHER = "111122223333", "444455556666"
DEPLOYER = f"arn:aws:iam::{OWN}:role/Deployer"
BOB = f"arn:aws:iam::{OTHER}:user/Bob"
ROOT = f"arn:aws:iam::{OTHER}:root"
ORG = {"aws:PrincipalOrgID": "o-abc"}
GITHUB = "token.actions.githubusercontent.com"
EKS = "oidc.eks.eu-west-1.amazonaws.com/id/ABCDEF0123456789"
CIRCLE = "oidc.circleci.com/org/6f1b"
BITBUCKET = "api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc"
AZURE = "sts.windows.net/0c1f"
TERRAFORM = "app.terraform.io"
COGNITO = "cognito-identity.amazonaws.com"
GOOGLE = "accounts.google.com"
SENTINEL = "sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d/"
BY_SUBJECT = (
    "agent.buildkite.com",
    "app.terraform.io",
    "gitlab.com",
    "oidc-configuration.audit-log.githubusercontent.com",
    "oidc.codefresh.io",
    "proidc.upbound.io",
    "scalr.io",
    "studio.datachain.ai/api",
    "token.actions.githubusercontent.com",
    "tokens.cloud.shisho.dev",
    "vstoken.actions.githubusercontent.com",
)
"""Shared providers of which AWS demands that a trust policy evaluates the subject."""

Statement = dict[str, Any]
ANYBODY, MANY, NAMED, SERVICE, NOBODY = Width


def let(principal: Any = "*", condition: Any = None, **more: Any) -> Statement:
    """Allow it to assume the role; without a principal, everybody."""
    one = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return one | ({"Condition": condition} if condition else {}) | more


def deny(principal: Any = "*", condition: Any = None, **more: Any) -> Statement:
    return let(principal, condition, **{"Effect": "Deny", **more})


def unless(*names: Any, kind: str = "AWS", condition: Any = None) -> Statement:
    """Deny it to all but these."""
    one = {"Effect": "Deny", "NotPrincipal": {kind: [*names]}}
    conditional = {"Condition": condition} if condition else {}
    return one | {"Action": "sts:AssumeRole"} | conditional


def aws(*names: str, condition: Any = None, **more: Any) -> Statement:
    return let({"AWS": [*names]}, condition, **more)


def token(issuer: str, /, operator: str = "StringEquals", **claims: Any) -> Statement:
    """Let identities of an OIDC provider in, whose claims are these."""
    said = {operator: {f"{issuer}:{key}": value for key, value in claims.items()}}
    return federated(
        f"arn:aws:iam::{OWN}:oidc-provider/{issuer}", said if claims else {}
    )


def named_session(issuer: str, operator: str, name: str) -> Statement:
    """Let identities of an OIDC provider in whose sessions have such a name."""
    return federated(
        f"arn:aws:iam::{OWN}:oidc-provider/{issuer}",
        {operator: {"sts:RoleSessionName": name}},
    )


def built_in(issuer: str, /, **claims: Any) -> Statement:
    """Let identities of a provider in that every account has."""
    said = {"StringEquals": {f"{issuer}:{key}": it for key, it in claims.items()}}
    return federated(issuer, said if claims else {})


def federated(name: str, condition: Any = None, **more: Any) -> Statement:
    by = {"Action": "sts:AssumeRoleWithWebIdentity"}
    return let({"Federated": name}, condition, **by | more)


class Row(NamedTuple):
    rule: str
    answer: Width
    trust: tuple[Statement, ...]


def row(rule: str, answer: Width, *trust: Statement) -> Row:
    return Row(rule, answer, trust)


def rows(rule: str, answer: Width, *statements: Statement) -> list[Row]:
    """Return rows of one statement each, for the same rule."""
    return [Row(rule, answer, (one,)) for one in statements]


def of_all(*conditions: Any) -> list[Statement]:
    return [let("*", condition) for condition in conditions]


PRINCIPALS = [
    *rows(
        "everybody is everybody, however it is written",
        ANYBODY,
        let("*"),
        let({"AWS": "*"}),
        let({"AWS": [DEPLOYER, "*"]}),
        let({"Federated": "*"}, Action="sts:AssumeRoleWithWebIdentity"),
    ),
    *rows(
        "an account is everyone whom it permits",
        MANY,
        aws(OTHER),
        aws(ROOT),
        aws(f"arn:aws-cn:iam::{OTHER}:root"),
    ),
    *rows(
        "a role, a user, or a session is one",
        NAMED,
        aws(DEPLOYER),
        aws(BOB),
        aws(f"arn:aws:sts::{OTHER}:assumed-role/Deployer/Spinnaker"),
    ),
    *rows(
        "a service is AWS itself",
        SERVICE,
        let({"Service": "ec2.amazonaws.com"}),
        let({"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]}),
    ),
    *rows(
        "a deleted identity is nobody",
        NOBODY,
        aws("AROAEXAMPLEID0123456"),
        aws("AIDAEXAMPLEID0123456"),
    ),
    row("the widest counts", MANY, aws(BOB), aws(OTHER)),
    row("the widest of a list counts", NAMED, aws("AROAEXAMPLEID0123456", BOB)),
    *rows(
        "an allowed NotPrincipal is everyone else",
        ANYBODY,
        {
            "Effect": "Allow",
            "NotPrincipal": {"AWS": BOB},
            "Action": "sts:AssumeRole",
        },
    ),
    row("nobody is named", NOBODY),
]

ACTIONS = [
    *rows(
        "tags and the source identity come with an entry, and are none",
        NOBODY,
        let(Action="sts:TagSession"),
        let(Action="sts:SetSourceIdentity"),
        let(Action=["sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext"]),
    ),
    *rows(
        "actions are compared in any case, and as patterns",
        ANYBODY,
        let(Action="STS:ASSUMEROLE"),
        let(Action="sts:*"),
        let(Action="*"),
        let(Action="sts:Assume*"),
        let(Action=["sts:TagSession", "sts:A?sumeRole"]),
    ),
    row(
        "NotAction allows the others",
        ANYBODY,
        {"Effect": "Allow", "Principal": "*", "NotAction": "sts:TagSession"},
    ),
    row(
        "NotAction allows no more than the others",
        NOBODY,
        {"Effect": "Allow", "Principal": {"AWS": BOB}, "NotAction": "sts:Assume*"},
    ),
    *rows(
        "an identity of AWS comes in by AssumeRole only",
        NOBODY,
        aws(BOB, Action="sts:AssumeRoleWithWebIdentity"),
        aws(OTHER, Action="sts:AssumeRoleWithSAML"),
        let({"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRoleWithSAML"),
    ),
    *rows(
        "a federated identity doesn't come in by AssumeRole",
        NOBODY,
        federated(
            f"arn:aws:iam::{OWN}:oidc-provider/{GITHUB}", Action="sts:AssumeRole"
        ),
        federated(f"arn:aws:iam::{OWN}:saml-provider/okta", Action="sts:AssumeRole"),
        federated(f"arn:aws:iam::{OWN}:saml-provider/okta"),
    ),
    row(
        "a SAML provider vouches for whom its owner permits",
        MANY,
        federated(
            f"arn:aws:iam::{OWN}:saml-provider/okta", Action="sts:AssumeRoleWithSAML"
        ),
    ),
]

CALLERS = [
    *rows(
        "a key that says who somebody is bounds",
        MANY,
        *of_all(
            {"StringEquals": ORG},
            {"StringEquals": {"aws:PrincipalOrgID": ["o-abc", "o-def"]}},
            {"StringEqualsIgnoreCase": ORG},
            {"StringEquals": {"aws:PrincipalAccount": OTHER}},
            {"StringEquals": {"aws:PrincipalArn": BOB}},
            {"ArnEquals": {"aws:PrincipalArn": BOB}},
            {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/*"}},
            {"ArnLike": {"aws:PrincipalArn": f"arn:*:*:*:{OTHER}:*"}},
            {"StringLike": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/*"}},
            {"StringEquals": {"sts:ExternalId": "secret"}},
            {"StringLike": {"sts:ExternalId": "acme-*"}},
            {"StringLike": {"aws:userid": "AROAEXAMPLEID0123456:*"}},
            {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-abc/r-ab/*"}},
            {"Bool": {"aws:PrincipalIsAWSService": "true"}},
            {"StringEquals": {"aws:SourceAccount": OWN}},
            {"ArnLike": {"aws:SourceArn": f"arn:aws:sns:*:{OWN}:*"}},
            {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::ours"}},
        ),
    ),
    *rows(
        "a pattern that any account fits bounds nothing",
        ANYBODY,
        *of_all(
            {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Deployer"}},
            {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/Deployer"}},
            {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Deployer"}},
            {"StringLike": {"aws:PrincipalArn": "*"}},
            {"StringLike": {"aws:PrincipalArn": "*:role/Deployer"}},
            {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::????????????:role/*"}},
            {"StringLike": {"aws:PrincipalAccount": "????????????"}},
            {"StringLike": {"aws:PrincipalAccount": "1*"}},
            {"StringLike": {"aws:PrincipalOrgID": "o-*"}},
            {"StringLike": {"aws:PrincipalOrgID": "*"}},
            {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-*/r-*/ou-*"}},
            {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "*/ou-ab12-x/*"}},
            {"StringLike": {"sts:ExternalId": "?*"}},
            {"StringLike": {"sts:ExternalId": "*"}},
            {"StringLike": {"sts:ExternalId": "??????"}},
            {"StringLike": {"aws:userid": "*:Spinnaker"}},
            {"StringLike": {"aws:userid": "AROA*"}},
        ),
    ),
    *rows(
        "as text, a wildcard is also a part of what follows it",
        ANYBODY,
        *of_all(
            {"StringLike": {"aws:PrincipalArn": f"*:{OTHER}:*"}},
            {"StringLike": {"aws:PrincipalArn": f"arn:*:iam::{OTHER}:role/x"}},
        ),
    ),
    *rows(
        "one of several values is enough",
        ANYBODY,
        *of_all(
            {"StringLike": {"aws:PrincipalOrgID": ["o-abc", "*"]}},
            {"ArnLike": {"aws:PrincipalArn": [BOB, "arn:aws:iam::*:role/Deployer"]}},
        ),
    ),
    *rows(
        "all conditions are to be met",
        MANY,
        *of_all(
            {"StringLike": {"aws:PrincipalArn": "*"}, "StringEquals": ORG},
            {"StringEquals": {**ORG, "aws:PrincipalTag/team": "web"}},
            {"StringNotEquals": {"aws:PrincipalOrgID": "o-def"}, "StringEquals": ORG},
        ),
    ),
    *rows(
        "StringEquals knows no wildcards",
        MANY,
        *of_all(
            {"StringEquals": {"aws:PrincipalOrgID": "*"}},
            {"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/Deployer"}},
        ),
    ),
    *rows(
        "what callers choose bounds nothing",
        ANYBODY,
        *of_all(
            {"StringEquals": {"aws:PrincipalTag/team": "web"}},
            {"StringEquals": {"aws:PrincipalTag/a.b:sub": "web"}},
            {"StringEquals": {"aws:RequestTag/team": "web"}},
            {"StringEquals": {"aws:username": "spinnaker"}},
            {"StringEquals": {"aws:PrincipalType": "AssumedRole"}},
            {"StringEquals": {"sts:RoleSessionName": "Spinnaker"}},
            {"StringEquals": {"sts:SourceIdentity": "Spinnaker"}},
            {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
            {"StringLike": {"aws:UserAgent": "*Bowline*"}},
            {"Bool": {"aws:SecureTransport": "true"}},
            {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
            {"Bool": {"aws:ViaAWSService": "true"}},
            {"NumericLessThan": {"aws:MultiFactorAuthAge": "300"}},
            {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
            {"ForAnyValue:StringEquals": {"aws:TagKeys": "team"}},
            {"ForAnyValue:StringEquals": {"aws:CalledVia": "athena.amazonaws.com"}},
        ),
    ),
    *rows(
        "whose the role is says nothing of who calls",
        ANYBODY,
        *of_all(
            {"StringEquals": {"aws:ResourceAccount": OWN}},
            {"StringEquals": {"aws:ResourceOrgID": "o-abc"}},
            {"StringEquals": {"iam:ResourceTag/team": "web"}},
        ),
    ),
    *rows(
        "a variable is what the caller is",
        ANYBODY,
        *of_all(
            {"StringEquals": {"aws:PrincipalOrgID": "${aws:PrincipalOrgID}"}},
            {"StringLike": {"sts:ExternalId": "${aws:PrincipalAccount}"}},
            {"StringEquals": {"sts:ExternalId": "${aws:username"}},
        ),
    ),
    *rows(
        "a variable of the role is chosen by nobody",
        MANY,
        *of_all(
            {"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}},
            {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::${aws:ResourceAccount}:*"}},
        ),
    ),
    *rows(
        "a network is somebody's own, if it isn't the Internet",
        MANY,
        *of_all(
            {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
            {"IpAddress": {"aws:SourceIp": "2001:db8::/32"}},
            {"StringEquals": {"aws:SourceVpce": "vpce-0a1b2c3d"}},
            {"StringEquals": {"aws:SourceVpc": ["vpc-0a1b2c3d", "vpc-4e5f"]}},
        ),
    ),
    *rows(
        "a network that everybody can have bounds nothing",
        ANYBODY,
        *of_all(
            {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}},
            {"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}},
            {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "::/0"]}},
            {"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/16"}},
            {"StringLike": {"aws:SourceVpce": "vpce-*"}},
            {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        ),
    ),
    row(
        "a narrower principal stays what it is under any condition",
        NAMED,
        aws(BOB, condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
    ),
    row(
        "an account stays what it is under any condition",
        MANY,
        aws(OTHER, condition={"StringLike": {"sts:ExternalId": "*"}}),
    ),
]

ABSENT = [
    *rows(
        "IfExists is met where the key is missing",
        ANYBODY,
        *of_all(
            {"StringEqualsIfExists": ORG},
            {"StringEqualsIfExists": {"sts:ExternalId": "secret"}},
            {"IpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"}},
            {"StringEqualsIfExists": {"aws:SourceVpce": "vpce-0a1b2c3d"}},
            {"ForAnyValue:StringLikeIfExists": {"aws:PrincipalOrgPaths": "o-abc/*"}},
        ),
    ),
    *rows(
        "every request says which account and identity calls",
        MANY,
        *of_all(
            {"StringEqualsIfExists": {"aws:PrincipalAccount": OTHER}},
            {"ArnLikeIfExists": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:*"}},
            {"ForAllValues:StringEquals": {"aws:PrincipalAccount": OTHER}},
        ),
    ),
    *rows(
        "ForAllValues is met where the key is missing",
        ANYBODY,
        *of_all(
            {"ForAllValues:StringEquals": ORG},
            {"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-abc/*"}},
        ),
    ),
    *rows(
        "that a key is there says nothing of its value",
        ANYBODY,
        *of_all(
            {"Null": {"sts:ExternalId": "false"}},
            {"Null": {"aws:PrincipalOrgID": "false"}},
            {"Null": {"aws:PrincipalOrgID": "true"}},
        ),
    ),
    *rows(
        "with a key that must be there, IfExists and ForAllValues bound",
        MANY,
        *of_all(
            {"StringEqualsIfExists": ORG, "Null": {"aws:PrincipalOrgID": False}},
            {
                "ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-abc/*"},
                "Null": {"aws:PrincipalOrgPaths": "false"},
            },
        ),
    ),
    *rows(
        "all but some are anybody",
        ANYBODY,
        *of_all(
            {"StringNotEquals": ORG},
            {"StringNotLike": {"sts:ExternalId": "acme-*"}},
            {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:*"}},
            {"Bool": {"aws:PrincipalIsAWSService": "false"}},
        ),
    ),
]

PROVIDERS = [
    *rows(
        "a public provider vouches for anybody",
        ANYBODY,
        *map(token, (GITHUB, "gitlab.com", CIRCLE, BITBUCKET, AZURE, TERRAFORM)),
        token("agent.buildkite.com"),
        token("idp.example.com"),
        *map(built_in, (GOOGLE, COGNITO, "graph.facebook.com", "www.amazon.com")),
    ),
    *rows(
        "an audience is chosen by whoever asks for the token",
        ANYBODY,
        token("gitlab.com", aud="https://gitlab.com"),
        token(TERRAFORM, aud="aws.workload.identity"),
        token(CIRCLE, aud="6f1b"),
    ),
    *rows(
        "AWS demands a subject of a shared provider, and no audience",
        MANY,
        *(token(one, sub="organization:acme:web") for one in BY_SUBJECT),
    ),
    *rows(
        "an audience of a shared provider is everybody's",
        ANYBODY,
        *(token(one, aud="sts.amazonaws.com") for one in BY_SUBJECT),
    ),
    *rows(
        "Sentinel is one subject, whoever's workspace it looks after",
        ANYBODY,
        token(SENTINEL),
        token(SENTINEL, sub="7e57-aa", aud="api://1462b192"),
        named_session(SENTINEL, "StringLike", "MicrosoftSentinel_*"),
    ),
    *rows(
        "the name of a session of Sentinel says whose workspace it is",
        MANY,
        named_session(SENTINEL, "StringEquals", "MicrosoftSentinel_6f1b"),
        named_session(SENTINEL.rstrip("/"), "StringEquals", "MicrosoftSentinel_6f1b"),
    ),
    *rows(
        "others choose the names of their sessions",
        ANYBODY,
        named_session(GITHUB, "StringEquals", "deploy"),
        named_session(AZURE, "StringEquals", "MicrosoftSentinel_6f1b"),
        let(condition={"StringEquals": {"sts:RoleSessionName": "deploy"}}),
    ),
    row(
        "who has another name is denied",
        ANYBODY,
        let(),
        deny(condition={"StringNotEquals": {"sts:RoleSessionName": "deploy"}}),
    ),
    *rows(
        "a subject says whose it is",
        MANY,
        token(GITHUB, sub="repo:acme/web:ref:refs/heads/main"),
        token(GITHUB, "StringLike", sub="repo:acme/*"),
        token(GITHUB, "StringLike", sub=["repo:acme/*", "repo:other/web:*"]),
        token(GITHUB, "StringLike", sub="repository_owner_id:42:*"),
        token(GITHUB, sub="repo:acme/web:environment:prod", aud="sts.amazonaws.com"),
        token("gitlab.com", "StringLike", sub="project_path:acme/*:ref_type:branch:*"),
        token(CIRCLE, "StringLike", sub="org/6f1b/project/*/user/*"),
        token(BITBUCKET, "StringLike", sub="{0a1b-2c3d}*:*"),
        token(AZURE, sub="7e57-aa"),
        token(TERRAFORM, "StringLike", sub="organization:acme:project:*"),
        token("agent.buildkite.com", "StringLike", sub="organization:acme:pipeline:*"),
        token("vstoken.dev.azure.com/1f", sub="sc://acme/web/aws"),
    ),
    *rows(
        "a subject that others have, too, bounds nothing",
        ANYBODY,
        token(GITHUB, "StringLike", sub="*"),
        token(GITHUB, "StringLike", sub="repo:*"),
        token(GITHUB, "StringLike", sub="repo:acme*"),
        token(GITHUB, "StringLike", sub="repo:*/web:*"),
        token(GITHUB, "StringLike", sub="*:ref:refs/heads/main"),
        token(GITHUB, "StringLike", sub=["repo:acme/*", "repo:*"]),
        token(GITHUB, sub="environment:production"),
        token(GITHUB, "StringLike", sub="job_workflow_ref:acme/web/*"),
        token(
            "gitlab.com", "StringLike", sub="project_path:*:ref_type:branch:ref:main"
        ),
        token("gitlab.com", "StringLike", sub="project_path:acme*"),
        token(TERRAFORM, "StringLike", sub="organization:*:project:web:*"),
        token(CIRCLE, "StringLike", sub="org/*"),
        token("idp.example.com", "StringLike", sub="google-oauth2|*"),
        token(GITHUB, "StringNotLike", sub="repo:evil/*"),
    ),
    *rows(
        "another claim says whose the workflow is",
        MANY,
        token(GITHUB, repository_id="42"),
        token(GITHUB, repository="acme/web"),
    ),
    *rows(
        "other claims are chosen by whoever runs the workflow",
        ANYBODY,
        token(GITHUB, ref="refs/heads/main"),
        token(GITHUB, environment="production"),
        token(GITHUB, job_workflow_ref="acme/web/.github/workflows/a.yml@main"),
    ),
    row(
        "the condition is of another provider",
        ANYBODY,
        federated(
            f"arn:aws:iam::{OWN}:oidc-provider/gitlab.com",
            {"StringLike": {f"{GITHUB}:sub": "repo:acme/*"}},
        ),
    ),
    row(
        "every token has a subject",
        MANY,
        token(GITHUB, "StringLikeIfExists", sub="repo:acme/*"),
    ),
    row(
        "keys are compared in any case",
        MANY,
        federated(
            f"arn:aws:iam::{OWN}:oidc-provider/{GITHUB}",
            {"StringLike": {f"{GITHUB.upper()}:SUB": "repo:acme/*"}},
        ),
    ),
    *rows(
        "a cluster of EKS vouches for its own pods",
        MANY,
        token(EKS),
        token(EKS, sub="system:serviceaccount:spinnaker:clouddriver"),
        token("oidc.eks.cn-north-1.amazonaws.com.cn/id/ABC", aud="sts.amazonaws.com"),
    ),
    *rows(
        "what only looks like a cluster of EKS is a provider as others",
        ANYBODY,
        token("oidc.eks.example.com/id/ABC"),
        token("evil.example.com/oidc.eks.eu-west-1.amazonaws.com/id/ABC"),
        token("oidc.eks.s3-eu-west-1.amazonaws.com/id/ABC"),
        token("s3.eu-west-1.amazonaws.com/kops-oidc"),
        token(
            "s3.eu-west-1.amazonaws.com/kops",
            "StringLike",
            sub="system:serviceaccount:*",
        ),
    ),
    *rows(
        "everybody can sign in to an application",
        ANYBODY,
        built_in(GOOGLE, aud="1234.apps.googleusercontent.com"),
        built_in(GOOGLE, sub="1138"),
        built_in("graph.facebook.com", app_id="1234"),
    ),
    *rows(
        "an application and its user are somebody",
        MANY,
        built_in(GOOGLE, aud="1234.apps.googleusercontent.com", sub="1138"),
        built_in("www.amazon.com", app_id="amzn1.application", user_id="amzn1.account"),
    ),
    row(
        "a pool of Cognito's is whom its owner permits",
        MANY,
        built_in(COGNITO, aud="eu-west-1:0a1b"),
    ),
    *rows(
        "anybody can have a pool of Cognito's, and guests are anybody",
        ANYBODY,
        built_in(COGNITO, amr="authenticated"),
        built_in(COGNITO, aud="eu-west-1:0a1b", amr="unauthenticated"),
        federated(COGNITO, {"StringLike": {f"{COGNITO}:aud": "eu-west-1:*"}}),
    ),
]

DENIED = [
    *rows("what is only denied lets nobody in", NOBODY, deny(), deny({"AWS": BOB})),
    row("a denial wins", NOBODY, let(), deny()),
    row("a denial wins, wherever it is", NOBODY, deny(), aws(BOB), let()),
    row("a denial of one takes that one out", NOBODY, aws(BOB), deny({"AWS": BOB})),
    row("a denial of one leaves the others", ANYBODY, let(), deny({"AWS": BOB})),
    row("a denial of one leaves its account", MANY, aws(OTHER), deny({"AWS": BOB})),
    row("a denied account is all of it", NOBODY, aws(BOB, ROOT), deny({"AWS": OTHER})),
    row("another account is denied", NAMED, aws(BOB), deny({"AWS": OWN})),
    row("a denied service", NOBODY, let({"Service": "ec2.amazonaws.com"}), deny()),
    row("only tags are denied", ANYBODY, let(), deny(Action="sts:TagSession")),
    row("another way is denied", MANY, aws(OTHER), deny(Action="sts:AssumeRoleWith*")),
    row("all ways are denied", NOBODY, aws(OTHER), deny(Action="sts:*")),
    row(
        "a denial of what isn't an action denies the action",
        NOBODY,
        aws(OTHER),
        {"Effect": "Deny", "Principal": "*", "NotAction": "sts:TagSession"},
    ),
    row(
        "who isn't of the organization is denied",
        MANY,
        let(),
        deny("*", {"StringNotEquals": ORG}),
    ),
    row(
        "so they are with IfExists, which also denies where the key is missing",
        MANY,
        let(),
        deny("*", {"StringNotEqualsIfExists": ORG}),
    ),
    row(
        "all conditions of a denial are to be met",
        MANY,
        let(),
        deny("*", {"StringNotEquals": ORG, "ArnNotLike": {"aws:PrincipalArn": BOB}}),
    ),
    row(
        "whoever meets one condition less isn't denied",
        ANYBODY,
        let(),
        deny(
            "*",
            {"StringNotEquals": ORG, "Bool": {"aws:SecureTransport": "false"}},
        ),
    ),
    row(
        "a denial spares services",
        MANY,
        let(),
        deny(
            "*",
            {
                "StringNotEqualsIfExists": ORG,
                "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
            },
        ),
    ),
    row(
        "a denial without encryption denies no stranger for certain",
        ANYBODY,
        let(),
        deny("*", {"Bool": {"aws:SecureTransport": "false"}}),
    ),
    row(
        "a denial of some leaves others",
        ANYBODY,
        let(),
        deny("*", {"StringEquals": ORG}),
    ),
    row(
        "a denial by a pattern that anybody fits spares anybody",
        ANYBODY,
        let(),
        deny("*", {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}),
    ),
    row(
        "ForAnyValue isn't met where the key is missing",
        ANYBODY,
        let(),
        deny("*", {"ForAnyValue:StringNotLike": {"aws:PrincipalOrgPaths": "o-abc/*"}}),
    ),
    row(
        "ForAllValues is met where the key is missing, and denies then",
        MANY,
        let(),
        deny("*", {"ForAllValues:StringNotLike": {"aws:PrincipalOrgPaths": "o-abc/*"}}),
    ),
    row(
        "a denial where a key is there spares who has none",
        ANYBODY,
        let(),
        deny("*", {"Null": {"aws:PrincipalOrgID": "false"}}),
    ),
    row(
        "a conditional denial takes nobody out for certain",
        NAMED,
        aws(BOB),
        deny({"AWS": BOB}, {"Bool": {"aws:MultiFactorAuthPresent": "false"}}),
    ),
    row(
        "who isn't of the repository is denied",
        MANY,
        token(GITHUB, aud="sts.amazonaws.com"),
        deny(
            {"Federated": f"arn:aws:iam::{OWN}:oidc-provider/{GITHUB}"},
            {"StringNotLike": {f"{GITHUB}:sub": "repo:acme/*"}},
            Action="sts:AssumeRoleWithWebIdentity",
        ),
    ),
    row("all but one are denied", NAMED, let(), unless(BOB, ROOT)),
    row("all but an account are denied", MANY, let(), unless(OTHER)),
    row(
        "all but a service are denied",
        SERVICE,
        let(),
        unless("ec2.amazonaws.com", kind="Service"),
    ),
    row("all but another one are denied", NOBODY, aws(BOB), unless(DEPLOYER)),
    row("all but this one are denied", NAMED, aws(BOB), unless(BOB, OTHER)),
    row("all but one of the account are denied", NAMED, aws(OTHER), unless(BOB, ROOT)),
    row("all but nobody less than everybody are denied", ANYBODY, let(), unless("*")),
    row(
        "all but one are denied, and that one",
        NOBODY,
        let(),
        unless(BOB, ROOT),
        deny({"AWS": BOB}),
    ),
    row(
        "all but one are denied unless they are known",
        MANY,
        let(),
        unless(BOB, ROOT, condition={"StringNotEquals": ORG}),
    ),
    row(
        "all but one are denied under a condition that anybody can avoid",
        ANYBODY,
        let(),
        unless(BOB, ROOT, condition={"Bool": {"aws:SecureTransport": "false"}}),
    ),
]

TABLE = [*PRINCIPALS, *ACTIONS, *CALLERS, *ABSENT, *PROVIDERS, *DENIED]


@pytest.mark.parametrize("given", TABLE, ids=lambda one: one.rule)
def test_a_trust_says_yes_to_those_callers(given: Row) -> None:
    """As IAM stores it, and in the one spelling in which trusts are compared."""
    spelled = Policy.of({"Statement": list(given.trust)}).document["Statement"]

    for trust in (given.trust, spelled):
        found = who_can_assume(trust)

        assert min((one.width for one in found), default=NOBODY) is given.answer, found


def test_the_table_has_a_hundred_trusts_and_each_answer() -> None:
    trusts = {str(one.trust) for one in TABLE}

    assert len(trusts) == len(TABLE) >= 100
    assert {one.answer for one in TABLE} == {*Width}
