"""The issuer of the pods' cluster: looked up in AWS when Spinnaker is a pod's role."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import ManagingAccount, Run
from accounts.models.states import Status
from accounts.runs.actions import plan, plan_managing
from onboarding.resources.policy import Policy
from script.emulated_organization import MANAGING, Credentials
from tests.accounts.runs.carried import carried, member, root

pytestmark = pytest.mark.django_db(transaction=True)


def pods_run_in(cluster: str) -> None:
    ManagingAccount.objects.update(
        identity_kind=ManagingAccount.IdentityKind.POD_ROLE,
        pod_cluster=cluster,
        pod_region="us-east-1",
        pod_namespace="spinnaker",
        pod_service_account="clouddriver",
    )


def cluster_of(here: Credentials, name: str) -> str:
    """Make a cluster in the managing account; give its issuer."""
    role = f"{name}-cluster"
    trust = {"Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    root(here, MANAGING, "iam").create_role(
        RoleName=role, AssumeRolePolicyDocument=Policy.allowing(trust).text
    )
    eks = root(here, MANAGING, "eks")
    made = eks.create_cluster(
        name=name,
        roleArn=MANAGING.arn(f"role/{role}"),
        resourcesVpcConfig={"subnetIds": []},
    )
    issuer: str = made["cluster"]["identity"]["oidc"]["issuer"]
    return issuer.split("://")[1]


def planned_managing() -> Run:
    return carried(plan_managing(None))


def trust_of(run: Run) -> Any:
    """Give the statement of the planned trust that lets the pods in."""
    step = run.steps.get(kind="role", name="SpinnakerAuthRole")
    statements = step.after["trust"]["Statement"]
    return next(s for s in statements if "Federated" in s["Principal"])


def test_the_plan_trusts_the_clusters_own_issuer(here: Credentials) -> None:
    issuer = cluster_of(here, "tools")
    pods_run_in("tools")

    run = planned_managing()

    assert run.status == Status.PLANNED, run.error
    assert ManagingAccount.objects.get().pod_issuer == issuer
    statement = trust_of(run)
    assert statement["Principal"]["Federated"].endswith(f"oidc-provider/{issuer}")
    subject = statement["Condition"]["StringEquals"][f"{issuer}:sub"]
    assert subject == "system:serviceaccount:spinnaker:clouddriver"
    assert run.steps.filter(kind="OIDC provider", name=issuer).exists()


def test_an_issuer_that_is_known_is_not_asked_for_with_every_account(
    here: Credentials,
) -> None:
    pods_run_in("a-cluster-that-is-not-there")
    ManagingAccount.objects.update(pod_issuer="oidc.example.com/id/KNOWN")

    run = carried(plan(member(), None))

    assert run.status == Status.PLANNED, run.error


def test_a_cluster_made_anew_under_its_name_is_seen_by_the_managing_plan(
    here: Credentials,
) -> None:
    issuer = cluster_of(here, "tools")
    pods_run_in("tools")
    ManagingAccount.objects.update(pod_issuer="oidc.example.com/id/BEFORE")

    run = planned_managing()

    assert issuer in trust_of(run)["Principal"]["Federated"]


def test_another_cluster_is_looked_up_anew(here: Credentials) -> None:
    cluster_of(here, "tools")
    pods_run_in("tools")
    planned_managing()
    other = cluster_of(here, "other")
    row = ManagingAccount.objects.get()
    row.pod_cluster = "other"
    row.full_clean()
    row.save()

    run = planned_managing()

    assert other in trust_of(run)["Principal"]["Federated"]


def test_a_cluster_that_is_not_there_is_named(here: Credentials) -> None:
    pods_run_in("nowhere")

    run = planned_managing()

    assert run.status == Status.FAILED
    assert "nowhere" in run.error["message"]
    assert run.error["account"] == MANAGING.account_id
    assert ManagingAccount.objects.get().pod_issuer == ""
