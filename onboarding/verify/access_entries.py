"""Access entries that look right but give no access.

AWS binds an entry to the role that had the name when it was made: of a role that was
deleted and made again it lets nobody in, "even if it has the same ARN".
https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from onboarding.aws.client import AccountClient
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.checks import Call, Outcome
from onboarding.desired.managed import managed_side
from onboarding.resources.kinds import ClusterAccess
from onboarding.topology import Managed, Managing
from onboarding.verify.denial import Holder
from onboarding.verify.result import Result, command

EKS = "eks"


def outlived_entries(
    access: AccountClient,
    identity: Holder,
    managing: Managing,
    managed: Managed,
    sessions: Sessions,
) -> Iterator[Result]:
    """Yield a failure for each entry that is older than the role it is for.

    What may not be read is left to the other checks; what was read a moment ago, is
    not read again.
    """
    entries = [
        resource
        for resource in managed_side(managing, managed)
        if isinstance(resource, ClusterAccess)
    ]
    if not entries:
        return
    try:
        role = identity.description
        made = {entry: created(access, sessions, entry) for entry in entries}
    except AwsError:
        return
    for entry, at in made.items():
        if role and at and at < role["CreateDate"]:
            yield outlived(entry, at, role["CreateDate"])


def created(
    access: AccountClient, sessions: Sessions, entry: ClusterAccess
) -> datetime | None:
    named = (("clusterName", entry.cluster), ("principalArn", entry.principal))
    call = Call("eks", "describe_access_entry", entry.region, named)
    answer = sessions.handed_on.answered(access.account_id, call) or access.find(
        access.eks(entry.region).describe_access_entry,
        f"read the access entry of cluster {entry.cluster}",
        clusterName=entry.cluster,
        principalArn=entry.principal,
    )
    return answer["accessEntry"].get("createdAt") if answer else None


def outlived(entry: ClusterAccess, at: datetime, role: datetime) -> Result:
    words = ("eks", "delete-access-entry", "--cluster-name", entry.cluster)
    where = ("--principal-arn", entry.principal, "--region", entry.region)
    return Result(
        EKS,
        f"Cluster {entry.cluster} in {entry.region} knows today's role",
        Outcome.FAILED,
        f"The access entry was made on {at:%Y-%m-%d %H:%M} and the role "
        f"{entry.principal} on {role:%Y-%m-%d %H:%M}. The entry is for an earlier "
        "role of that name and gives no access.",
        "Run the command, then plan again: Bowline makes the access entry again, for "
        "today's role.",
        change=command(*words, *where),
    )
