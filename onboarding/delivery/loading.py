"""Whether Spinnaker has loaded what it stores, how long to wait, and what was seen if
it has not.

“Loaded” does not mean that its role can be assumed: Bowline proves that itself. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from onboarding.carried.table import (
    AWAITED,
    AWAITED_IF_SAID,
    AWS,
    ECS,
    KINDS,
    named,
)
from onboarding.delivery.bodies import (
    FILLED_IN,
    Body,
    Fields,
    by_name,
    comparable,
    differing,
    usual_fields,
    whole_role,
)
from onboarding.delivery.verdicts import Owned, Step
from onboarding.names import one_line, short

PERIOD = 30.0
"""Seconds between two of Clouddriver's polls, as the operator's file sets them."""
STALE = 60.0
"""Seconds in which Gate's replicas may still answer what was."""
ASK_EVERY = 15.0
SEEN = {kind: named(kind, AWAITED | AWAITED_IF_SAID) for kind in KINDS}
"""What Spinnaker shows of a loaded account, and is compared. An ECS account shows what
it took from its AWS account when it was loaded. Of a cluster, neither the context nor
the kubeconfig is shown.
"""
LONGEST_VALUE = 200
"""Of a value in a sentence."""


def filled_in(stored: Fields, loaded: Fields) -> tuple[str, ...]:
    """Name the fields because of which an `aws` account is loaded at each poll."""
    empty = ("[]", '""')
    return tuple(
        name
        for name in FILLED_IN
        if loaded.get(name, "[]") not in empty and name not in stored
    )


def seconds_to_load(period: float = PERIOD) -> float:
    """Say how long to wait before something counts as not loaded."""
    return 3 * period + STALE


Shown: TypeAlias = Mapping[str, Any]
"""An account as Spinnaker shows what it has loaded."""


class Otherwise(NamedTuple):
    """A field of a loaded account that is not as it should be, as JSON; None: it has
    no such field.
    """

    field: str
    loaded: str | None
    wanted: str | None


def loaded_otherwise(
    body: Body, account: Shown, aws: Shown | None = None
) -> tuple[Otherwise, ...]:
    """Return the fields in which the loaded account is not the body; empty: it is.

    `aws` is the AWS account of an ECS account, as it is loaded or wanted.
    """
    shown = str(account.get("type") or account.get("cloudProvider") or "")
    if shown != body.type:
        return (Otherwise("type", json.dumps(shown), json.dumps(body.type)),)
    if body.type != "ecs":
        return other_values(body.type, account, body.document, body.unset)
    if aws is None:
        return (Otherwise("awsAccount", None, json.dumps(body.aws_account)),)
    return other_values("ecs", account, aws)


def other_values(
    type_: str, account: Shown, wanted: Shown, unset: Set[str] = frozenset()
) -> tuple[Otherwise, ...]:
    """Compare what is loaded with what is wanted, but for what the server fills in."""
    always = () if type_ == ECS else named(type_, AWAITED)
    names = {
        name
        for name in SEEN[type_]
        # Older releases show less of an ECS account.
        if (name in always or name in account)
        and (name in wanted or name not in FILLED_IN)
        and not (name in unset and account.get(name) is None)
    }
    spelled = AWS if type_ == ECS else type_
    usual = only(names.difference(FILLED_IN), usual_fields(spelled, ""))
    seen, sent = (
        usual | only(names, by_name(whole_role(comparable(spelled, one))))
        for one in (account, wanted)
    )
    return tuple(
        Otherwise(name, seen.get(name), sent.get(name))
        for name in differing(seen, sent)
    )


def only(names: Iterable[str], fields: Fields) -> dict[str, str]:
    return {name: fields[name] for name in names if name in fields}


@dataclass(frozen=True, slots=True)
class Since:
    """Since when accounts are loaded as wanted, and since when others are gone."""

    loaded: Mapping[str, float] = field(default_factory=dict)
    gone: Mapping[str, float] = field(default_factory=dict)

    def seen(self, *, loaded: Iterable[str], gone: Iterable[str], now: float) -> Since:
        """Take note of a look; what no longer holds starts again."""
        return Since(
            {name: self.loaded.get(name, now) for name in loaded},
            {name: self.gone.get(name, now) for name in gone},
        )


def waits_for(
    step: Step,
    since: Since,
    *,
    now: float,
    period: float = PERIOD,
    own: Owned | None = None,
) -> tuple[str, ...]:
    """Name the accounts that a step must still wait for: one more period after they
    were seen so, because each replica of Clouddriver polls for itself.

    What is deleted to be stored again waits for its AWS account before the deletion,
    and until it is gone afterwards; in the middle of either, for nothing.
    """
    is_deleted = own is not None and own.leaving
    if step.renews and own and is_deleted and (own.sent or own.sending):
        return ()

    def is_new(moment: float | None) -> bool:
        return moment is None or now - moment < period

    loaded = () if step.renews and is_deleted else step.after_loaded
    gone = () if step.renews and not is_deleted else step.after_gone
    return (
        *(name for name in gone if is_new(since.gone.get(name))),
        *(name for name in loaded if is_new(since.loaded.get(name))),
    )


def not_loaded(body: Body, account: Shown | None, aws: Shown | None = None) -> str:
    """Say what was seen of an account that is not loaded as it was sent, and what to do
    next.
    """
    name = body.name
    then = f"See what Clouddriver's log says about {name}, and plan again."
    is_alone = body.type == "ecs" and aws is None
    if account is None:
        nor = f", nor its AWS account {body.aws_account}" if is_alone else ""
        return f"Spinnaker's list of loaded accounts doesn't have {name}{nor}. {then}"
    if is_alone:
        return (
            f"Spinnaker has {name}, but its list of loaded accounts doesn't have the "
            f"AWS account {body.aws_account}. {then}"
        )
    by = f"in {body.aws_account}" if body.type == "ecs" else "sent"
    listed = "; ".join(
        f"{one.field}: {quoted(one.loaded)} loaded, {quoted(one.wanted)} {by}"
        for one in loaded_otherwise(body, account, aws)
    )
    if not listed:
        return f"Spinnaker has loaded {name} since then. Plan again."
    return f"Spinnaker has loaded {name} with other values. {listed}. {then}"


def quoted(value: str | None) -> str:
    return short(one_line(value), LONGEST_VALUE) if value else "nothing"


def not_unloaded(name: str) -> str:
    return (
        f"Spinnaker's list of loaded accounts still has {name}. If a file of "
        "Clouddriver's configuration has an account of this name, remove it there. If "
        f"none has, see what Clouddriver's log says about {name}. Then plan again."
    )


NOTHING_SEEN = (
    "Nothing that was sent has shown up in Spinnaker. Check in Clouddriver's log that "
    "it loads accounts at each poll (credentials.poller), and plan again."
)
"""Where not one account of a delivery was seen."""
