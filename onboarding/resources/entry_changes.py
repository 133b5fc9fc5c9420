"""What a plan changes of what Spinnaker knows: its accounts as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from onboarding.resources.kinds import Key

EntryDocument: TypeAlias = dict[str, Any]
"""One of Spinnaker's accounts; `provider` and `name` say which."""

EVERYONE = {
    "read": "Everyone in Spinnaker can see this account: READ no longer names a role.",
    "write": (
        "Everyone in Spinnaker can deploy to this account: WRITE no longer names a "
        "role."
    ),
}
OPEN_TO_ALL = "Everyone in Spinnaker can deploy to it: WRITE names no role."
NO_MEMBERSHIP = (
    "Everyone in Spinnaker can deploy to it: requiredGroupMembership no longer names a "
    "group, and WRITE names no role."
)
FEWER = {
    "regions": "Spinnaker no longer works in these Regions: {}.",
    "read": "These groups can no longer see this account: {}.",
    "write": "These groups can no longer deploy to this account: {}.",
    "namespaces": "Spinnaker no longer works in these namespaces: {}.",
}
"""By the list that gets shorter."""
NO_ENVIRONMENT = "no environment"
ANYWHERE = "Spinnaker can access every namespace of the cluster: the list is now empty."


@dataclass(frozen=True, slots=True)
class EntryChange:
    """One of Spinnaker's accounts as it was last approved and as it is described."""

    before: EntryDocument | None
    after: EntryDocument | None

    @property
    def document(self) -> EntryDocument:
        return self.after or self.before or {}

    @property
    def name(self) -> str:
        return str(self.document["name"])

    @property
    def provider(self) -> str:
        return str(self.document["provider"])

    @property
    def key(self) -> Key:
        """Say which: it is no thing of AWS's, and in no account there."""
        return Key("", self.provider, self.name)

    @property
    def verb(self) -> str:
        if self.before is None:
            return "create"
        return "delete" if self.after is None else "update"

    @property
    def risks(self) -> Iterator[str]:
        """Yield what opens to more people or places than before."""
        if self.after is None:
            return
        now = self.after.get("permissions", {})
        if self.before is None:
            # One of ECS has none of its own: those of its AWS account hold.
            if "permissions" in self.after and not now.get("write"):
                yield OPEN_TO_ALL
            return
        was = self.before.get("permissions", {})
        for which, sentence in EVERYONE.items():
            if was.get(which) and not now.get(which):
                yield sentence
        if not now.get("write") and members(self.before) and not members(self.after):
            yield NO_MEMBERSHIP
        if self.before.get("namespaces") and not self.after.get("namespaces"):
            yield ANYWHERE

    @property
    def losses(self) -> Iterator[str]:
        """Yield what Spinnaker, or people in it, can no longer reach."""
        if self.before is None or self.after is None:
            return
        for which, sentence in FEWER.items():
            was, now = (lists_of(one, which) for one in (self.before, self.after))
            # Without groups, everyone can; without namespaces, all are meant.
            open_now = which != "regions" and not now
            if not open_now and (gone := [one for one in was if one not in now]):
                yield sentence.format(", ".join(gone))

    @property
    def leaves(self) -> str:
        """Say which environment the account leaves, and what that takes away; empty:
        none.
        """
        before, after = self.before or {}, self.after or {}
        if "environment" not in before or "environment" not in after:
            return ""
        was, now = before["environment"], after["environment"]
        if was == now:
            return ""
        return (
            f"The account leaves {was or NO_ENVIRONMENT} for {now or NO_ENVIRONMENT}: "
            "who may decide about it, and whether that takes two, follows from there."
        )


def lists_of(document: EntryDocument, which: str) -> list[str]:
    """Return one of the lists of FEWER."""
    found = {**document, **document.get("permissions", {})}.get(which)
    return [*map(str, found or ())]


def members(document: EntryDocument) -> Any:
    """Return the groups that alone may use it, where permissions name none."""
    return document.get("carried", {}).get("requiredGroupMembership")


def entry_changes(
    before: Iterable[EntryDocument] = (), after: Iterable[EntryDocument] = ()
) -> tuple[EntryChange, ...]:
    """List what differs, in the order of `after`; what is dropped comes last."""
    known = {(one["provider"], one["name"]): one for one in before}
    pairs = [
        EntryChange(known.pop((one["provider"], one["name"]), None), one)
        for one in after
    ]
    pairs += [EntryChange(one, None) for one in known.values()]
    return tuple(change for change in pairs if change.before != change.after)
