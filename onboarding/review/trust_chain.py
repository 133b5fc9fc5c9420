"""The trust chain of an account: who assumes what, on which conditions, in words.

Pages draw and list it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from onboarding.desired.managed import grants, trusted_services
from onboarding.grants import Access
from onboarding.partitions import Arn
from onboarding.providers.eks import ENTRY, POLICIES, Cluster, Eks
from onboarding.providers.external_id import without_external_id
from onboarding.providers.roles import POWER_USER_POLICY
from onboarding.review.permissions import Review
from onboarding.topology import ExistingIdentity, InstanceRole, Managed, Managing

ASSUME = "sts:AssumeRole"
IDENTITY = "Spinnaker's identity"
SHORT = 8
"""The characters of an external ID that are shown; the list has it whole."""


@dataclass(frozen=True, slots=True)
class Party:
    """One who assumes a role, is assumed, or is passed."""

    kind: str
    name: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """How one party gets the permissions of another."""

    party: Party
    """The far end: who comes in, or what is passed or accessed."""
    verb: str
    conditions: tuple[str, ...]
    title: str
    arn: str
    sentence: str
    """The whole fact in words, to be read below the title and the ARN."""
    is_not_recommended: bool = False


@dataclass(frozen=True, slots=True)
class Home:
    """The account that some of them belong to."""

    kind: str
    name: str
    account_id: str


@dataclass(frozen=True, slots=True)
class TrustChain:
    managing: Home
    managed: Home
    identity: Party
    runs: tuple[Link, ...]
    """What assumes Spinnaker's identity because it runs Spinnaker."""
    verifies: tuple[Link, ...]
    """Bowline, if it may assume the identity."""
    role: Party | None
    """The managed role; None: the account has clusters only."""
    assumes: tuple[Link, ...]
    services: tuple[Link, ...]
    """AWS services that may assume the managed role."""
    hands: tuple[Link, ...]
    """Roles that it may pass to services."""
    clusters: tuple[Link, ...]

    @property
    def links(self) -> tuple[Link, ...]:
        """List every link in the order in which a reviewer follows them."""
        inwards = (*self.runs, *self.verifies, *self.assumes)
        return (*inwards, *self.services, *self.hands, *self.clusters)


def trust_chain(managing: Managing, managed: Managed, review: Review) -> TrustChain:
    through_role = managed.in_aws_provider
    same = managed.account_id == managing.account_id
    kind = "Managed account, the managing one itself" if same else "Managed account"
    return TrustChain(
        managing=Home("Managing account", managing.name, managing.account_id),
        managed=Home(kind, managed.name, managed.account_id),
        identity=identity_of(managing),
        runs=tuple(runs(managing)),
        verifies=tuple(verifies(managing)),
        role=role_of(managing, managed, review) if through_role else None,
        assumes=(assumes(managing, managed),) if through_role else (),
        services=tuple(services(managing, managed)),
        hands=tuple(hands(managing, managed)),
        clusters=tuple(clusters(managing, managed)),
    )


def identity_of(managing: Managing) -> Party:
    stood = isinstance(managing.identity, ExistingIdentity)
    notes = ("existed before Bowline",) if stood else bounded(managing.boundary)
    return Party(IDENTITY, short(managing.identity_arn), notes)


def role_of(managing: Managing, managed: Managed, review: Review) -> Party:
    notes = bounded(managing.boundary)
    if managed.adopts:
        notes = (*notes, "kept as it is, if it existed before")
    if review.power_user_by:
        notes = (*notes, f"{POWER_USER_POLICY} is attached")
    role = managing.role_of(managed).resource.removeprefix("role/")
    return Party("Managed role", role, notes)


def bounded(boundary: str) -> tuple[str, ...]:
    return (f"within the boundary {short(boundary)}",) if boundary else ()


def runs(managing: Managing) -> Iterator[Link]:
    """Say what runs Spinnaker, as far as the identity's trust shows."""
    match managing.identity:
        case ExistingIdentity():
            return
        case InstanceRole(name=name):
            service = managing.aws.service_principal("ec2")
            profile = f"instance-profile/{name}"
            yield Link(
                Party("What runs Spinnaker", "EC2 instances", (f"profile {name}",)),
                ASSUME,
                (f"by {service}",),
                "EC2 instances that run Spinnaker",
                managing.arn("iam", managing.account_id, profile),
                f"{service} gives {IDENTITY} to the instances of this account that "
                "carry the profile of its name.",
            )
        case pod:
            account = f"{pod.namespace}/{pod.service_account}"
            yield Link(
                Party(
                    "What runs Spinnaker",
                    f"service account {account}",
                    (f"cluster {pod.cluster} in {pod.region}",),
                ),
                "sts:AssumeRoleWithWebIdentity",
                ("only with its token, for sts.amazonaws.com",),
                "Pods that run Spinnaker",
                f"system:serviceaccount:{pod.namespace}:{pod.service_account}",
                f"Pods of cluster {pod.cluster} in {pod.region} assume {IDENTITY} "
                "with a token of this service account only, signed by the cluster's "
                f"OIDC provider {pod.issuer or '(looked up when planned)'}.",
            )


