"""The same policy of others in many accounts: one page, one decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse

from accounts.decisions.many import Many
from accounts.http import Request
from accounts.models import ForeignPolicy
from accounts.runs.foreign import alike as deciding
from accounts.runs.foreign.alike import MOST_AT_ONCE
from accounts.web.crumbs import crumbs
from accounts.web.foreign.forms import AskForm, ask_form, numbers_in, read_in
from accounts.web.highlighting import highlighted_json
from accounts.web.posts import post
from accounts.wording import counted

MOST_IN_TABLE = 50
"""The most accounts with a row in the table; the others are named below it."""


def same_policies(request: Request, alike: str) -> HttpResponse:
    """Say what it does, in how many accounts it is, and what may be decided where."""
    return alike_page(request, alike, AskForm())


def alike_page(request: Request, alike: str, form: AskForm) -> HttpResponse:
    policies = list(ForeignPolicy.objects.alike(alike))
    if not policies:
        raise Http404
    one, by = policies[0], request.user
    shown = {
        "alike": alike,
        "policy": one,
        "count": len(policies),
        "states": sorted(Counter(policy.state for policy in policies).items()),
        "table": policies[:MOST_IN_TABLE],
        "named": policies[MOST_IN_TABLE:],
        "most": MOST_AT_ONCE,
        "document": highlighted_json(one.document) if one.document else "",
        "form": form,
        "to_ask": deciding.to_ask(alike, by),
        "asked": deciding.to_accept(alike, by),
        "to_end": deciding.to_end(alike, by),
        "crumbs": crumbs("foreign-policies"),
    }
    return render(request, "foreign/alike.html", shown)


def alike_of(alike: str) -> str:
    return alike


def chosen(posted: QueryDict, _: str) -> dict[str, Any]:
    return {"policies": numbers_in(posted)}


def chosen_as_read(posted: QueryDict, alike: str) -> dict[str, Any]:
    return chosen(posted, alike) | read_in(posted)


def alike_url(alike: str, _: object = None) -> str:
    return reverse("accounts:foreign-alike", args=[alike])


def in_accounts(says: str) -> Callable[[str, Many[ForeignPolicy]], str]:
    return lambda _, many: says.format(counted(len(many.done)))


SAME = "foreign-policies/alike/<slug:alike>"
USUAL: dict[str, Any] = {
    "find": alike_of,
    "left": "Excluded:",
    "then": alike_url,
    "refused": alike_url,
}
posts = [
    post(
        f"{SAME}/ask/",
        deciding.ask_alike,
        name="foreign-alike-ask",
        given=chosen,
        form=ask_form,
        page=alike_page,
        said=in_accounts("Requested acceptance in {}."),
        **USUAL,
    ),
    post(
        f"{SAME}/accept/",
        deciding.accept_alike,
        name="foreign-alike-accept",
        given=chosen_as_read,
        said=in_accounts(
            "Accepted in {}. The next verification of these accounts doesn't fail "
            "because of it."
        ),
        **USUAL,
    ),
    post(
        f"{SAME}/end/",
        deciding.end_alike,
        name="foreign-alike-end",
        given=chosen,
        said=in_accounts("No longer accepted in {}."),
        **USUAL,
    ),
]
