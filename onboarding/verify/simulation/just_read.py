"""JustRead: what a role's policies say, as the same run read or wrote it a moment ago.

It saves a verification from reading twice what allows a call. Whoever finds by it that
something is denied reads again: that is said to people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from onboarding.asked_once import asked_once
from onboarding.aws.known import Version
from onboarding.aws.session import Sessions
from onboarding.checks import Call
from onboarding.verify.denial import Holder


@dataclass
class JustRead(Holder):
    """A holder of which only that is read what the run does not know yet."""

    sessions: Sessions = field(kw_only=True)

    @classmethod
    def of(cls, holder: Holder, sessions: Sessions) -> JustRead:
        return cls(
            holder.client,
            holder.arn,
            holder.own_path,
            writes=holder.writes,
            sessions=sessions,
        )

    def read(self, operation: str, doing: str, **given: str) -> Any:
        operation = operation.format(self.kind)
        call = Call("iam", operation, "", tuple(sorted(given.items())))
        known = self.sessions.handed_on.answered(self.client.account_id, call)
        return known or super().read(operation, doing, **given)

    @asked_once
    def versions(self) -> dict[str, Version]:
        """Say which versions of Bowline's own policies are in force, in one call."""
        return {
            policy["Arn"]: Version(policy["PolicyId"], policy["DefaultVersionId"])
            for policy in self.own
        }

    def version(self, arn: str) -> Version:
        if f":policy{self.own_path}" in arn and arn in self.versions:
            return self.versions[arn]
        return super().version(arn)

    def content(self, arn: str, version: Version) -> Mapping[str, Any]:
        known = self.sessions.documents.get(version)
        return known.document if known else super().content(arn, version)
