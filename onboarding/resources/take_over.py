"""Take over: what roles that were there before Bowline give up, and get back. Pure.

People choose it for one plan, besides what the account's settings say: policies of
others leave a role, Bowline's trust policy replaces the one that was there, or the
roles become Bowline's. The steps of such a plan say what was there, so that another
plan undoes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from onboarding.resources.foreign import Foreign
from onboarding.resources.kinds import (
    Attachment,
    InlinePolicy,
    InstanceProfile,
    Key,
    OwnerTag,
    Resource,
    Role,
)
from onboarding.resources.plan import Change, Create, Delete, Update
from onboarding.resources.policy import Policy
from onboarding.resources.trusts import without_deleted

CHOSEN = "Chosen to be detached: Bowline's policies are on the role."
TRUST = "Replaces the trust policy that was there before Bowline."
OWNS = "Makes it Bowline's: later plans change it, and a removal deletes it."
BACK = "Puts back what was there before."
DELETED = "IAM doesn't accept deleted identities again, so it's without {}."
GIVES_UP = "Makes it its owner's again: Bowline no longer changes or deletes it."


class Done(NamedTuple):
    """A step that was carried out, with what was there before it."""

    key: Key
    verb: str
    before: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class TakeOver:
    """What one plan takes over, or gives back."""

    detaches: frozenset[str] = frozenset()
    """Policies of others, as Foreign.alike identifies them in every account."""
    trust: bool = False
    """The roles get the trust policy that Bowline wants."""
    owns: bool = False
    """The roles and instance profiles become Bowline's, and so all that it wants."""
    undoes: tuple[Done, ...] = ()
    """What an earlier run did, to be undone."""
    undone_run: int = 0
    """The number of that run."""

    def __bool__(self) -> bool:
        return bool(self.detaches or self.trust or self.owns or self.undoes)

    @property
    def sentence(self) -> str:
        """Say what it is about; empty: nothing."""
        if self.undoes:
            return f"Undo run {self.undone_run}"
        if self.owns:
            return "Make the existing roles Bowline's"
        parts = ["Replace the trust policies"] if self.trust else []
        if count := len(self.detaches):
            policies = "1 policy" if count == 1 else f"{count:,} policies"
            parts.append(f"Detach {policies} of others")
        return ". ".join(parts)

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> TakeOver:
        """Read what `as_json` wrote."""
        if not said:
            return NOTHING
        undoes = ((Key(*key), verb, before) for key, verb, before in said["undoes"])
        return cls(
            detaches=frozenset(said["detaches"]),
            trust=said["trust"],
            owns=said["owns"],
            undoes=tuple(Done(*done) for done in undoes),
            undone_run=said["undone_run"],
        )

    def as_json(self) -> dict[str, Any]:
        """Write it down; nothing is an empty object."""
        if not self:
            return {}
        return {
            "detaches": sorted(self.detaches),
            "trust": self.trust,
            "owns": self.owns,
            "undoes": [[[*key], verb, before] for key, verb, before in self.undoes],
            "undone_run": self.undone_run,
        }

    def puts_back(self, keys: Iterable[Key]) -> bool:
        """Return whether changes of these only undo what it undoes."""
        return {*keys} <= {done.key for done in self.undoes} and bool(self.undoes)

    def owning(self, observed: Iterable[Resource]) -> tuple[Resource, ...]:
        """Return what was observed, owned by whom it is to belong to."""
        tags = {
            Key(done.key.account, *done.key.name.split("/", 1))
            for done in self.undoes
            if done.key.kind == OwnerTag.kind and done.verb != "delete"
        }
        return tuple(
            replace(one, owned=(one.owned or self.owns) and one.key not in tags)
            if isinstance(one, Role | InstanceProfile)
            else one
            for one in observed
        )

    def removing(self, foreign: Iterable[Foreign]) -> tuple[Foreign, ...]:
        """Return policies of others, of which those that were chosen are removed."""
        return tuple(
            replace(one, removable=True, why=CHOSEN)
            if one.alike in self.detaches
            else one
            for one in foreign
        )

    def changes(
        self, desired: Iterable[Resource], observed: Iterable[Resource]
    ) -> Iterator[Change]:
        """Yield what it changes of what was observed, besides what `diff` lists for
        what is to be Bowline's, and besides policies of others.
        """
        found = {one.key: one for one in observed}
        wanted = {one.key: one for one in desired}
        if self.trust and not self.owns:
            yield from trusts(wanted, found)
        if self.owns:
            for key in wanted:
                one = found.get(key)
                if isinstance(one, Role | InstanceProfile) and not one.owned:
                    yield owned(one)
        held = {one.key: one for one in self.owning(found.values())}
        for done in self.undoes:
            yield from undone(done, found, held)


