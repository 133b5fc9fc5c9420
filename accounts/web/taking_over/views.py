"""Plan to take over existing roles, or to undo that; both show the plan."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from accounts.http import Request
from accounts.models import Run
from accounts.people.doors import posted_by_operator
from accounts.runs.foreign import taking_over
from accounts.web.runs.decisions import account_of, started
from accounts.web.taking_over.steps import choice_of


@posted_by_operator
def take_over(request: Request, pk: UUID) -> HttpResponse:
    account = account_of(pk)
    choice = choice_of(request.POST)
    return started(
        request, lambda: taking_over.take_over(account, request.user, choice), account
    )


@posted_by_operator
def undo(request: Request, pk: UUID) -> HttpResponse:
    run = get_object_or_404(Run.objects.select_related("account"), pk=pk)
    return started(request, lambda: taking_over.undo(run, request.user), run)
