"""Which clusters a kubeconfig leads to, and which of them Bowline can take."""

from __future__ import annotations

from typing import Any

import pytest

from tests.onboarding.adopting.documents import (
    Providers,
    aws,
    kinds,
    outcomes,
    reasons,
    reported,
    service,
    spring,
    yaml_of,
)

ARN = "arn:aws:eks:us-east-1:123456789012:cluster/main"
TOKEN = ["--region", "us-east-1", "eks", "get-token", "--cluster-name", "main"]


def kubeconfig(
    user: dict[str, Any], *, cluster: str = ARN, server: str = "https://x"
) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "main",
        "contexts": [{"name": "main", "context": {"cluster": cluster, "user": "me"}}],
        "clusters": [{"name": cluster, "cluster": {"server": server}}],
        "users": [{"name": "me", "user": user}],
    }


def run(command: str, *arguments: str, **others: Any) -> dict[str, Any]:
    return {"exec": {"command": command, "args": [*arguments], **others}}


def providers(account: dict[str, Any], **others: Any) -> Providers:
    return {
        "aws": {"accounts": [aws("prod", **others)]},
        "kubernetes": {"accounts": [{"name": "prod-main", **account}]},
    }


def inline(content: Any, **others: Any) -> Providers:
    text = yaml_of(content).decode()
    return providers({"kubeconfigContents": text, **others})


DETAILS = {
    "name": "main",
    "region": "us-east-1",
    "account_name": "prod-main",
    "access": "aws-auth",
}


@pytest.mark.parametrize(
    "user",
    [
        run("aws", *TOKEN),
        run("/usr/local/bin/aws", "eks", "get-token", "--cluster-name=main"),
        run("aws-iam-authenticator", "token", "-i", "main"),
        run("heptio-authenticator-aws", "token", "--cluster-id", "main"),
    ],
)
def test_a_cluster_of_a_taken_account_is_taken_and_its_access_left(
    user: dict[str, Any],
) -> None:
    report = reported(spring(inline(kubeconfig(user))))

    assert outcomes(report) == {"prod": "taken", "prod-main": "taken"}
    assert report.judgement.written[0]["providers"]["eks"] == {"clusters": [DETAILS]}
    assert "access-entry" in kinds(report)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (kubeconfig({"token": "abc"}), "a secret of its own"),
        (kubeconfig({"client-certificate-data": "abc"}), "a secret of its own"),
        (kubeconfig(run("gcloud", "x")), "another command"),
        (kubeconfig(run("aws", "sts", "get-token")), "another command"),
        (kubeconfig(run("aws-iam-authenticator", "init")), "another command"),
        (kubeconfig(run("aws", *TOKEN, "--role-arn", "x")), "another role"),
        (kubeconfig(run("aws", *TOKEN, "--profile", "x")), "another role"),
        (
            kubeconfig(run("aws-iam-authenticator", "token", "-i", "main", "-r", "x")),
            "another role",
        ),
        (
            kubeconfig(
                run("aws", *TOKEN, env=[{"name": "AWS_PROFILE", "value": "other"}])
            ),
            "another role",
        ),
        (kubeconfig(run("aws", *TOKEN), cluster="main"), "doesn't say which AWS"),
        (kubeconfig(run("aws", "eks", "get-token")), "doesn't say which AWS"),
        ({"kind": "Config", "current-context": "x"}, "no context"),
        ({**kubeconfig(run("aws", *TOKEN)), "users": []}, "no context"),
        ("x", "can't be read"),
    ],
)
def test_a_cluster_is_left_where_the_kubeconfig_is_not_spinnakers_own(
    content: Any, why: str
) -> None:
    report = reported(spring(inline(content)))

    assert outcomes(report)["prod-main"] == "left"
    assert why in reasons(report, "prod-main")
    assert "kubeconfig-not-eks" in kinds(report)


def test_the_region_is_found_in_the_servers_name() -> None:
    content = kubeconfig(
        run("aws", "eks", "get-token", "--cluster-name", "main"),
        cluster="arn:aws:eks::123456789012:cluster/main",
        server="https://ABC.gr7.us-east-1.eks.amazonaws.com".lower(),
    )

    assert outcomes(reported(spring(inline(content))))["prod-main"] == "taken"


def test_a_kubeconfig_is_found_among_the_sources_by_its_name() -> None:
    account = {"kubeconfigFile": "/home/spinnaker/.kube/prod.yml", "context": "main"}
    file = {"kubeconfigs/prod.yml": yaml_of(kubeconfig(run("aws", *TOKEN)))}
    inside = service(
        providers(account),
        files={"kube__prod.yml": yaml_of(kubeconfig(run("aws", *TOKEN))).decode()},
    )

    alone, with_file = (
        reported(spring(providers(account))),
        reported(spring(providers(account)), file),
    )

    assert "n't among the sources" in reasons(alone, "prod-main")
    assert outcomes(with_file)["prod-main"] == "taken"
    assert outcomes(reported(inside))["prod-main"] == "taken"


@pytest.mark.parametrize(
    ("account", "why"),
    [
        ({}, "has no kubeconfig"),
        ({"serviceAccount": True}, "has no kubeconfig"),
        ({"kubeconfigFile": "encryptedFile:k8s!n:x!k:y"}, "doesn't follow"),
        ({"kubeconfigContents": "encrypted:s3!b:x!f:y"}, "doesn't follow"),
        ({"kubeconfigContents": "secret://s3?b=x"}, "doesn't follow"),
    ],
)
def test_a_reference_is_not_followed_and_the_own_cluster_not_described(
    account: dict[str, Any], why: str
) -> None:
    report = reported(spring(providers(account)))

    assert why in reasons(report, "prod-main")


def test_a_cluster_has_the_settings_of_its_account() -> None:
    content = kubeconfig(run("aws", *TOKEN))
    elsewhere = kubeconfig(
        run("aws", *TOKEN), cluster=ARN.replace("123456789012", "210987654321")
    )
    far = kubeconfig(run("aws", "--region", "eu-west-1", *TOKEN[2:]))

    for found, why in (
        (inline(content, permissions={"READ": ["x"]}), "permissions of prod differs"),
        (inline(content, environment="stage"), "environment of prod differs"),
        (
            {
                **inline(content),
                "aws": {"accounts": [aws("prod", environment="prod")]},
            },
            "environment of prod differs",
        ),
        (inline(elsewhere), "isn't in this report"),
        (inline(far), "no Region of the AWS account prod"),
        (
            {**inline(content), "aws": {"accounts": [aws("prod", externalId="x")]}},
            "is left, so this account is left",
        ),
        ({**inline(content, name="ma:in")}, "isn't valid"),
    ):
        report = reported(spring(found))

        names = [*outcomes(report)]
        assert why in reasons(report, names[-1])


@pytest.mark.parametrize("said", [{}, {"environment": "prod-main"}])
def test_a_cluster_has_the_environment_that_its_name_is(said: dict[str, str]) -> None:
    found = inline(kubeconfig(run("aws", *TOKEN)), **said)
    account = aws("prod", environment="prod-main")

    report = reported(spring({**found, "aws": {"accounts": [account]}}))

    assert outcomes(report) == {"prod": "taken", "prod-main": "taken"}
