"""Plan to take over existing roles, or to undo that; both show the plan."""

from __future__ import annotations

from django.http import QueryDict

from accounts.models import ManagedAccount
from accounts.runs.foreign import taking_over
from accounts.web.posts import post
from accounts.web.runs.decisions import account_of
from accounts.web.runs.views import run_of
from accounts.web.taking_over.steps import choice_of
from onboarding.resources.take_over import TakeOver


def choice(posted: QueryDict, _: ManagedAccount) -> dict[str, TakeOver]:
    return {"choice": choice_of(posted)}


posts = [
    post(
        "accounts/<uuid:pk>/take-over/",
        taking_over.take_over,
        name="take-over",
        find=account_of,
        given=choice,
    ),
    post("runs/<uuid:pk>/undo/", taking_over.undo, name="undo", find=run_of),
]
