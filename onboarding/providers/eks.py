"""EKS: each cluster an account of Spinnaker's Kubernetes provider.

The managed role is not used: Spinnaker's own identity gets access to the cluster.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from typing import Any, ClassVar, Self

from onboarding.checks import Call, Check, Outcome
from onboarding.details import DetailsError, require, require_no_doubles, require_one_of
from onboarding.names import (
    ACCOUNT_NAME,
    CLUSTER,
    NAMESPACE,
    NameFormat,
    any_case,
    short,
)
from onboarding.providers.base import Provider
from onboarding.providers.entry_kinds import Entry, KubernetesEntry
from onboarding.resources.kinds import ClusterAccess, Resource
from onboarding.topology import Managed, Managing

CLUSTER_ADMIN = "cluster-admin"
POLICIES = {
    "view": "AmazonEKSViewPolicy",
    "edit": "AmazonEKSEditPolicy",
    "admin": "AmazonEKSAdminPolicy",
    CLUSTER_ADMIN: "AmazonEKSClusterAdminPolicy",
}
ENTRY, AWS_AUTH = "entry", "aws-auth"
UNSAID = (
    "Cluster {name} has no “namespaces”. List those that Spinnaker deploys to, such as "
    "[default]. An empty list, [], gives access to all of them."
)
OPEN_ENDPOINT = (
    "cluster.resourcesVpcConfig.endpointPublicAccess && "
    "contains(cluster.resourcesVpcConfig.publicAccessCidrs, '0.0.0.0/0')"
)
LEARNED = {
    "endpoint": NameFormat(
        re.compile(r"https://[\w.-]+(:\d+)?", re.ASCII), "It is a URL."
    ),
    "certificate_authority": NameFormat(
        re.compile(r"[A-Za-z0-9+/=]+"), "It is base64."
    ),
    "arn": NameFormat(
        re.compile(r"arn:[\w-]+:eks:[\w-]+:\d{12}:cluster/[\w-]+", re.ASCII),
        "It is the cluster's ARN.",
    ),
    "mode": NameFormat(
        re.compile(r"[A-Z_]+"), "It is API, API_AND_CONFIG_MAP or such."
    ),
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster; the last four fields are looked up in AWS."""

    name: str
    region: str
    account_name: str = ""
    """Empty: the account's name, `-` and the cluster's."""
    namespaces: tuple[str, ...] = field(default_factory=tuple)
    """Empty: all of them. Made by a factory: no default that written files omit."""
    rights: str = "edit"
    access: str = ENTRY
    endpoint: str = ""
    certificate_authority: str = ""
    arn: str = ""
    mode: str = ""

    def __post_init__(self) -> None:
        require("name", CLUSTER, self.name)
        if self.account_name:
            require("account_name", ACCOUNT_NAME, self.account_name)
        require("namespaces", NAMESPACE, *self.namespaces)
        require_no_doubles("namespaces", self.namespaces)
        require_one_of("rights", POLICIES, self.rights)
        require_one_of("access", (ENTRY, AWS_AUTH), self.access)
        for name, format_ in LEARNED.items():
            if value := getattr(self, name):
                require(name, format_, value)
        if self.rights == CLUSTER_ADMIN and self.namespaces:
            raise DetailsError(
                "rights",
                "Cluster admin covers the whole cluster: leave the namespaces empty, "
                "or choose other rights.",
            )
        if self.access == ENTRY and self.mode == "CONFIG_MAP":
            raise DetailsError("access", no_access_entries(self.name, self.region))

    @classmethod
    def from_details(cls, details: Any) -> Self:
        if not isinstance(details, Mapping):
            raise DetailsError(
                "clusters", "A cluster has at least a name and a Region."
            )
        known = cls.__dataclass_fields__
        for name, value in details.items():
            if name not in known:
                raise DetailsError(
                    name,
                    f"A cluster has no “{short(str(name))}”; it knows "
                    f"{', '.join(known)}.",
                )
            kind = list | tuple if name == "namespaces" else str
            if not isinstance(value, kind):
                wanted = "text" if kind is str else "a list"
                raise DetailsError(name, f"A cluster's “{name}” must be {wanted}.")
        for name in ("name", "region"):
            if name not in details:
                raise DetailsError(name, f"A cluster needs the detail “{name}”.")
        namespaces = tuple(details.get("namespaces", ()))
        return cls(**{**details, "namespaces": namespaces})

    @property
    def lookup(self) -> Call:
        return cluster_description(self.region, self.name)

    def learned(self, answer: Mapping[str, Any]) -> Self:
        found = answer["cluster"]
        return replace(
            self,
            endpoint=found.get("endpoint", ""),
            certificate_authority=found.get("certificateAuthority", {}).get("data", ""),
            arn=found["arn"],
            mode=found.get("accessConfig", {}).get("authenticationMode", ""),
        )


