"""Which cluster an account of Spinnaker's `kubernetes` provider is, and what it cannot
have of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import PurePosixPath
from typing import Any

from onboarding.adopting.comparing import Spinnaker
from onboarding.adopting.judging.verdicts import READ_AND_WRITE
from onboarding.adopting.sources.kubeconfigs import NOT_FOLLOWED, cluster_in
from onboarding.adopting.values import Account, EksCluster
from onboarding.names import short

IN_CLUSTER = (
    "It has no kubeconfig, so this is the cluster that Spinnaker itself runs in. "
    "Bowline describes EKS clusters by their name and Region."
)
ONLY_GATE = (
    "Gate doesn't say which cluster this is, because it shows no kubeconfig. Ask the "
    "people who operate Spinnaker for two files: the one that lists the account, such "
    "as clouddriver-local.yml or Halyard's config, and the kubeconfig that its "
    "kubeconfigFile names. Then create the report again with both."
)
NO_KUBECONFIG = "Its kubeconfig isn't among the sources: give the file, too."
NO_OWNER = (
    "The cluster belongs to the AWS account {}, which isn't in this report. Bowline "
    "describes a cluster as a part of its AWS account."
)
OTHER_REGION = "The cluster is in {}, which is no Region of the AWS account {}."
OF_ITS_ACCOUNT = (
    "A cluster has the {0} of its AWS account in Bowline, and the {0} of {1} differs."
)


def unlike(
    account: Account, aws: Account, cluster: EksCluster, regions: Collection[str]
) -> Iterator[str]:
    """Say what a cluster cannot have of its own."""
    if cluster.region not in regions:
        yield OTHER_REGION.format(short(cluster.region), short(aws.name))
    for field in ("environment", "permissions"):
        if owned(account, field) != owned(aws, field):
            yield OF_ITS_ACCOUNT.format(field, short(aws.name))


def owned(account: Account, field: str) -> Any:
    """Return what of a field is Bowline's: of permissions, READ and WRITE."""
    value = account.values.get(field)
    if field != "permissions" or value is None:
        return value or None
    return {verb: value[verb] for verb in READ_AND_WRITE if verb in value} or None


def cluster_of(account: Account, spinnaker: Spinnaker) -> EksCluster | str:
    """Return the cluster that a kubeconfig leads to, or why there is none."""
    file = account.text("kubeconfigFile")
    found = spinnaker.kubeconfigs.get(PurePosixPath(file).name) if file else None
    if found is not None:
        return cluster_in(found, account.text("context"))
    if account.cluster:
        return account.cluster
    if account.values.get("kubeconfigContents") or ":" in file:
        return NOT_FOLLOWED
    if file:
        return NO_KUBECONFIG
    if account.key not in spinnaker.described:
        return ONLY_GATE
    return IN_CLUSTER
