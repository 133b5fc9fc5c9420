"""What can be learned of an account before anything is planned; all of it reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from onboarding.aws.client import AccountClient, together
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Caller, Sessions
from onboarding.checks import Call
from onboarding.details import require
from onboarding.names import CLUSTER
from onboarding.partitions import Arn
from onboarding.providers.eks import Eks, cluster_description
from onboarding.topology import Managed, Reach


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """The account that Bowline's own credentials belong to."""

    account_id: str
    partition: str
    name: str
    """As Organizations lists it; empty where that may not be read."""


@dataclass(frozen=True, slots=True)
class AccessReport:
    """Who Bowline is, the role it tried (empty: none is needed), and how it went."""

    caller: Caller | None
    role_arn: str
    works: bool
    sentence: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class FoundCluster:
    """An EKS cluster, as AWS describes it."""

    name: str
    region: str
    mode: str
    """How it authenticates, in AWS's own word; empty where AWS does not say."""
    is_public: bool
    is_open: bool
    """Its public endpoint is open to every network."""


def answers(sessions: Sessions, reach: Reach, calls: Iterable[Call]) -> dict[Call, Any]:
    """Answer each call in full, all pages of it; raise AwsError for the first that
    cannot be answered.
    """
    client = AccountClient.of(sessions, reach)
    asked = list(dict.fromkeys(calls))
    found = together(partial(answer, client, call) for call in asked)
    return dict(zip(asked, found, strict=True))


def answer(client: AccountClient, call: Call) -> Any:
    parameters = dict(call.parameters)
    what = ", ".join([*(str(value) for value in parameters.values()), call.region])
    doing = f"{call.operation.replace('_', ' ')} ({what.strip(', ')})"
    method = client.operation(call.service, call.operation, call.region)
    return client.call_all(method, doing, **parameters)


def try_access(sessions: Sessions, reach: Reach) -> AccessReport:
    """Enter an account, and say how it went; raises nothing."""
    caller = None
    role_arn = sessions.role_arn(reach)
    try:
        caller = sessions.whoami()
        client = AccountClient.of(sessions, reach)
        there = client.call(client.sts.get_caller_identity, "ask who it is there")
    except AwsError as error:
        return AccessReport(caller, role_arn, False, error.message, error.hint)
    with_what = f"the role {role_arn}" if role_arn else "its own credentials"
    sentence = (
        f"Bowline ({caller.arn}) entered account {there['Account']} with {with_what}."
    )
    return AccessReport(caller, role_arn, True, sentence)


def own_account(sessions: Sessions) -> OwnAccount:
    """Say in which account Bowline is; its name is known to few, and not needed."""
    caller = sessions.whoami()
    client = AccountClient.of(sessions, Reach(caller.account_id))
    try:
        found = client.call(
            client.organizations.describe_account,
            "read the account's name",
            AccountId=caller.account_id,
        )
        name = found["Account"]["Name"]
    except AwsError:
        name = ""
    return OwnAccount(caller.account_id, Arn.of(caller.arn).partition, name)


def regions(sessions: Sessions, reach: Reach) -> tuple[str, ...]:
    """List the regions that are enabled in the account, by name."""
    client = AccountClient.of(sessions, reach)
    found = client.call(client.ec2.describe_regions, "list the enabled Regions")
    return tuple(sorted(region["RegionName"] for region in found["Regions"]))


def eks_clusters(sessions: Sessions, managed: Managed) -> tuple[FoundCluster, ...]:
    """Find the clusters in the account's regions; raise AwsError where one cannot be
    read.
    """
    listed = answers(sessions, managed.reach, Eks.searches(managed))
    clusters = {
        cluster_description(call.region, name): name
        for call, answer in listed.items()
        for name in answer.get("clusters", ())
    }
    described = answers(sessions, managed.reach, clusters)
    return tuple(
        found_cluster(name, call.region, described[call]["cluster"])
        for call, name in clusters.items()
    )


def found_cluster(name: str, region: str, described: Mapping[str, Any]) -> FoundCluster:
    require("name", CLUSTER, name)
    network = described.get("resourcesVpcConfig", {})
    is_public = bool(network.get("endpointPublicAccess"))
    return FoundCluster(
        name=name,
        region=region,
        mode=described.get("accessConfig", {}).get("authenticationMode", ""),
        is_public=is_public,
        is_open=is_public and EVERYWHERE in network.get("publicAccessCidrs", ()),
    )


EVERYWHERE = "0.0.0.0/0"


def oidc_issuer(sessions: Sessions, reach: Reach, cluster: str, region: str) -> str:
    """Return a cluster's OIDC issuer without `https://`; raise AwsError without one."""
    client = AccountClient.of(sessions, reach)
    found = client.call(
        client.eks(region).describe_cluster,
        f"describe the EKS cluster {cluster} in {region}",
        name=cluster,
    )["cluster"]
    issuer = found.get("identity", {}).get("oidc", {}).get("issuer", "")
    if not issuer:
        raise AwsError(
            reach.account_id,
            "eks:DescribeCluster",
            f"The cluster {cluster} in {region} of account {reach.account_id} has no "
            "OIDC issuer, so pods can't have a role there.",
            "Name another cluster, or give Spinnaker another identity.",
        )
    return issuer.split("://")[-1]
