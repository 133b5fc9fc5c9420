"""Policies of others: what each lets its role do, and accepting it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from accounts.http import Request, page_of
from accounts.models import ForeignPolicy
from accounts.people.deciding import SamePerson, judge
from accounts.people.doors import posted_by_approver, posted_by_operator
from accounts.runs.foreign import accepting
from accounts.spinnaker.policies_of_others import groups, with_first
from accounts.web.crumbs import crumbs
from accounts.web.foreign.forms import AskForm
from accounts.web.highlighting import highlighted_json
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
        "same_person": same_person(request, policy),
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


def same_person(request: Request, policy: ForeignPolicy) -> str:
    """Say why it takes another person to accept it; empty: it does not."""
    if not policy.is_asked:
        return ""
    authors = accepting.authors_of(policy)
    return judge(accepting.reach_of(policy), authors, request.user).same_person


@posted_by_operator
def ask(request: Request, number: int) -> HttpResponse:
    policy = policy_of(number)
    form = AskForm(request.POST)
    if not form.is_valid():
        return policy_page(request, policy, form)
    accepting.ask(policy, request.user, **form.cleaned_data)
    messages.success(
        request, "Requested. After an approver accepts it, it counts as approved."
    )
    return redirect(policy)


@posted_by_approver
def accept(request: Request, number: int) -> HttpResponse:
    policy = policy_of(number)
    try:
        read = request.POST.get("read", "")
        accepting.accept(policy, request.user, read=read)
    except (SamePerson, accepting.NotAsked) as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, "Accepted. The next verification doesn't fail because of it."
        )
    return redirect(policy)


@posted_by_operator
def end(request: Request, number: int) -> HttpResponse:
    policy = policy_of(number)
    accepting.end(policy, request.user)
    messages.success(request, "No longer accepted.")
    return redirect(policy)


def policy_of(number: int) -> ForeignPolicy:
    rows = ForeignPolicy.objects.select_related("account", "asked_by")
    return get_object_or_404(rows, pk=number)
