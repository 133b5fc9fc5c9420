"""Which Bowline changed the managing account last, and how often: two tags on a policy
that every managing account has.

IAM compares nothing before it writes a tag, so they are read right before each change,
and moved on before it. Who writes a list at the same moment is found by its versions
(kinds.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from onboarding.aws.apply import APPLY_BACKOFF
from onboarding.aws.client import AccountClient
from onboarding.aws.session import Backoff, Sessions
from onboarding.desired.managing import REGION_LOOKUP_POLICY
from onboarding.resources.kinds import MANAGING_PATH, ManagedPolicy, Resource
from onboarding.topology import Managing

SITE_TAG = "bowline-site"
REVISION_TAG = "bowline-revision"
SITE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
REVISION = re.compile(r"[0-9]{1,9}", re.ASCII)


class SiteTags(NamedTuple):
    """Who changed the managing account last."""

    site: str
    """The UUID of a Bowline's database; empty: nobody left tags, or none to read."""
    revision: int = 0
    """How many times that database had changed the account."""


UNTAGGED = SiteTags("")


def policy_arn(managing: Managing) -> str:
    path = f"policy{MANAGING_PATH}{REGION_LOOKUP_POLICY}"
    return managing.arn("iam", managing.account_id, path)


def has_tagged(observed: Iterable[Resource]) -> bool:
    """Return whether the policy that carries the tags exists."""
    return any(
        isinstance(one, ManagedPolicy) and one.name == REGION_LOOKUP_POLICY
        for one in observed
    )


def read_site_tags(sessions: Sessions, managing: Managing) -> SiteTags:
    """Read who changed the account last; raise AwsError. One call."""
    client = AccountClient.of(sessions, managing.reach)
    answer = client.find(
        client.iam.get_policy,
        "read which Bowline manages the account",
        PolicyArn=policy_arn(managing),
    )
    tags = answer["Policy"].get("Tags", []) if answer else []
    found = {tag["Key"]: tag["Value"] for tag in tags}
    site, revision = found.get(SITE_TAG, ""), found.get(REVISION_TAG, "")
    if not (SITE.fullmatch(site) and REVISION.fullmatch(revision)):
        return UNTAGGED
    return SiteTags(site, int(revision))


def write_site_tags(
    sessions: Sessions,
    managing: Managing,
    tags: SiteTags,
    *,
    before_write: Callable[[], None],
    waiting: Callable[[str], None],
) -> None:
    """Say who changes the account; raise AwsError. One call, again while a new policy
    isn't known everywhere. `before_write` and `waiting` are as in `apply`.
    """
    client = AccountClient.writing(sessions, managing.reach)

    def act() -> None:
        before_write()
        client.call(
            client.iam.tag_policy,
            "write which Bowline manages the account",
            PolicyArn=policy_arn(managing),
            Tags=[
                {"Key": SITE_TAG, "Value": tags.site},
                {"Key": REVISION_TAG, "Value": str(tags.revision)},
            ],
        )

    Backoff(APPLY_BACKOFF, waiting).until_done(
        act,
        "it isn't ready to take the tags of a policy",
        again=lambda error: error.retryable,
    )
