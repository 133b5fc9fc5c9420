"""Pages of policies of others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

from django import forms
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from accounts.decisions.many import Many
from accounts.forms.fields import RuledField, bare_helper, checked
from accounts.http import Request, page_of
from accounts.models import ForeignPolicy
from accounts.models.checks import today
from accounts.runs.foreign import accepting
from accounts.runs.foreign.accepting import LONGEST, MOST_AT_ONCE, a_day
from accounts.spinnaker.policies_of_others import groups, with_first
from accounts.web.crumbs import crumbs
from accounts.web.highlighting import highlighted_json
from accounts.web.posts import post
from accounts.web.role_limits import everywhere, here
from accounts.wording import counted
from onboarding import names

USUAL = timedelta(days=90)


def numbers_in(posted: QueryDict) -> list[int]:
    """Read which policies were chosen: one field, as forms take few fields."""
    texts = posted.get("policies", "").split()[:MOST_AT_ONCE]
    return [int(text) for text in texts if text.isascii() and text.isdigit()]


class AskForm(forms.Form):
    reason = RuledField(
        rule=names.seen,
        max_length=500,
        label="Reason for accepting it",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    until = forms.DateField(
        label="Until",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = bare_helper()
        self.fields["until"].initial = today() + USUAL
        self.fields["until"].widget.attrs |= {
            "min": f"{today()}",
            "max": f"{today() + LONGEST}",
        }

    @property
    def given(self) -> dict[str, Any]:
        return self.cleaned_data

    def clean_until(self) -> date:
        until: date = self.cleaned_data["until"]
        return checked(a_day, until)


def foreign_policies(request: Request) -> HttpResponse:
    """List all, the same of several accounts as one, those first that are open."""
    page = page_of(request, groups())
    shown = {
        "page": page,
        "groups": with_first(page.object_list),
        "crumbs": crumbs("accounts"),
    }
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
        "crumbs": crumbs("accounts", "foreign-policies"),
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
about_one = partial(post, find=policy_of)
posts = [
    about_one(
        f"{ONE}/ask/",
        accepting.ask,
        name="foreign-policy-ask",
        form=lambda posted, _: AskForm(posted),
        page=policy_page,
        said="Requested. After an approver accepts it, it counts as approved.",
    ),
    about_one(
        f"{ONE}/accept/",
        accepting.accept,
        name="foreign-policy-accept",
        given=lambda posted, _: {"read": posted.get("read", "")},
        said="Accepted. The next verification doesn't fail because of it.",
    ),
    about_one(
        f"{ONE}/end/",
        accepting.end,
        name="foreign-policy-end",
        said="No longer accepted.",
    ),
]


MOST_IN_TABLE = 50
"""The most accounts with a row in the table; the others are named below it."""


def foreign_alike(
    request: Request, alike: str, form: AskForm | None = None
) -> HttpResponse:
    """Say what it does, in how many accounts it is, and what may be decided where."""
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
        "form": form or AskForm(),
        "to_ask": accepting.to_ask(alike, by),
        "asked": accepting.to_accept(alike, by),
        "to_end": accepting.to_end(alike, by),
        "crumbs": crumbs("accounts", "foreign-policies"),
    }
    return render(request, "foreign/alike.html", shown)


def alike_url(alike: str, _: object = None) -> str:
    return reverse("accounts:foreign-alike", args=[alike])


def in_accounts(says: str) -> Callable[[str, Many[ForeignPolicy]], str]:
    return lambda _, many: says.format(counted(len(many.done)))


SAME = "foreign-policies/alike/<slug:alike>"
about_alike = partial(
    post,
    find=lambda alike: alike,
    left="Excluded:",
    then=alike_url,
    refused=alike_url,
)
posts_alike = [
    about_alike(
        f"{SAME}/ask/",
        accepting.ask_alike,
        name="foreign-alike-ask",
        given=lambda posted, _: {"policies": numbers_in(posted)},
        form=lambda posted, _: AskForm(posted),
        page=foreign_alike,
        said=in_accounts("Requested acceptance in {}."),
    ),
    about_alike(
        f"{SAME}/accept/",
        accepting.accept_alike,
        name="foreign-alike-accept",
        given=lambda posted, _: {
            "policies": numbers_in(posted),
            "read": posted.get("read", ""),
        },
        said=in_accounts(
            "Accepted in {}. The next verification of these accounts doesn't fail "
            "because of it."
        ),
    ),
    about_alike(
        f"{SAME}/end/",
        accepting.end_alike,
        name="foreign-alike-end",
        given=lambda posted, _: {"policies": numbers_in(posted)},
        said=in_accounts("No longer accepted in {}."),
    ),
]
