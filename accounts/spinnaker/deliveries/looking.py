"""Look at a running Spinnaker: whether it is reached, what it has, what it has loaded.

“Loaded” does not mean that a role can be assumed: that was proved before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias, TypeVar, cast

from django.db.models import F
from django.utils import timezone

from accounts.models import DeliveredAccount, Delivery, DeliveryStep
from accounts.slices import in_slices
from accounts.wording import counted
from accounts.work.threads import own_connections
from onboarding.carried.table import KINDS
from onboarding.delivery.bodies import Body
from onboarding.delivery.gate import Gate
from onboarding.delivery.loading import (
    NOTHING_SEEN,
    PERIOD,
    SEEN,
    Since,
    loaded_otherwise,
    not_loaded,
    not_unloaded,
    seconds_to_load,
)
from onboarding.delivery.releases import Release, refusal
from onboarding.delivery.verdicts import FoundAccounts, Verb

T = TypeVar("T")
R = TypeVar("R")

THREADS = 8
"""Requests to Gate at once: it asks Clouddriver and Fiat for each."""
FEW = 20
"""Up to this many accounts are asked for by name; else all are listed at once."""


def ignore(_: int) -> None:
    """Show nobody how far it is."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How the delivery reaches Spinnaker, and what time it is there."""

    gate: Gate
    release: Release | None = None
    period: float = PERIOD
    threads: int = THREADS
    now: Callable[[], datetime] = timezone.now
    progressed: Callable[[int], None] = ignore
    """Receives how many steps Spinnaker stored."""

    def each(self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """Do the work for each, several at once, and each thread with one database
        connection; return what it gave, in the items' order.
        """
        if self.threads == 1:
            return [work(item) for item in items]

        def part(first: int) -> list[R]:
            with own_connections():
                return [work(item) for item in items[first :: self.threads]]

        done: list[R | None] = [None] * len(items)
        with ThreadPoolExecutor(max_workers=self.threads) as pool:
            for first, results in enumerate(pool.map(part, range(self.threads))):
                done[first :: self.threads] = results
        return cast("list[R]", done)

    def found(self) -> FoundAccounts:
        """Read what is stored and what is loaded."""
        known = [
            one for one in KINDS if not (self.release and refusal(one, self.release))
        ]
        stored = [row for type_ in known for row in self.gate.stored(type_)]
        return FoundAccounts.of(stored, self.gate.loaded())

    def loaded(self, names: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """Return those of them that are loaded, with what is shown of each."""
        asked = sorted(set(names))
        if len(asked) > FEW:
            shown = {one.name: one.shown for one in self.gate.loaded()}
            return {name: shown[name] for name in asked if name in shown}
        read = self.each(self.gate.loaded_account, asked)
        found = zip(asked, read, strict=True)
        return {name: account for name, account in found if account is not None}


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


AT_ONCE = 200


def watch(delivery: Delivery, reached: Reached) -> None:
    """Look once; end the delivery, or put it down until the next look."""
    awaited = list(delivery.steps.unseen())
    known = [step for step in awaited if step.deletes or not is_blind(step, reached)]
    saved = [step.body for step in known if not step.deletes]
    deleted = [step.name for step in known if step.deletes]
    seen = look(reached, saved, deleted)
    without_effect = [step.pk for step in awaited if step.changes_nothing]
    if note_seen(delivery, seen, reached) + mark_seen(
        delivery, without_effect, reached
    ):
        awaited = list(delivery.steps.unseen())
    if not awaited:
        end(delivery, awaited)
        return
    now = reached.now()
    began = delivery.progressed_at or now
    if (now - began).total_seconds() > seconds_to_load(reached.period):
        say_what_was_seen(awaited, reached)
        end(delivery, awaited)
        return
    says = f"Stored. Waiting until Spinnaker loads {counted(len(awaited))}."
    delivery.put_down(says, now)


def is_blind(step: DeliveryStep, reached: Reached) -> bool:
    """Return whether the account looks loaded although Spinnaker cannot have polled
    since it was changed: nothing that differs is shown of what is loaded.
    """
    if step.verb == Verb.ADD or step.sent_at is None or step.changes_nothing:
        return False
    if any(one.field in SEEN[step.type] for one in step.differences):
        return False
    age = (reached.now() - step.sent_at).total_seconds()
    return age < reached.period


def say_what_was_seen(steps: Sequence[DeliveryStep], reached: Reached) -> None:
    """Keep on each step what Spinnaker has loaded instead, and what to do next."""
    saved = [step.body for step in steps if not step.deletes]
    shown = loaded_of(reached, saved)
    for step in steps:
        body = step.body
        step.causes = [
            not_unloaded(step.name)
            if step.deletes
            else not_loaded(body, shown.get(step.name), shown.get(body.aws_account))
        ]
    DeliveryStep.objects.bulk_update(steps, ["causes"], batch_size=AT_ONCE)


def end(delivery: Delivery, unseen: Sequence[DeliveryStep]) -> None:
    failed = delivery.steps.exclude(error="").count()
    sentences = []
    if failed:
        sentences.append(f"{counted(failed)} couldn't be delivered.")
    if unseen:
        sentences.append(
            f"Spinnaker stored the delivery but didn't load {counted(len(unseen))} in "
            "time."
        )
    if sentences:
        error = {"message": " ".join(sentences), "hint": hint_of(delivery, unseen)}
        delivery.carry(Delivery.Status.FAILED, error=error)
    else:
        delivery.carry(Delivery.Status.LOADED)


def hint_of(delivery: Delivery, unseen: Sequence[DeliveryStep]) -> str:
    """Say what was seen of the first account, or that nothing was seen at all."""
    if not unseen:
        return ""
    seen = delivery.steps.filter(seen_at__isnull=False).exclude(after=F("before"))
    if not seen.exists():
        return NOTHING_SEEN
    return unseen[0].causes[0] if unseen[0].causes else ""
