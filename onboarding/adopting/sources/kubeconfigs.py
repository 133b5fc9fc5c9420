"""Which EKS cluster a kubeconfig leads to, if it signs in as Spinnaker's identity.

A kubeconfig is secret: only the cluster, or a sentence why there is none, leaves here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from onboarding.adopting.sources.documents import documents, text_of
from onboarding.adopting.values import EksCluster
from onboarding.bounded_yaml import BadYaml
from onboarding.partitions import Arn
from onboarding.spinnaker.halconfig.tree import Listing, Node, Scalar, Table

Clusters = Mapping[str, EksCluster | str]
"""Where each context leads, or why to no cluster to take; the empty name is the current
context. Empty where the kubeconfig cannot be read.
"""

SERVER = re.compile(r"https://[\w.-]+\.([a-z0-9-]+)\.eks\.amazonaws\.com(\.cn)?/?")
AUTHENTICATORS = ("aws-iam-authenticator", "heptio-authenticator-aws")

UNREADABLE = "The kubeconfig can't be read."
NO_CONTEXT = "The kubeconfig has no context that the account names."
SECRET_USER = (
    "The kubeconfig signs in with a secret of its own, such as a token or a client "
    "certificate. Bowline describes clusters that `aws eks get-token` signs in to."
)
OTHER_COMMAND = (
    "The kubeconfig signs in by another command than `aws eks get-token`, and Bowline "
    "describes no other."
)
OTHER_IDENTITY = (
    "The kubeconfig signs in by another role or profile than Spinnaker's identity, and "
    "Bowline has no field for it."
)
NOT_FOLLOWED = (
    "The kubeconfig is named by a reference that Bowline doesn't follow. Give the "
    "kubeconfig as a source, too."
)
NO_ACCOUNT = (
    "The kubeconfig doesn't say which AWS account has the cluster, or in which Region "
    "it is. `aws eks update-kubeconfig` writes a kubeconfig that says both."
)


def clusters_of(content: bytes) -> Clusters:
    """Return the clusters of a kubeconfig's text."""
    try:
        root = documents(content)[0].root
    except (BadYaml, IndexError):
        return {}
    return clusters_in(root)


def clusters_in(root: Node) -> Clusters:
    if not isinstance(root, Table):
        return {}
    users, clusters = (
        tables_by_name(root, "users", "user"),
        tables_by_name(root, "clusters", "cluster"),
    )
    found = {
        name: cluster_of(context, users, clusters)
        for name, context in tables_by_name(root, "contexts", "context").items()
    }
    found[""] = found.get(text(root, "current-context"), NO_CONTEXT)
    return found


def cluster_in(clusters: Clusters, context: str) -> EksCluster | str:
    """Return the cluster of a context, or why there is none to take."""
    return clusters.get(context, NO_CONTEXT) if clusters else UNREADABLE


def cluster_of(
    chosen: Table | None,
    users: Mapping[str, Table | None],
    clusters: Mapping[str, Table | None],
) -> EksCluster | str:
    user = users.get(text(chosen, "user")) if chosen else None
    if chosen is None or user is None:
        return NO_CONTEXT
    cluster = clusters.get(text(chosen, "cluster"))
    run = user.table("exec")
    if run is None:
        return SECRET_USER
    name, region = signed_in(run)
    if isinstance(name, bool):
        return OTHER_COMMAND if name else OTHER_IDENTITY
    found = Arn.of(text(chosen, "cluster"))
    server = SERVER.fullmatch(text(cluster, "server") if cluster else "")
    region = region or found.region or (server[1] if server else "")
    account_id = found.account if found.service == "eks" else ""
    if not (name and region and account_id):
        return NO_ACCOUNT
    return EksCluster(name, region, account_id)


def text(table: Table, key: str) -> str:
    value = table.get(key)
    return text_of(value) if isinstance(value, Scalar) else ""


def tables_by_name(root: Table, key: str, inner: str) -> dict[str, Table | None]:
    """Return one of a kubeconfig's lists by name, the first of each."""
    found: dict[str, Table | None] = {}
    for one in root.tables(key):
        found.setdefault(text(one, "name"), one.table(inner))
    return found


def signed_in(run: Table) -> tuple[str | bool, str]:
    """Return the cluster and the region that a command names; in place of the cluster
    True for another command, False for another identity.
    """
    command = re.split(r"[/\\]", text(run, "command"))[-1].removesuffix(".exe")
    arguments = list(words(run.get("args")))
    options = dict(read_options(arguments))
    plain = list(positions(arguments))
    if command == "aws" and plain == ["eks", "get-token"]:
        cluster, others = options.get("--cluster-name"), ("--role-arn", "--role")
    elif command in AUTHENTICATORS and plain[:1] == ["token"]:
        cluster = options.get("-i") or options.get("--cluster-id")
        others = ("-r", "--role")
    else:
        return True, ""
    variables = {text(one, "name") for one in run.tables("env")}
    if {*others, "--profile"} & options.keys() or "AWS_PROFILE" in variables:
        return False, ""
    return cluster or "", options.get("--region", "")


def words(node: Node | None) -> Iterator[str]:
    for item in node.items if isinstance(node, Listing) else ():
        if isinstance(item, Scalar):
            yield text_of(item)


def read_options(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield options with their values, written `--region X` or `--region=X`."""
    for place, word in enumerate(arguments):
        if word.startswith("-"):
            name, equals, value = word.partition("=")
            following = arguments[place + 1 : place + 2]
            yield name, value if equals else "".join(following)


def positions(arguments: Sequence[str]) -> Iterator[str]:
    """Yield what is neither an option nor its value."""
    before = ""
    for word in arguments:
        if not word.startswith("-") and not (
            before.startswith("-") and "=" not in before
        ):
            yield word
        before = word