def no_access_entries(cluster: str, region: str) -> str:
    return (
        f"Cluster {cluster} does not support access entries yet. Switch its "
        "authentication mode to API_AND_CONFIG_MAP (this cannot be undone): "
        f"{switch_mode(cluster, region)}. Or choose aws-auth, and add the printed "
        "entry yourself."
    )


def switch_mode(cluster: str, region: str) -> str:
    return (
        f"aws eks update-cluster-config --region {region} --name {cluster} "
        "--access-config authenticationMode=API_AND_CONFIG_MAP"
    )


def show_aws_auth(cluster: Cluster) -> str:
    """Write the commands that show who is mapped."""
    return (
        f"aws eks update-kubeconfig --region {cluster.region} --name {cluster.name} && "
        "kubectl --namespace kube-system get configmap aws-auth --output yaml"
    )


@dataclass(frozen=True, slots=True)
class Eks(Provider):
    key: ClassVar[str] = "eks"
    title: ClassVar[str] = "EKS"
    summary: ClassVar[str] = (
        "Kubernetes on EKS. Each cluster is a separate account in Spinnaker, reached "
        "by Spinnaker's identity."
    )
    needs_aws_entry: ClassVar[bool] = False
    clusters: tuple[Cluster, ...]

    def __post_init__(self) -> None:
        if not self.clusters:
            raise DetailsError("clusters", "Choose or enter at least one cluster.")
        require_no_doubles(
            "clusters", (f"{c.name} in {c.region}" for c in self.clusters)
        )

    @classmethod
    def read(cls, name: str, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise DetailsError(name, "“clusters” must be a list.")
        try:
            return tuple(Cluster.from_details(cluster) for cluster in value)
        except DetailsError as error:
            raise DetailsError(name, str(error)) from error

    @classmethod
    def refuse_unsaid(cls, written: Mapping[str, Any]) -> None:
        """Ask in which namespaces Bowline gives access: all are never given unasked."""
        for cluster in written["clusters"]:
            by_entry = cluster.get("access", ENTRY) == ENTRY
            whole = cluster.get("rights") == CLUSTER_ADMIN
            if by_entry and not whole and "namespaces" not in cluster:
                raise DetailsError("clusters", UNSAID.format(**cluster))

    @classmethod
    def searches(cls, managed: Managed) -> tuple[Call, ...]:
        return tuple(cluster_list(region) for region in managed.regions_of_all)

    def suit(self, managed: Managed) -> None:
        for cluster in self.clusters:
            if cluster.region not in managed.regions_of_all:
                where = short(cluster.region) or "no Region"
                raise DetailsError(
                    "clusters",
                    f"Cluster {cluster.name} is in {where}, "
                    f"and the account in {', '.join(managed.regions_of_all)}.",
                )
        require_no_doubles(
            "clusters", (managed.name, *self.names(managed)), same=any_case
        )

    def choices(self) -> Self:
        return replace(
            self,
            clusters=tuple(
                replace(c, endpoint="", certificate_authority="", arn="", mode="")
                for c in self.clusters
            ),
        )

    def in_aws(self) -> Self:
        """Leave out the names of its accounts in Spinnaker, and what was looked up."""
        chosen = self.choices().clusters
        return replace(
            self, clusters=tuple(replace(c, account_name="") for c in chosen)
        )

    def lookups(self, managed: Managed) -> tuple[Call, ...]:
        return tuple(cluster.lookup for cluster in self.clusters)

    @property
    def is_learned(self) -> bool:
        return all(cluster.endpoint for cluster in self.clusters)

    def learned(self, answers: Mapping[Call, Any]) -> Self:
        return replace(
            self,
            clusters=tuple(
                c.learned(answers[c.lookup]) if answers.get(c.lookup) else c
                for c in self.clusters
            ),
        )

    def names(self, managed: Managed) -> tuple[str, ...]:
        """List one name a cluster: its own, or one that neither the account nor an
        earlier cluster has.
        """
        names: list[str] = []
        for cluster in self.clusters:
            parts = (managed.name, cluster.name, cluster.region)
            possible = (joined(*parts[:2]), joined(*parts), digested(*parts))
            used = {any_case(one) for one in (managed.name, *names)}
            free = (one for one in possible if one not in used)
            names.append(cluster.account_name or next(free, possible[-1]))
        return tuple(names)

    def resources(self, managing: Managing, managed: Managed) -> tuple[Resource, ...]:
        return tuple(
            cluster_access(managing, managed, cluster)
            for cluster in self.clusters
            if cluster.access == ENTRY
        )

    def checks(self, managing: Managing, managed: Managed) -> tuple[Check, ...]:
        return tuple(
            check
            for cluster in self.clusters
            for check in cluster_checks(managing, cluster)
        )

    def entries(self, managing: Managing, managed: Managed) -> tuple[Entry, ...]:
        named = zip(self.names(managed), self.clusters, strict=True)
        return tuple(
            KubernetesEntry(
                name=name,
                environment=managed.environment,
                permissions=managed.permissions,
                cluster=cluster.name,
                region=cluster.region,
                endpoint=cluster.endpoint,
                certificate_authority=cluster.certificate_authority,
                namespaces=cluster.namespaces,
                principal=managing.identity_arn,
                by_access_entry=cluster.access == ENTRY,
                access_policy=POLICIES[cluster.rights],
                carried=managed.carried.get("kubernetes", {}).get(name, {}),
            )
            for name, cluster in named
        )


def joined(*parts: str) -> str:
    """Make a Spinnaker account name, cut to its 60 characters."""
    name = re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower())
    return name[:60].strip("-")


