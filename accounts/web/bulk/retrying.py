"""Start again what failed of many accounts: more than one of a kind as a rollout."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from accounts.decisions.many import each
from accounts.http import Request
from accounts.lists.accounts import MOST_IN_ROLLOUT, kinds_of_failed
from accounts.models import ManagedAccount, Rollout
from accounts.people.doors import posted_by_operator
from accounts.runs.deciding.starting import STARTS, start_plan
from accounts.web.bulk.outcomes import tell
from accounts.web.bulk.views import chosen, nothing_chosen, plan_together, to_list
from accounts.web.rollouts.starting import roll_out
from accounts.wording import counted


@posted_by_operator
def retry_many(request: Request) -> HttpResponse:
    """Start the newest run of each chosen account again, where it failed."""
    accounts, left = chosen(request, most=MOST_IN_ROLLOUT)
    if not accounts:
        return nothing_chosen(request)
    if left:
        messages.info(
            request, f"{counted(left, 'more account')} left. Retry the rest afterwards."
        )
    kinds = kinds_of_failed(accounts)
    if others := len(accounts) - len(kinds):
        messages.info(request, f"The last run of {counted(others)} didn't fail.")
    by_kind: dict[str, list[ManagedAccount]] = {}
    for account in accounts:
        if account.pk in kinds:
            by_kind.setdefault(kinds[account.pk], []).append(account)
    answers = [
        retry_together(request, Rollout.Kind(kind), failed)
        for kind, failed in sorted(by_kind.items())
    ]
    if not answers:
        return to_list(request)
    return answers[0] if len(answers) == 1 else redirect("accounts:runs")


def retry_together(
    request: Request, kind: Rollout.Kind, failed: list[ManagedAccount]
) -> HttpResponse:
    """Start accounts whose runs of this kind failed: one by itself, more as one job."""
    if len(failed) == 1:
        start = start_plan if kind == Rollout.Kind.ONBOARD else STARTS[kind]
        outcome = each(start, failed, request.user)
        tell(request, "Started again for", outcome, "retry")
        return redirect("accounts:runs") if outcome.done else to_list(request)
    if kind == Rollout.Kind.ONBOARD:
        return plan_together(request, failed)
    return roll_out(request, failed, kind, otherwise=to_list(request))
