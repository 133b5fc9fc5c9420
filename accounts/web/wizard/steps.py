"""The wizard's steps, and how far an account has come: computed from its rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from django.urls import reverse

from accounts.mapping.completeness import PARTS, missing, problem
from accounts.models import ManagedAccount
from accounts.models.states import State


class WizardStep(NamedTuple):
    slug: str
    title: str
    asks: str
    """One sentence under the page's heading."""
    is_done: Callable[[ManagedAccount], bool]


class Mark(NamedTuple):
    """A step as the list of steps shows it."""

    slug: str
    title: str
    url: str
    state: str
    """`done`, `to do` or `to fix`."""
    is_current: bool


ASKS = {
    "identity": "Choose the AWS account and who can use it in Spinnaker.",
    "providers": "Choose the AWS services that Spinnaker deploys to.",
    "access": (
        "Choose how Bowline and Spinnaker access the account, and in which Regions."
    ),
    "details": "Settings for each provider. The defaults work for most accounts.",
}
STEPS = (
    *(
        WizardStep(part.slug, part.title, ASKS[part.slug], part.has_details)
        for part in PARTS
    ),
    WizardStep(
        "review",
        "Review",
        "The account in Spinnaker, and its resources in AWS.",
        lambda account: account.state != State.DRAFT,
    ),
)
SLUGS = tuple(step.slug for step in STEPS)


def step_named(slug: str) -> WizardStep | None:
    return next((step for step in STEPS if step.slug == slug), None)


def step_after(slug: str) -> str:
    return SLUGS[min(SLUGS.index(slug) + 1, len(SLUGS) - 1)]


def state_of(step: WizardStep, account: ManagedAccount, *, fails: str) -> str:
    """Say how far the step is. It isn't done before those ahead of it are."""
    if step.slug == fails or problem(account, step.slug):
        return "to fix"
    so_far = STEPS[: STEPS.index(step) + 1]
    return "done" if all(one.is_done(account) for one in so_far) else "to do"


def marks(
    account: ManagedAccount | None, current: str, *, fails: str = ""
) -> list[Mark]:
    """List the steps with their states; of a new account only the first has a URL.
    `fails`: the step whose settings didn't work when they were tested.
    """
    return [
        Mark(
            slug=step.slug,
            title=step.title,
            url=reverse("accounts:wizard", args=[account.pk, step.slug])
            if account
            else "",
            state=state_of(step, account, fails=fails) if account else "to do",
            is_current=step.slug == current,
        )
        for step in STEPS
    ]


def undone(account: ManagedAccount) -> list[Mark]:
    """List the steps before the last that are missing for a plan."""
    slugs = {part.slug for part in missing(account)}
    return [mark for mark in marks(account, "review") if mark.slug in slugs]


def next_step(account: ManagedAccount) -> str:
    """Name the step with which to continue a draft."""
    waiting = undone(account)
    return waiting[0].slug if waiting else "review"