def digested(*parts: str) -> str:
    """Make one that stays another where too long names are cut to the same."""
    digest = sha256("/".join(parts).encode()).hexdigest()[:8]
    return f"{joined(*parts)[:51].strip('-')}-{digest}"


def cluster_access(
    managing: Managing, managed: Managed, cluster: Cluster
) -> ClusterAccess:
    policy = f"cluster-access-policy/{POLICIES[cluster.rights]}"
    return ClusterAccess(
        account=managed.account_id,
        region=cluster.region,
        cluster=cluster.name,
        principal=managing.identity_arn,
        policy_arn=managing.arn("eks", "aws", policy),
        namespaces=cluster.namespaces,
        reason=f"Gives Spinnaker's own identity access to cluster {cluster.name}.",
    )


def cluster_checks(managing: Managing, cluster: Cluster) -> Iterator[Check]:
    """Yield what AWS says of the cluster, read with the access role."""
    principal = managing.identity_arn
    where = f"{cluster.name} in {cluster.region}"
    of_cluster = partial(
        Check,
        call=cluster.lookup,
        fix="Bowline's access role must be allowed eks:DescribeCluster.",
        as_managed_role=False,
    )
    yield of_cluster(
        f"Cluster {where} is active",
        expects="cluster.status == 'ACTIVE'",
        missing=f"Cluster {cluster.name} is not active: wait, or see the EKS console.",
    )
    if cluster.access == ENTRY:
        yield of_cluster(
            f"Cluster {where} supports access entries",
            expects="cluster.accessConfig.authenticationMode != 'CONFIG_MAP'",
            missing=no_access_entries(cluster.name, cluster.region),
            change=switch_mode(cluster.name, cluster.region),
        )
        yield Check(
            f"Cluster {where} gives Spinnaker's identity access",
            Call(
                "eks",
                "list_associated_access_policies",
                cluster.region,
                (("clusterName", cluster.name), ("principalArn", principal)),
            ),
            "Bowline's access role must be allowed eks:ListAssociatedAccessPolicies, "
            "and the access entry must exist: plan again.",
            expects="length(associatedAccessPolicies) > `0`",
            missing="The access entry exists without a policy: plan again.",
            as_managed_role=False,
            success=Outcome.EVALUATED,
        )
    else:
        yield of_cluster(
            f"Cluster {where} maps Spinnaker's identity in aws-auth",
            expects="cluster.accessConfig.authenticationMode != 'API'",
            missing=(
                f"Cluster {cluster.name} supports access entries only and does not "
                "read aws-auth, so the printed entry gives no access. Choose the "
                "access entry in the details, and plan again."
            ),
            untested=(
                f"Unknown: whether aws-auth of cluster {cluster.name} maps {principal},"
                " because only the cluster itself shows it. Look at it: "
                f"{show_aws_auth(cluster)}. The bundle has the entry to add."
            ),
            decides_writes=True,
        )
    yield of_cluster(
        f"The endpoint of cluster {where} is public",
        expects=OPEN_ENDPOINT,
        missing=(
            f"The endpoint of cluster {cluster.name} is private, or open to some "
            "networks only. Spinnaker must run in its VPC or in one of these networks, "
            "or its address must be added to the cluster's public access."
        ),
        advice=True,
        change=(
            f"aws eks update-cluster-config --region {cluster.region} --name "
            f"{cluster.name} --resources-vpc-config "
            "endpointPublicAccess=true,publicAccessCidrs=SPINNAKERS_ADDRESS/32"
        ),
    )
    yield of_cluster(
        f"Reach the endpoint of cluster {where}",
        untested=(
            "Only a test from Spinnaker's own network shows whether it reaches the "
            "cluster's endpoint: run verify.sh there."
        ),
    )


def cluster_list(region: str) -> Call:
    return Call("eks", "list_clusters", region)


def cluster_description(region: str, name: str) -> Call:
    return Call("eks", "describe_cluster", region, (("name", name),))
