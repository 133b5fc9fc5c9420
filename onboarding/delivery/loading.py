"""Whether Spinnaker has loaded what it stores, how long to wait, and why it may not.

“Loaded” does not mean that its role can be assumed: Bowline proves that itself. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from onboarding.delivery.bodies import Body, Fields, comparable, differing
from onboarding.delivery.verdicts import Step
from onboarding.partitions import arn

PERIOD = 30.0
"""Seconds between two of Clouddriver's polls, as the operator's file sets them."""
STALE = 60.0
"""Seconds in which Gate's replicas may still answer what was."""
ASK_EVERY = 15.0
SEEN_OF_AWS = (
    "accountId",
    "assumeRole",
    "externalId",
    "lambdaEnabled",
    "permissions",
    "regions",
    "sessionName",
)
"""What Spinnaker shows of a loaded `aws` account, and can be compared."""

FILLED_IN = (
    "accountType",
    "assumeRole",
    "bastionHost",
    "defaultKeyPair",
    "defaultSecurityGroups",
    "discovery",
    "edda",
    "enabled",
    "environment",
    "front50",
    "lifecycleHooks",
    "regions",
)
"""What Clouddriver fills in where an `aws` account is stored without it, and shows."""


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


def loaded_otherwise(
    body: Body, account: Mapping[str, Any], *, account_id: str = ""
) -> tuple[str, ...]:
    """Name the fields in which the loaded account is not the body; empty: it is.

    `account_id` is what an ECS account's AWS account has. Of a cluster, neither the
    context nor the kubeconfig is shown.
    """
    shown = str(account.get("type") or account.get("cloudProvider") or "")
    if shown != body.type:
        return ("type",)
    if body.type == "ecs":
        return () if str(account.get("accountId", "")) == account_id else ("accountId",)
    names = SEEN_OF_AWS if body.type == "aws" else ("permissions",)
    loaded = {**account, "regions": regions_as_said(account, body.document)}
    seen = comparable(body.type, whole_role(loaded))
    wanted = comparable(body.type, whole_role(body.document))
    return differing(only(names, seen), only(names, wanted))


def regions_as_said(
    account: Mapping[str, Any], document: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the loaded regions with what the document says of them: Clouddriver fills
    in the zones that AWS has.
    """
    said = {one.get("name"): one.keys() for one in document.get("regions") or ()}
    return [
        {key: value for key, value in one.items() if key in said.get(name, ("name",))}
        for one in account.get("regions") or ()
        for name in [one.get("name")]
    ]


def only(names: Iterable[str], fields: Fields) -> dict[str, str]:
    return {name: fields[name] for name in names if name in fields}


def whole_role(document: Mapping[str, Any]) -> dict[str, Any]:
    """Write the role as Clouddriver expands it: a whole ARN of partition aws."""
    role = str(document.get("assumeRole") or "")
    if not role.startswith("role/"):
        return dict(document)
    whole = arn("aws", "iam", str(document.get("accountId")), role)
    return {**document, "assumeRole": whole}


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
    step: Step, since: Since, *, now: float, period: float = PERIOD
) -> tuple[str, ...]:
    """Name the accounts that a step must still wait for: one more period after they
    were seen so, because each replica of Clouddriver polls for itself.
    """

    def is_new(moment: float | None) -> bool:
        return moment is None or now - moment < period

    return (
        *(name for name in step.after_gone if is_new(since.gone.get(name))),
        *(name for name in step.after_loaded if is_new(since.loaded.get(name))),
    )


def likely_causes(body: Body) -> Iterator[str]:
    """Yield why Spinnaker may not have loaded a stored account, the likeliest first."""
    type_ = body.type
    yield (
        "Clouddriver doesn't poll: set credentials.poller.enabled and a "
        "reloadFrequencyMs, and restart it."
    )
    yield f"account.storage.{type_}.enabled isn't true."
    yield f"{type_}.enabled isn't true."
    yield (
        "Clouddriver could not read it. Its log says “Failed to parse aws account”, "
        "“Skipping invalid account definition” or “Error parsing credentials "
        "definition”. A Region that AWS doesn't know takes 50 seconds at each poll."
    )
    if any(mark in body.json for mark in (b'"encrypted:', b'"secret:')):
        yield "Clouddriver could not read the secret that the account refers to."
    if type_ == "ecs":
        yield (
            f"Its AWS account {body.aws_account} isn't loaded. Up to Spinnaker 2026.2, "
            "one such ECS account stops the loading of all."
        )


STILL_LOADED = (
    "Clouddriver doesn't poll, so it unloads nothing before its next restart.",
    "A file of Clouddriver's configuration has an account of the same name.",
)
"""Why an account that was deleted may still be loaded."""
