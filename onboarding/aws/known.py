"""What a run need not ask AWS again: it was read a moment ago, or AWS answered how it
is when it was written.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from onboarding.checks import Call
from onboarding.resources.kinds import Key, OwnerTag, Resource, Role
from onboarding.resources.plan import Change
from onboarding.resources.policy import Policy
from onboarding.topology import Reach

HANDED_ON_FOR = 30.0
"""Seconds in which a stage of a run relies on what the one right before it knew."""
YOUNG_FOR = 600.0
"""Seconds in which AWS may answer as if a write had not been: mostly it takes ten."""


class Version(NamedTuple):
    """A version of a managed policy: AWS never gives it another document."""

    policy_id: str
    """AWS's own; a policy that is made again under its old ARN has another one."""
    number: str


WHOLE = Call.iam("get_account_authorization_details")
"""The call that answers with all of an account's roles."""
VERSIONS: dict[tuple[str, Version], Policy] = {}
"""What versions of policies say, by ARN, as some run of this process read it."""
MOST_VERSIONS = 3000
"""Of about a thousand accounts; each takes a few kilobytes."""


class Documents:
    """What policies say, as far as it was read or written lately."""

    MOST = 1000
    """Enough for the accounts that one process looks after at once."""
    LOCK = threading.Lock()

    def __init__(self) -> None:
        self._lately: dict[str, tuple[float, Policy]] = {}

    def get(self, version: Version, arn: str) -> Policy | None:
        return VERSIONS.get((arn, version))

    def keep(self, version: Version, document: Policy, arn: str) -> Policy:
        """Keep what AWS says that this version, which is in force, says; return it."""
        with self.LOCK:
            VERSIONS[arn, version] = document
            if len(VERSIONS) > MOST_VERSIONS:
                del VERSIONS[next(iter(VERSIONS))]
        self.write(document, arn)
        return document

    def write(self, document: Policy, arn: str) -> None:
        """Note what the policy was read or written to say a moment ago. What was only
        written is read by the next run: AWS answered nothing of it.
        """
        with self.LOCK:
            self._lately[arn] = (time.monotonic() + HANDED_ON_FOR, document)
            if len(self._lately) > self.MOST:
                del self._lately[next(iter(self._lately))]

    def lately(self, arn: str) -> Policy | None:
        """Return what the policy said a moment ago; None: ask it."""
        until, document = self._lately.get(arn, (0.0, None))
        return document if time.monotonic() < until else None


@dataclass(frozen=True, slots=True)
class Known:
    """What a stage knows of an account at its end."""

    resources: tuple[Resource, ...]
    unsure: tuple[Resource, ...] = ()
    """What was changed, while AWS's answer did not show how it is now."""


class HandedOn:
    """What one stage of a run knows, for the next stage of the same run.

    Who plans what needs no change, and verifies it right after, reads once. Who applies
    reads by itself, however recently it was planned, because somebody may have changed
    it since. The verification right after it relies on two things and reads the rest:
    on what applying read and nobody was to change, and on what AWS answered when it
    created something: the answer, not the request, so that whatever AWS made of it
    differs here from what was approved. Roles are always read again, changed or not,
    with all that they hold: who may assume them matters most. Attachments, inline
    policies, instance profiles, and all that was updated or deleted are read, for AWS
    answers those with nothing. So is everything wherever a difference shows, and by
    each verification that is a run of its own. What a policy says is not answered: what
    it allows is proved by calls and simulations, and the next verification reads it.
    """

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[float, Known]] = {}
        self._created: dict[Key, Resource] = {}
        self._answers: dict[tuple[str, Call], tuple[float, Any]] = {}
        self._written: dict[Key, float] = {}

    def keep(self, reach: Reach, wanted: Iterable[Resource], known: Known) -> None:
        """Keep what is known of the wanted things."""
        until = time.monotonic() + HANDED_ON_FOR
        self._kept[reach, frozenset(wanted)] = (until, known)

    def take(self, reach: Reach, wanted: Iterable[Resource]) -> Known | None:
        """Take what is known of the same, once; None: all of it must be read."""
        until, known = self._kept.pop((reach, frozenset(wanted)), (0.0, None))
        return known if time.monotonic() < until else None

    def create(self, resource: Resource) -> None:
        """Note what AWS answered that it has just created."""
        self._created[resource.key] = resource

    def write(self, key: Key) -> None:
        """Note that it is about to be changed, and forget how its account was."""
        self._created.pop(key, None)
        self._answers.pop((key.account, WHOLE), None)
        self._written[key] = time.monotonic()

    def is_young(self, key: Key) -> bool:
        """Return whether AWS may still answer as if it had not been written."""
        written = self._written.get(key)
        return written is not None and time.monotonic() < written + YOUNG_FOR

    def after(self, observed: Collection[Resource], changes: Iterable[Change]) -> Known:
        """Say what is known once these changes of what was observed are carried out."""
        changed = {change.resource.key: change.resource for change in changes}
        tagged = {one.tagged for one in changed.values() if isinstance(one, OwnerTag)}
        # Whose they are changes with a tag, and with that what may become of them. A
        # role may have been changed by somebody else meanwhile.
        changed |= {
            one.key: one
            for one in observed
            if one.key not in changed and (one.key in tagged or isinstance(one, Role))
        }
        answered = {
            key: self._created.pop(key) for key in changed if key in self._created
        }
        created = {
            key: one for key, one in answered.items() if not isinstance(one, Role)
        }
        kept = (resource for resource in observed if resource.key not in changed)
        unsure = (one for key, one in changed.items() if key not in created)
        return Known((*kept, *created.values()), tuple(unsure))

    def answer(self, account_id: str, call: Call, answer: Any) -> None:
        """Keep an answer that a verification of the account asks for, too."""
        until = time.monotonic() + HANDED_ON_FOR
        self._answers[account_id, call] = (until, answer)

    def answered(self, account_id: str, call: Call) -> Any:
        """Return what AWS answered to the call a moment ago; None: ask it."""
        until, answer = self._answers.get((account_id, call), (0.0, None))
        return answer if time.monotonic() < until else None
