"""A delivery's plan as a person reads it: each account before and after, and those that
are left alone. A kubeconfig is shown by its digest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from accounts.models import Delivery, DeliveryStep
from accounts.spinnaker.deliveries.decisions import ASKED
from accounts.web.runs.review.cards import Card, digest
from accounts.web.runs.review.diff import compare
from accounts.web.runs.review.plans import Group, Review, Section
from onboarding.delivery.bodies import SECRET, comparable
from onboarding.delivery.verdicts import Verb, Why
from onboarding.resources.entry_changes import OPEN_TO_ALL
from onboarding.resources.kinds import Key

SIGNS = {
    Verb.ADD: "create",
    Verb.CHANGE: "update",
    Verb.REMOVE: "delete",
    Verb.TAKE_OVER: "take over",
}
"""The badges of the verbs."""
TITLES = {"aws": "AWS accounts", "ecs": "ECS accounts", "kubernetes": "EKS accounts"}
NOT_BOWLINES = (Why.FROM_A_FILE, Why.FOREIGN)
MOST_LISTED = 200

MADE_AGAIN = (
    "The account is deleted and recreated, because Clouddriver doesn't otherwise "
    "detect that its AWS account or its definition changed."
)
TAKES_OVER = (
    "Someone else created this account. Bowline overwrites it and then manages it."
)
LOSES = "Pipelines that use this account fail. Nothing in AWS changes."


class LeftAlone(NamedTuple):
    """Accounts that are left alone for one reason, as far as they are listed."""

    why: str
    accounts: list[dict[str, str]]
    more: int


def review_of(steps: Iterable[DeliveryStep], counts: Mapping[str, int]) -> Review:
    """Lay out these steps, in the order in which they are carried out."""
    cards: dict[str, list[Card]] = {}
    for step in steps:
        cards.setdefault(TITLES.get(step.type, step.type), []).append(card_of(step))
    sections = tuple(Section(title, tuple(some)) for title, some in cards.items())
    signs = {
        "create": counts.get(Verb.ADD, 0),
        "update": counts.get(Verb.CHANGE, 0) + counts.get(Verb.TAKE_OVER, 0),
        "delete": counts.get(Verb.REMOVE, 0),
    }
    return Review((Group("Spinnaker", "", "", signs, sections),) if cards else ())


def card_of(step: DeliveryStep) -> Card:
    before, after = documents_of(step)
    anchor = f"c{step.position + 1}"
    verb = "delete" if step.deletes else SIGNS[Verb(step.verb)]
    return Card(
        key=Key("", step.type, step.name),
        anchor=anchor,
        verb=verb,
        kind=f"{step.type} account",
        reason=MADE_AGAIN if step.renews else "",
        diff=compare(before, after) if before or after else None,
        risks=tuple(risks_of(step, after)),
        opens=not step.deletes,
        digest=digest(*step.key, before, after),
    )


def documents_of(
    step: DeliveryStep,
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return what is stored and what is sent, as far as both are compared."""
    was = {name: json.loads(value) for name, value in step.was.items()}
    document = {} if step.deletes else step.document
    becomes = {k: json.loads(v) for k, v in comparable(step.type, document).items()}
    if SECRET in becomes:
        becomes[SECRET] = document[SECRET]
    return sorted_fields(was), sorted_fields(becomes)


def sorted_fields(fields: dict[str, Any]) -> dict[str, Any] | None:
    """Sort the fields: PostgreSQL keeps no order, and a diff would show it."""
    fields = dict(sorted(fields.items()))
    if SECRET in fields:
        fields[SECRET] = f"hidden, SHA-256 {fields[SECRET]}"
    return fields or None


def risks_of(step: DeliveryStep, after: Mapping[str, Any] | None) -> Iterator[str]:
    if step.verb == Verb.TAKE_OVER:
        yield TAKES_OVER
    if step.deletes and not step.renews:
        yield LOSES
    if after and step.type != "ecs" and not after.get("permissions", {}).get("WRITE"):
        yield OPEN_TO_ALL


def summary(counts: Mapping[str, int]) -> str:
    """Say in a line how many accounts the delivery adds, changes and so on."""
    said = [f"{counts[verb]:,} to {verb}" for verb in Verb if counts.get(verb)]
    if unchanged := counts.get("unchanged"):
        said.append(f"{unchanged:,} unchanged")
    return ", ".join(said) or "no changes"


def left_alone(delivery: Delivery) -> dict[str, list[LeftAlone]]:
    """Group what is left alone: what a person may agree to, what is held back, and
    what is not Bowline's.
    """
    by_why: dict[str, list[dict[str, str]]] = {}
    for one in delivery.left:
        by_why.setdefault(one["why"], []).append(one)

    def those(whys: Iterable[Why]) -> list[LeftAlone]:
        return [
            LeftAlone(why, found[:MOST_LISTED], max(len(found) - MOST_LISTED, 0))
            for why in whys
            if (found := by_why.get(why.name))
        ]

    others = [why for why in Why if why not in (*ASKED, *NOT_BOWLINES)]
    return {
        "asked": those(ASKED),
        "held": those(others),
        "from_files": those([Why.FROM_A_FILE]),
        "foreign": those([Why.FOREIGN]),
    }
