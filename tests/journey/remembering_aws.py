"""An AWS that only remembers what Bowline made there: for journeys of many accounts,
which are about what people read and decide. Everything but AWS is real.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.runs import carrying_out, planning, verifying
from accounts.runs.managing import applying, other_sites
from accounts.runs.scope import Comparison, Side
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.aws.site_tags import UNTAGGED, SiteTags
from onboarding.checks import Outcome
from onboarding.resources.kinds import Key, Resource
from onboarding.resources.plan import Delete, diff
from onboarding.topology import Managing, Reach
from onboarding.verify.chain import BECOME_IDENTITY
from onboarding.verify.result import Result
from onboarding.verify.verification import CHAIN

ASKS_AWS = (
    "refuse_organization",
    "refuse_regions",
    "refuse_outsider",
    "refuse_key_policies",
    "refuse_changes",
)
"""What planning asks besides what exists."""


class RememberingAws:
    def __init__(self) -> None:
        self.made: dict[str, dict[Key, Resource]] = {}
        self.untrusting: set[str] = set()
        """The accounts whose access role does not trust Bowline."""
        self.tags = UNTAGGED

    def compared(self, side: Side, _: Sessions, **__: bool) -> Comparison:
        self.enter(side.reach)
        made = self.made.get(side.reach.account_id, {})
        observed = tuple(made[one.key] for one in side.looks_for if one.key in made)
        wanted = () if side.removes else side.wanted
        changes = diff(wanted, observed, adopts=side.adopts)
        return Comparison(changes, len(observed), observed, read_at=timezone.now())

    def apply(self, _: Sessions, reach: Reach, change: Any, **__: Any) -> None:
        self.enter(reach)
        made = self.made.setdefault(reach.account_id, {})
        if isinstance(change, Delete):
            made.pop(change.resource.key)
        else:
            made[change.resource.key] = change.resource

    def sign(self, _: Sessions, __: Managing, tags: SiteTags, **___: Any) -> None:
        self.tags = tags

    def enter(self, reach: Reach) -> None:
        if reach.account_id in self.untrusting:
            role = f"arn:aws:iam::{reach.account_id}:role/{reach.access_role}"
            raise AwsError(
                reach.account_id,
                "sts:AssumeRole",
                f"Bowline couldn't assume {role}.",
                "Check that the role exists, and that its trust policy allows "
                "sts:AssumeRole to Bowline.",
            )


def replace_aws(patch: pytest.MonkeyPatch) -> RememberingAws:
    """Let the runs of this process work in an AWS that remembers."""
    aws = RememberingAws()
    verified = Result(CHAIN, BECOME_IDENTITY, Outcome.PASSED)
    patch.setattr(Side, "compared", lambda side, *a, **b: aws.compared(side, *a, **b))
    patch.setattr(Side, "hand_on", lambda *_, **__: None)
    patch.setattr(carrying_out, "apply", aws.apply)
    patch.setattr(other_sites, "read_site_tags", lambda *_: aws.tags)
    patch.setattr(applying, "write_site_tags", aws.sign)
    patch.setattr(planning, "look_up", lambda *_: False)
    patch.setattr(verifying, "checks", lambda *_: [verified])
    patch.setattr(verifying, "passing_in", lambda *_: None)
    patch.setattr(Sessions, "caller", lambda _: None)
    for name in ASKS_AWS:
        patch.setattr(planning, name, lambda *_: None)
    return aws
