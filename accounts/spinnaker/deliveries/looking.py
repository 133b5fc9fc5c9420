"""Looking at what Spinnaker has loaded, and keeping since when it is so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

from accounts.models import DeliveredAccount, Delivery, DeliveryStep
from accounts.slices import in_slices
from accounts.spinnaker.deliveries.reached import Reached
from onboarding.delivery.bodies import Body
from onboarding.delivery.loading import Since, loaded_otherwise


class SeenAccounts(NamedTuple):
    loaded: frozenset[str]
    gone: frozenset[str]


NOTHING = SeenAccounts(frozenset(), frozenset())


def look(
    reached: Reached, saved: Collection[Body], deleted: Collection[str]
) -> SeenAccounts:
    """See which of these are loaded as they were saved, and which are not loaded, and
    keep in Bowline's list since when.
    """
    if not saved and not deleted:
        return NOTHING
    names = {*(body.name for body in saved), *deleted}
    shown = loaded_of(reached, saved, deleted)
    seen = SeenAccounts(
        frozenset(body.name for body in saved if is_as_sent(body, shown)),
        frozenset(name for name in deleted if name not in shown),
    )
    now = reached.now()
    for some in in_slices(sorted(seen.loaded)):
        DeliveredAccount.objects.seen_loaded(some, now)
    for some in in_slices(sorted(seen.gone)):
        DeliveredAccount.objects.seen_gone(some, now)
    for some in in_slices(sorted(names - seen.loaded - seen.gone)):
        DeliveredAccount.objects.not_seen(some)
    return seen


Loaded: TypeAlias = Mapping[str, Mapping[str, Any]]
"""What Spinnaker shows of loaded accounts, by their names."""


def loaded_of(
    reached: Reached, saved: Iterable[Body], names: Iterable[str] = ()
) -> Loaded:
    """Return those of these accounts that are loaded, and of the AWS accounts that they
    use.
    """
    of_bodies = {name for body in saved for name in (body.name, body.aws_account)}
    return reached.loaded({*of_bodies, *names} - {""})


def is_as_sent(body: Body, shown: Loaded) -> bool:
    account = shown.get(body.name)
    return account is not None and not loaded_otherwise(
        body, account, shown.get(body.aws_account)
    )


def since(names: Collection[str]) -> Since:
    """Say since when these are loaded, and since when they are gone."""
    rows = DeliveredAccount.objects.values_list("name", "loaded_at", "gone_at")
    moments = [
        row for some in in_slices(sorted(names)) for row in rows.filter(name__in=some)
    ]
    return Since(
        {name: loaded.timestamp() for name, loaded, _ in moments if loaded},
        {name: gone.timestamp() for name, _, gone in moments if gone},
    )


def note_seen(delivery: Delivery, seen: SeenAccounts, reached: Reached) -> int:
    """Mark each step that was sent and has now had its effect; count them."""
    unseen = delivery.steps.unseen().light()
    done = [
        step.pk
        for step in unseen
        if step.name in (seen.gone if step.deletes else seen.loaded)
    ]
    return mark_seen(delivery, done, reached)


def mark_seen(delivery: Delivery, done: Collection[int], reached: Reached) -> int:
    now = reached.now()
    for some in in_slices([*done]):
        DeliveryStep.objects.filter(pk__in=some).update(seen_at=now)
    if done:
        delivery.write(progressed_at=now)
    return len(done)
