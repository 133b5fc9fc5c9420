"""What exists of Bowline's in the managing account: by the steps of all runs that made
or changed anything there, so that the page asks AWS nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Max

from accounts.mapping import snapshots
from accounts.models import ManagingAccount, Step
from onboarding.desired.managing import identity
from onboarding.partitions import Arn, arn
from onboarding.resources.kinds import (
    MANAGING_PATH,
    Attachment,
    InstanceProfile,
    ManagedPolicy,
    OidcProvider,
    Role,
)

KINDS = [
    one.kind for one in (Role, InstanceProfile, OidcProvider, ManagedPolicy, Attachment)
]
"""What Spinnaker's identity consists of, in the order in which it is read."""


class Made(NamedTuple):
    """A resource, what it is for, and when it was made and changed last."""

    kind: str
    arn: str
    holder: str
    """What holds it, where it is an attachment: its ARN is the policy's then."""
    reason: str
    made_at: datetime | None
    changed_at: datetime | None


def made_in(row: ManagingAccount) -> list[Made]:
    """List what runs made for Spinnaker's identity and did not delete since."""
    steps = Step.objects.filter(
        account_id=row.account_id, status=Step.Status.DONE, kind__in=KINDS
    )
    lasts = steps.order_by().values_list("kind", "name", "verb")
    ended = {
        (kind, name, verb): at
        for kind, name, verb, at in lasts.annotate(at=Max("finished_at"))
    }
    ours = {r.key for r in identities(row)}
    found = {}
    for step in steps.filter(verb="create").order_by("pk"):
        deleted = ended.get((step.kind, step.name, "delete"))
        made_at = ended[step.kind, step.name, "create"]
        if deleted and made_at and deleted > made_at:
            continue
        if (step.account_id, step.kind, step.name) in ours or is_policy_of(step):
            changed_at = ended.get((step.kind, step.name, "update"))
            found[step.kind, step.name] = made_of(row, step, made_at, changed_at)
    return [found[key] for key in sorted(found, key=place)]


def place(key: tuple[str, str]) -> tuple[int, str]:
    kind, name = key
    return KINDS.index(kind), name


def identities(row: ManagingAccount) -> list[Any]:
    """List what the identity consists of today, and of what may be left of others."""
    return [*identity(snapshots.in_force(row)), *snapshots.earlier_identities(row)]


def is_policy_of(step: Step) -> bool:
    """Return whether it is a policy of the identity's, or attaches one: the account may
    be managed, too, and has others then.
    """
    after: dict[str, Any] = step.after or {}
    attached = Arn.of(str(after.get("policy_arn", ""))).resource
    return after.get("path") == MANAGING_PATH or attached.startswith(
        f"policy{MANAGING_PATH}"
    )


def made_of(
    row: ManagingAccount,
    step: Step,
    made_at: datetime | None,
    changed_at: datetime | None,
) -> Made:
    after: dict[str, Any] = step.after or {}
    holder, where = "", ""
    path = after.get("path", "/")
    match step.kind:
        case Attachment.kind:
            holder, where = step.name.partition("/")[0], after.get("policy_arn", "")
        case ManagedPolicy.kind:
            where = f"policy{path}{step.name}"
        case OidcProvider.kind:
            where = f"oidc-provider/{step.name}"
        case InstanceProfile.kind:
            where = f"instance-profile/{step.name}"
        case _:
            where = f"role{path}{step.name}"
    if not holder:
        where = arn(row.partition, "iam", row.account_id, where)
    changed = changed_at if changed_at and made_at and changed_at > made_at else None
    return Made(step.kind, where, holder, step.reason, made_at, changed)
