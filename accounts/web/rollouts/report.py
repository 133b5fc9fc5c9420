"""The report of a rollout as a file: who, what and when of each account, and causes."""

from __future__ import annotations

from django.http.response import HttpResponseBase

from accounts.http import Request
from accounts.lists.files import AT_ONCE
from accounts.lists.rollouts import COLUMNS, reported
from accounts.web.exports.streams import download
from accounts.web.rollouts.views import rollout_of


def rollout_report(request: Request, number: int, form: str) -> HttpResponseBase:
    rollout = rollout_of(number)
    found = reported(rollout).order_by("number")
    name = f"rollout-{rollout.number}"
    return download(request, name, form, COLUMNS, found.iterator(chunk_size=AT_ONCE))