def verifies(managing: Managing) -> Iterator[Link]:
    if not managing.bowline or isinstance(managing.identity, ExistingIdentity):
        return
    account = Arn.of(managing.bowline).account
    yield Link(
        Party("Bowline", short(managing.bowline), (f"in {account}",)),
        ASSUME,
        ("to verify accounts",),
        "Bowline",
        managing.bowline,
        f"Bowline can also assume {IDENTITY}, to verify accounts. Spinnaker doesn't "
        "need this. You can turn it off on the managing account's page.",
    )


def assumes(managing: Managing, managed: Managed) -> Link:
    """Say on which conditions the identity becomes the managed role."""
    conditions, sentences = [], []
    if managed.former_external_id:
        both = (managed.external_id, managed.former_external_id)
        conditions += [f"external ID {shortened(both[0])}"]
        conditions += [f"or the previous {shortened(both[1])}"]
        sentences.append(
            f"Only with the external ID {both[0]} or the previous one, {both[1]}: "
            "both are accepted until the rotation ends."
        )
    elif managed.external_id:
        conditions.append(f"external ID {shortened(managed.external_id)}")
        sentences.append(f"Only with the external ID {managed.external_id}.")
    else:
        conditions.append("no external ID")
        titles = without_external_id(p.key for p in managed.providers)
        because = f": Clouddriver doesn't send one for {titles}" if titles else ""
        sentences.append(f"No external ID is required{because}.")
    if managing.trust_organization:
        conditions.append(f"from {managing.trust_organization}")
        sentences.append(
            "Only from an account of the organization "
            f"{managing.trust_organization} (aws:PrincipalOrgID)."
        )
    if managing.organization and not managed.managed_role:
        sentences.append(
            f"Its own policy lets it assume every role {managing.managed_role} in "
            f"accounts of the organization {managing.organization}."
        )
    else:
        sentences.append("Its own policy names this role.")
    return Link(
        Party(IDENTITY, short(managing.identity_arn)),
        ASSUME,
        tuple(conditions),
        "The managed role",
        managing.role_of(managed).arn,
        f"{IDENTITY} can assume it. {' '.join(sentences)}",
    )


def services(managing: Managing, managed: Managed) -> Iterator[Link]:
    for statement in trusted_services(managing, managed):
        service = statement["Principal"]["Service"]
        yield Link(
            Party("AWS service", service, ("not recommended",)),
            ASSUME,
            (f"only from {managed.account_id}",),
            "AWS's own service",
            service,
            "Can assume the managed role itself, for resources of this account only. "
            "Not recommended: anyone who can deploy can then run code with all of "
            "Spinnaker's permissions.",
            is_not_recommended=True,
        )


def hands(managing: Managing, managed: Managed) -> Iterator[Link]:
    """Yield what may be passed; the managed role itself never should be."""
    own = managing.role_of(managed).arn
    for granted in grants(managing, managed).values():
        for grant in granted:
            if grant.access is not Access.PASS_ROLE or not grant.condition:
                continue
            service = grant.condition["StringEquals"]["iam:PassedToService"]
            itself = own in grant.resources
            names = [short(arn).removeprefix("role/") for arn in grant.resources]
            what = "itself" if itself else "only these roles"
            yield Link(
                Party(
                    "The managed role itself" if itself else "Roles for services",
                    ", ".join(names),
                    ("not recommended",) if itself else (),
                ),
                "iam:PassRole",
                (f"only to {service}",),
                "The managed role itself" if itself else "Roles for services",
                ", ".join(grant.resources),
                f"Bowline's statements let it pass {what} to {service} only.",
                is_not_recommended=itself,
            )


def clusters(managing: Managing, managed: Managed) -> Iterator[Link]:
    for provider in managed.providers:
        if isinstance(provider, Eks):
            yield from (entered(managing, managed, c) for c in provider.clusters)


RIGHTS = {
    "view": "reads everything except secrets",
    "edit": "deploys workloads, and reads secrets",
    "admin": "deploys workloads, and grants permissions inside namespaces",
    "cluster-admin": "can do everything in the cluster",
}


def entered(managing: Managing, managed: Managed, cluster: Cluster) -> Link:
    name = f"cluster/{cluster.name}"
    where = ", ".join(cluster.namespaces)
    inside = f"in {where} only" if where else "in every namespace"
    extent = f"in the namespaces {where} only" if where else "in every namespace"
    by_entry = cluster.access == ENTRY
    policy = POLICIES[cluster.rights]
    how = (
        f"An access entry with {policy} gives access"
        if by_entry
        else "A person adds it to the cluster's aws-auth, and applies the bundle's "
        "rbac.yml"
    )
    rights = f": it {RIGHTS[cluster.rights]}, {extent}." if by_entry else "."
    return Link(
        Party("EKS cluster", cluster.name, (cluster.region,)),
        "access entry" if by_entry else "aws-auth, added by hand",
        (policy, inside) if by_entry else (),
        "EKS cluster",
        cluster.arn
        or managing.arn("eks", managed.account_id, name, region=cluster.region),
        f"{IDENTITY} accesses it directly. {how}{rights}",
    )


def short(arn: str) -> str:
    """Name what an ARN names, without its account: role/ops/spinnaker."""
    return Arn.of(arn).resource


def shortened(external_id: str) -> str:
    cut = external_id[:SHORT]
    return cut if cut == external_id else f"{cut}…"
