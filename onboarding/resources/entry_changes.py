"""What a plan changes of what Spinnaker knows: its accounts as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from onboarding.resources.kinds import Key

EntryDocument: TypeAlias = dict[str, Any]
"""One of Spinnaker's accounts; `provider` and `name` say which."""

OPEN_TO_ALL = "Everyone in Spinnaker can deploy to it: no access names a group."
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
        if is_open(self.after) and not (self.before and is_open(self.before)):
            yield OPEN_TO_ALL
        if self.before is None:
            return
        if self.before.get("namespaces") and not self.after.get("namespaces"):
            yield ANYWHERE

    @property
    def losses(self) -> Iterator[str]:
        """Yield what Spinnaker, or people in it, can no longer reach."""
        if self.before is None or self.after is None:
            return
        for which, sentence in FEWER.items():
            was, now = (lists_of(one, which) for one in (self.before, self.after))
            # Without namespaces, all are meant.
            opens = not now if which == "namespaces" else is_open(self.after)
            opens = opens and which != "regions"
            if not opens and (gone := [one for one in was if one not in now]):
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


def is_open(document: EntryDocument) -> bool:
    """Return whether no access names a group, which opens it to everyone. One of ECS
    has no permissions of its own: those of its AWS account hold.
    """
    carried = document.get("carried", {})
    verbs = {**document.get("permissions", {}), **carried.get("permissions", {})}
    named = any(verbs.values()) or carried.get("requiredGroupMembership")
    return "permissions" in document and not named


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
