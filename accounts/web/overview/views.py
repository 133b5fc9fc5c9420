"""The overview: who can access what, in which state, and what to do next."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from accounts.http import Request
from accounts.lists.overview import (
    ToDo,
    counts_by_environment,
    fills,
    got_worse,
    states_of,
    to_do,
)
from accounts.mapping.managing import managing_of
from accounts.models import ManagedAccount, ManagingAccount
from accounts.models.states import State, word_of
from accounts.runs.rollouts.causes import causes_now
from accounts.web.live.views import live_site, watched
from accounts.web.managing.next_step import to_plan
from accounts.web.overview.matrix import matrix_of
from accounts.web.overview.picture import MOST_NODES, ShownAccount, narrow, wide
from onboarding.partitions import Arn

MOST_CAUSES = 5
"""The most causes of failures that are shown, the most frequent first."""


def overview(request: Request) -> HttpResponse:
    managing = ManagingAccount.objects.first()
    if managing is None:
        return render(request, "overview/welcome.html", {"step": 1})
    live = watched(request, live_site())
    counts = counts_by_environment()
    states = states_of(counts)
    total = states.total()
    if not total:
        welcome = {"step": 2, "managing": managing, "todo": managing_to_do(managing)}
        return render(request, "overview/welcome.html", welcome)
    shown = {
        "live": live,
        "managing": managing,
        "states": [(state, count) for state, count in states.items() if count],
        "total": total,
        "all_verified": {word for word in states if states[word]} == {State.VERIFIED},
        "moving": bool(live.every),
        "todo": [
            *managing_to_do(managing),
            *fills(managing),
            *to_do(states, counts, request.user),
        ],
        **got_worse(),
        "causes": causes_now()[:MOST_CAUSES] if states[State.FAILED] else [],
        **(drawn(managing) if total <= MOST_NODES else {"matrix": matrix_of(counts)}),
    }
    return render(request, "overview/overview.html", shown)


def drawn(managing: ManagingAccount) -> dict[str, Any]:
    """Draw every account, for wide windows and for narrow ones."""
    rows = ManagedAccount.objects.order_by("name")
    accounts = sorted(rows, key=by_environment)
    centre, seen = centre_of(managing), seen_accounts(accounts)
    pictures = [("wide", wide(centre, seen)), ("narrow", narrow(centre, seen))]
    return {"accounts": accounts, "pictures": pictures}


def by_environment(account: ManagedAccount) -> tuple[bool, str]:
    return account.environment == "", account.environment


def centre_of(managing: ManagingAccount) -> ShownAccount:
    identity = Arn.of(managing_of(managing).identity_arn).name
    return ShownAccount(
        name=managing.name,
        environment="",
        state=managing.word,
        word=identity,
        url=managing.get_absolute_url(),
        title=(
            f"Managing account {managing}: {word_of(managing.word)}; Spinnaker runs as "
            f"{identity}"
        ),
    )


def seen_accounts(accounts: list[ManagedAccount]) -> list[ShownAccount]:
    return [
        ShownAccount(
            name=account.name,
            environment=account.environment,
            state=account.word,
            word=word_of(account.word),
            url=account.get_absolute_url(),
            title=f"{account}: {word_of(account.word)}",
        )
        for account in accounts
    ]


def managing_to_do(row: ManagingAccount) -> list[ToDo]:
    """Say what of the managing account is not as it was approved, or not proved."""
    says = to_plan(row)
    if not says:
        return []
    url = f"{row.get_absolute_url()}#changes"
    text = f"The managing account {row.name} {says}"
    return [ToDo(text, url, "Go to Plan changes")]
