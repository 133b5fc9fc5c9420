"""Pages of deliveries."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from django import forms
from django.db.models import Case, Q, When
from django.http import HttpResponse
from django.shortcuts import render

from accounts.forms.fields import RuledField
from accounts.http import Request, page_of
from accounts.models import Delivery, DeliveryStep, Spinnaker
from accounts.people.roles import APPROVER, has_role
from accounts.runs.deciding.confirmation import confirm_delivery, phrase_of_delivery
from accounts.spinnaker.deliveries.decisions import (
    ASKED,
    approve,
    discard,
    start_connected,
)
from accounts.web.crumbs import crumbs
from accounts.web.live.views import live_delivery, watched
from accounts.web.posts import one_of, post
from accounts.web.role_limits import everywhere
from accounts.web.runs.review.cards import Card, digest
from accounts.web.runs.review.diff import compare
from accounts.web.runs.review.plans import Group, Review, Section
from accounts.web.runs.views import ConfirmedForm
from accounts.wording import counted
from onboarding import names
from onboarding.carried.table import SECRET
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
DIFFERING = tuple(why for why in ASKED if why is not Why.EQUAL)
MOST_LISTED = 200

RENEWED = (
    "Clouddriver doesn't otherwise detect that its AWS account or its definition "
    "changed: once the AWS account is loaded, Bowline stores the new definition, "
    "deletes it, and stores it again when Spinnaker has unloaded it, or after a few "
    "minutes. Pipelines that use it fail in between."
)
EQUAL = (
    "Spinnaker has it already as Bowline would send it. Nothing changes in Spinnaker; "
    "Bowline manages it from now on."
)
WITHOUT_EFFECT = (
    "A running Clouddriver doesn't read this again, so it has no effect before its "
    "next restart."
)
TAKES_OVER = (
    "Someone else created this account. Bowline updates it in place and then manages "
    "it."
)
LOSES = "Pipelines that use this account fail. Nothing in AWS changes."


class LeftAlone(NamedTuple):
    """Accounts that are left alone for one reason, as far as they are listed."""

    why: Why
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
    return Card(
        key=Key("", step.type, step.name),
        anchor=anchor,
        verb=SIGNS[Verb(step.verb)],
        kind=f"{step.type} account",
        reason=reason_of(step),
        diff=compare(before, after) if before or after else None,
        risks=tuple(risks_of(step, after)),
        opens=not step.deletes,
        digest=digest(*step.key, before, after),
    )


def reason_of(step: DeliveryStep) -> str:
    if step.renews:
        return RENEWED
    if step.is_equal:
        return EQUAL
    return WITHOUT_EFFECT if step.changes_nothing else ""


def documents_of(
    step: DeliveryStep,
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return what is stored and what is sent, as far as both are compared."""
    becomes = step.was if step.is_equal else step.becomes
    return sorted_fields(step.was), sorted_fields(becomes)


def sorted_fields(stored: Mapping[str, str]) -> dict[str, Any] | None:
    """Read and sort the fields: PostgreSQL keeps no order, and a diff would show it."""
    fields = {name: json.loads(value) for name, value in sorted(stored.items())}
    if SECRET in fields:
        fields[SECRET] = f"hidden, SHA-256 {fields[SECRET]}"
    return fields or None


def risks_of(step: DeliveryStep, after: Mapping[str, Any] | None) -> Iterator[str]:
    if step.verb == Verb.TAKE_OVER and not step.is_equal:
        yield TAKES_OVER
    if step.deletes:
        yield LOSES
    named = any((after or {}).get("permissions", {}).values())
    if after and step.type != "ecs" and not named:
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
    groups: dict[str, Iterable[Why]] = {
        "asked": ASKED,
        "differing": DIFFERING,
        "held": [why for why in Why if why not in (*ASKED, *NOT_BOWLINES)],
        "of_others": NOT_BOWLINES,
    }
    return {
        name: [
            LeftAlone(why, found[:MOST_LISTED], max(len(found) - MOST_LISTED, 0))
            for why in whys
            if (found := by_why.get(why.name))
        ]
        for name, whys in groups.items()
    }


class DeliveryForm(ConfirmedForm):
    """Approves a delivery; one that removes accounts asks to type how many."""

    read = RuledField(rule=names.seen, required=False, widget=forms.HiddenInput())
    """The fingerprint of what the page showed."""

    def __init__(self, data: Any, delivery: Delivery) -> None:
        removes = delivery.counts.get(Verb.REMOVE, 0)
        lost, phrase = counted(removes), phrase_of_delivery(removes)
        asks = f"Spinnaker loses {lost}. Type “{phrase}” to continue"
        super().__init__(
            data,
            asks=asks if removes else "",
            confirm=partial(confirm_delivery, removes),
            initial={"read": delivery.fingerprint},
        )


STEPS = 100
"""Accounts on one page of a plan, or of a delivery."""

FAILED_FIRST = Case(
    When(~Q(error=""), then=0), When(seen_at__isnull=True, then=1), default=2
)


def deliveries(request: Request) -> HttpResponse:
    page = page_of(request, Delivery.objects.light())
    shown = {
        "page": page,
        "summaries": [(row, summary(row.counts), took(row)) for row in page],
        "spinnaker": Spinnaker.objects.first(),
        "open": Delivery.objects.open().light().first(),
        **everywhere(request, "a delivery"),
    }
    return render(request, "deliveries/deliveries.html", shown)


def delivery(request: Request, number: int) -> HttpResponse:
    return delivery_page(request, one_of(Delivery.objects.light())(number=number))


def delivery_page(
    request: Request, row: Delivery, *, form: DeliveryForm | None = None
) -> HttpResponse:
    """Show its plan while that waits, else how far it is."""
    live = watched(request, live_delivery(row))
    waits = row.status == Delivery.Status.PLANNED
    failed_first = row.steps.light().order_by(FAILED_FIRST, "position")
    page = page_of(request, row.steps.all() if waits else failed_first, STEPS)
    shown: dict[str, Any] = {
        "delivery": row,
        "live": live,
        "page": page,
        "progress": row.progress,
        "summary": summary(row.counts),
        "took": took(row),
        "left": left_alone(row),
        **everywhere(request, "a delivery"),
        "crumbs": crumbs("bundles", "deliveries"),
    }
    if waits:
        shown |= {
            "waits": True,
            "review": review_of(page, row.counts),
            "form": form or DeliveryForm(None, row),
            "same_person": has_role(request.user, APPROVER)
            and approve.verdict(row, request.user).same_person,
            "ask_approver": partial(approve.whom, row, request.user),
        }
    return render(request, "deliveries/delivery.html", shown)


def took(row: Delivery) -> float | None:
    """Say how many seconds it took from the approval until it was loaded."""
    is_loaded = row.status == Delivery.Status.LOADED
    if is_loaded and row.approved_at and row.finished_at:
        return (row.finished_at - row.approved_at).total_seconds()
    return None


posts = [
    post(
        "bundles/deliveries/start/",
        start_connected,
        name="delivery-start",
        given=lambda posted: {"agree": posted.getlist("agree")},
        refused="accounts:spinnaker",
    ),
    post(
        "bundles/deliveries/<int:number>/approve/",
        approve,
        name="delivery-approve",
        find=one_of(Delivery.objects.light()),
        form=DeliveryForm,
        page=delivery_page,
    ),
    post(
        "bundles/deliveries/<int:number>/discard/",
        discard,
        name="delivery-discard",
        find=one_of(Delivery.objects.light()),
        said="{0} is discarded. Nothing changed in Spinnaker.",
    ),
]
