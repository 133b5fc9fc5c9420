"""Rotate an account's external ID: the new one is made here, never accepted from a
browser. One that the account has of its own is given up at the end.

1. `rotate` makes a new one; the trust that is planned next accepts both.
2. Once that is proved, the next bundle holds the new one.
3. Once Spinnaker has that bundle, or a delivery saw it loaded, `finish_rotation`; the
   trust that is planned next accepts the new one only.

Until then `cancel_rotation` goes back.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from accounts.decisions.decision import decision
from accounts.mapping.edits import editing
from accounts.models import Activity, Bundle, ManagedAccount
from accounts.people.activity import record
from accounts.people.reach import around
from accounts.people.roles import OPERATOR
from accounts.refused import Refused
from accounts.spinnaker.presence import external_ids_loaded, was_sent
from onboarding.providers.external_id import without_external_id
from onboarding.spinnaker.bundle.contents import accounts_in

if TYPE_CHECKING:
    from django.contrib.auth.models import User

What = Activity.What


class RotationRefused(Refused, ValueError):
    """The external ID cannot be rotated now; the message says why."""

    code = "ROTATION_REFUSED"


@decision("rotate an external ID", OPERATOR, What.ROTATE, touches=around)
def rotate(row: ManagedAccount, by: User | None) -> None:
    """Create a new external ID; the previous one works until the rotation ends."""
    if reason := why_not_rotate(row):
        raise RotationRefused(reason)
    with editing(row, by):
        row.former_external_id = row.spinnakers_external_id
        row.external_id = uuid.uuid4()
        row.save(update_fields=["former_external_id", "external_id"])
    record(by, What.ROTATE, row.name, {"account": str(row.pk)})


def why_not_rotate(row: ManagedAccount) -> str:
    """Say why no rotation can begin now; empty: it can."""
    if not row.uses_external_id:
        return none_to_rotate(row)
    if row.derives_external_id:
        return (
            f"A template for many accounts creates the external ID of {row.name}. You "
            "can't rotate it for a single account."
        )
    if row.former_external_id:
        return (
            f"The external ID of {row.name} is already being rotated. Finish that "
            "rotation first."
        )
    if row.granted_at is None:
        return (
            f"Bowline hasn't created anything in {row.name} yet, so there's no "
            "external ID to rotate."
        )
    return ""


@decision(
    "finish the rotation of an external ID", OPERATOR, What.ROTATED, touches=around
)
def finish_rotation(
    row: ManagedAccount, by: User | None, *, held: Held | None = None
) -> None:
    """Stop accepting the previous external ID.

    Raise RotationRefused until a bundle with the new one is installed, or a delivery
    saw Spinnaker load it.
    """
    if reason := why_not_finish(row, held):
        raise RotationRefused(reason)
    with editing(row, by):
        if row.own_external_id == row.former_external_id:
            row.own_external_id = ""
        row.former_external_id = ""
        row.save(update_fields=["former_external_id", "own_external_id"])
    record(by, What.ROTATED, row.name, {"account": str(row.pk)})


def why_not_finish(row: ManagedAccount, held: Held | None = None) -> str:
    """Say why the rotation cannot be finished now; empty: it can."""
    if not row.former_external_id:
        return f"The external ID of {row.name} isn't being rotated."
    missing = next((stage for stage in stages(row, held) if not stage.done), None)
    return f"Not yet: {missing.to_do}" if missing else ""


@decision(
    "cancel the rotation of an external ID", OPERATOR, What.ROTATED, touches=around
)
def cancel_rotation(row: ManagedAccount, by: User | None) -> None:
    """Restore the previous external ID.

    If a bundle holds the new one, or the next one would, both are accepted until a
    bundle with the previous one is installed: Spinnaker may send the other.
    """
    if not row.former_external_id:
        raise RotationRefused(f"The external ID of {row.name} isn't being rotated.")
    # One archive at a time: there may be hundreds, of megabytes each.
    bundles = row.bundles.built().defer("files").iterator()
    new, former = row.spinnakers_external_id, row.former_external_id
    is_told = (
        was_sent(row.account_id, new)
        or new == row.own_external_id  # by a Spinnaker that is older than Bowline
        or is_verified(row)
        or any(new in sent_by(one).get(row.account_id, ()) for one in bundles)
    )
    with editing(row, by):
        if former != row.own_external_id and not row.external_id_prefix:
            row.external_id = uuid.UUID(former)
        row.former_external_id = new if is_told else ""
        row.save(update_fields=["former_external_id", "external_id"])
    record(by, What.ROTATED, row.name, {"account": str(row.pk)})


class Stage(NamedTuple):
    """A step of a rotation."""

    title: str
    done: bool
    to_do: str
    """What makes it done."""


KEEPS_TRUST = (
    " If the verification says that the existing role's trust policy refuses the new "
    "one, replace that policy under Existing roles."
)

SentIds: TypeAlias = Mapping[str, Collection[str]]
"""The external IDs that Spinnaker sends to each account ID, by all of its names."""


class Held(NamedTuple):
    """What bundles hold now: read once for many accounts."""

    newest: SentIds
    installed: SentIds
    loaded: SentIds
    """What deliveries saw loaded, of the accounts that were delivered."""

    def is_sent(self, account_id: str, *external_ids: str) -> bool:
        """Return whether Spinnaker sends one of these, and by each of its names no
        other: as a delivery saw it, else as the installed bundle says.
        """
        known = self.loaded if account_id in self.loaded else self.installed
        sent = {*known.get(account_id, ())}
        return bool(sent) and sent <= {*external_ids}


def held_now() -> Held:
    newest = Bundle.objects.built().defer("files").first()
    installed = Bundle.objects.installed().first()
    by_newest = sent_by(newest) if newest else {}
    if newest == installed:
        return Held(by_newest, by_newest, external_ids_loaded())
    by_installed = sent_by(installed) if installed else {}
    return Held(by_newest, by_installed, external_ids_loaded())


def stages(row: ManagedAccount, held: Held | None = None) -> list[Stage]:
    """List what must happen before the previous external ID is dropped, in order."""
    new = row.spinnakers_external_id
    verified = is_verified(row)
    held = held or held_now()
    sent = held.is_sent(row.account_id, new)
    kept = KEEPS_TRUST if row.adopts else ""
    works = Stage(
        "AWS accepts both external IDs, and the new one works",
        verified,
        f"plan {row.name}, apply the plan and verify it.{kept}",
    )
    if row.account_id in held.loaded:
        return [
            works,
            Stage(
                "Spinnaker has loaded the new external ID",
                verified and sent,
                held_again(row, "deliver it to Spinnaker."),
            ),
        ]
    return [
        works,
        Stage(
            "A bundle contains the new one",
            verified and {new} == {*held.newest.get(row.account_id, ())},
            held_again(row, "build a bundle."),
        ),
        Stage(
            "That bundle is installed in Spinnaker",
            sent,
            "install that bundle in Spinnaker, then mark it as installed.",
        ),
    ]


def held_again(row: ManagedAccount, to_do: str) -> str:
    """Say first what lets bundles and deliveries hold the account again."""
    if row.excluded_at:
        return f"include {row.name} in bundles again, then {to_do}"
    if row.withdrawn or row.is_missing:
        return f"plan {row.name}, apply the plan and verify it, then {to_do}"
    return to_do


def accepted_now(row: ManagedAccount) -> str:
    """Say which external IDs AWS accepts; empty if only the account's own."""
    managed = row.verified.get("managed", {})
    verified = {managed.get("external_id"), managed.get("former_external_id")}
    carried_out = {entry.get("external_id") for entry in row.approved_entries}
    new, former = row.spinnakers_external_id, row.former_external_id
    if not former:
        others = verified - {new, "", None}
        still = others and new in verified
        return f"{others.pop()}, too, until a plan is applied" if still else ""
    if {new, former} <= verified or (new in carried_out and not row.adopts):
        return "both"
    when = "the account is verified" if row.adopts else "a plan is applied"
    return f"the previous one; the new one, too, once {when}"


def is_verified(row: ManagedAccount) -> bool:
    """Return whether the external ID was proved, so that the next bundle holds it."""
    described = row.verified.get("managed", {})
    return bool(described.get("external_id") == row.spinnakers_external_id)


def sent_by(bundle: Bundle) -> SentIds:
    """Return what Spinnaker sends with this bundle."""
    found: dict[str, set[str]] = {}
    for entry in accounts_in(bundle.archive).aws:
        sent = found.setdefault(str(entry["accountId"]), set())
        sent.add(str(entry.get("externalId", "")))
    return found


def none_to_rotate(row: ManagedAccount) -> str:
    titles = without_external_id(enabled.key for enabled in row.providers.all())
    if not titles:
        return f"{row.name} doesn't use an external ID, so there's nothing to rotate."
    return (
        f"{row.name} deploys with {titles}, so it doesn't use an external ID, because "
        f"Clouddriver doesn't send one for {titles}. There's nothing to rotate."
    )