NOTHING = TakeOver()


def is_take_over(said: Any) -> bool:
    """Return whether it is what `as_json` wrote, or nothing."""
    try:
        return bool(TakeOver.of(said).as_json() == said)
    except (KeyError, TypeError, ValueError):
        return False


def put_back(role: Role, before: Mapping[str, Any]) -> Role:
    """Return a role as it was before, as far as IAM takes it."""
    trust, deleted = without_deleted(before["trust"])
    deletes = (
        f" {DELETED.format(' and '.join(dict.fromkeys(deleted)))}" if deleted else ""
    )
    return replace(
        role,
        trust=Policy.read(trust) if trust["Statement"] else role.trust,
        boundary=before["boundary"],
        reason=f"{BACK}{deletes}",
    )


def owned(one: Role | InstanceProfile) -> Change:
    """Return the change that makes it Bowline's."""
    if not one.other_tag:
        return Create(OwnerTag.on(one, OWNS))
    theirs = OwnerTag.on(one, instead=one.other_tag)
    reason = f"{OWNS} Its tag {one.other_tag} says that something else manages it."
    return Update(theirs, OwnerTag.on(one, reason))


def trusts(
    wanted: Mapping[Key, Resource], found: Mapping[Key, Resource]
) -> Iterator[Change]:
    """Yield the trust policies that differ, of roles that aren't Bowline's."""
    for key, after in wanted.items():
        before = found.get(key)
        if not (isinstance(after, Role) and isinstance(before, Role)):
            continue
        if not before.owned and before.trust != after.trust:
            yield Update(before, replace(before, trust=after.trust, reason=TRUST))


def undone(
    done: Done, found: Mapping[Key, Resource], held: Mapping[Key, Resource]
) -> Iterator[Change]:
    """Yield the change that puts back what a step changed; nothing where it is back, or
    where Bowline made the role. `held`: what was found, owned by whom it is to belong.
    """
    account, kind, name = done.key
    before = done.before or {}
    match kind, done.verb:
        case OwnerTag.kind, "create" | "update":
            tagged = found.get(Key(account, *name.split("/", 1)))
            if isinstance(tagged, Role | InstanceProfile) and tagged.owned:
                ours = OwnerTag.on(tagged, GIVES_UP)
                theirs = replace(ours, instead=before.get("instead", ""))
                yield Update(ours, theirs) if theirs.instead else Delete(ours)
        case Role.kind, "update":
            role = held.get(done.key)
            if isinstance(role, Role) and not role.owned:
                after = put_back(role, before)
                if after != role:
                    yield Update(role, after)
        case InstanceProfile.kind, "update":
            profile = held.get(done.key)
            if isinstance(profile, InstanceProfile) and not profile.owned:
                holds = replace(profile, role=before["role"], reason=BACK)
                if holds != profile:
                    yield Update(profile, holds)
        case Attachment.kind | InlinePolicy.kind, "delete":
            holder, _, policy = name.partition("/")
            role = held.get(Key(account, Role.kind, holder))
            if done.key in found or role is None or role.owned:
                return
            if kind == InlinePolicy.kind:
                yield Create(
                    InlinePolicy(
                        account=account,
                        role=holder,
                        policy=policy,
                        document=Policy.read(before["document"]),
                        reason=BACK,
                    )
                )
            else:
                arn = before["policy_arn"]
                yield Create(
                    Attachment(
                        account=account, holder=holder, policy_arn=arn, reason=BACK
                    )
                )
