"""Policies of others: what each lets its role do, and accepting it."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from accounts.http import Request, page_of
from accounts.models import ForeignPolicy
from accounts.runs.foreign import accepting
from accounts.spinnaker.policies_of_others import groups, with_first
from accounts.web.crumbs import crumbs
from accounts.web.foreign.forms import AskForm, ask_form, read_in
from accounts.web.highlighting import highlighted_json
from accounts.web.posts import post
from accounts.web.role_limits.here import everywhere, here


def foreign_policies(request: Request) -> HttpResponse:
    """List all, the same of several accounts as one, those first that are open."""
    page = page_of(request, groups())
    shown = {"page": page, "groups": with_first(page.object_list)}
    return render(request, "foreign/list.html", shown)


def foreign_policy(request: Request, number: int) -> HttpResponse:
    return policy_page(request, policy_of(number), AskForm())


def policy_page(request: Request, policy: ForeignPolicy, form: AskForm) -> HttpResponse:
    account = policy.account
    shown: dict[str, Any] = {
        "policy": policy,
        "form": form,
        "document": highlighted_json(policy.document) if policy.document else "",
        "same_person": policy.is_asked
        and accepting.accept.verdict(policy, request.user).same_person,
        "ask_approver": partial(accepting.accept.whom, policy, request.user),
        "same": ForeignPolicy.objects.filter(alike=policy.alike).count() - 1,
        "crumbs": crumbs("foreign-policies"),
    }
    if account is None:
        shown |= everywhere(request, "the managing account")
        shown["plan"] = reverse("accounts:managing-plan")
    else:
        shown |= here(request, *account.environments)
        shown["plan"] = reverse("accounts:plan", args=[account.pk])
    return render(request, "foreign/policy.html", shown)


def policy_of(number: int) -> ForeignPolicy:
    rows = ForeignPolicy.objects.select_related("account", "asked_by")
    return get_object_or_404(rows, pk=number)


ONE = "foreign-policies/<int:number>"
posts = [
    post(
        f"{ONE}/ask/",
        accepting.ask,
        name="foreign-policy-ask",
        find=policy_of,
        form=ask_form,
        page=policy_page,
        said="Requested. After an approver accepts it, it counts as approved.",
    ),
    post(
        f"{ONE}/accept/",
        accepting.accept,
        name="foreign-policy-accept",
        find=policy_of,
        given=read_in,
        said="Accepted. The next verification doesn't fail because of it.",
    ),
    post(
        f"{ONE}/end/",
        accepting.end,
        name="foreign-policy-end",
        find=policy_of,
        said="No longer accepted.",
    ),
]
