"""The page of the feed: who may pull it, how to configure that, and what is in it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from accounts.http import Request, full_url, page_of
from accounts.models import FedAccount, FeedRow, FeedToken, ManagingAccount
from accounts.people.doors import administrator_required, posted_by_administrator
from accounts.spinnaker.feed.keeping import keep_current
from accounts.spinnaker.feed.tokens import MOST, make, revoke
from accounts.tokens.text import CREATED_ALREADY
from accounts.web.crumbs import crumbs
from accounts.web.feed.forms import TokenForm
from accounts.web.feed.setup import LIMITS, PLUGIN, TRAPS, configuration
from accounts.web.you.confirmation import confirmation_required
from onboarding.topology import MANAGED_ROLE

ENDED_SHOWN = 10


@administrator_required
def feed(request: Request) -> HttpResponse:
    return feed_page(request, TokenForm())


def feed_page(
    request: Request, form: TokenForm, made: dict[str, str] | None = None
) -> HttpResponse:
    """Show the page; `made` is a new token, which is shown this once."""
    usable = list(FeedToken.objects.usable())
    ended = FeedToken.objects.exclude(pk__in=[one.pk for one in usable])
    managing = ManagingAccount.objects.only("managed_role").first()
    address = full_url(request, reverse("feed-accounts"))
    unfit = (
        FedAccount.objects.unfit().select_related("account").order_by("account__name")
    )
    unfit = unfit.only("unfit", "account__name", "account__account_id")
    shown = {
        "crumbs": crumbs("spinnaker-now"),
        "form": form,
        "made": made,
        "usable": usable,
        "ended": ended[:ENDED_SHOWN],
        "is_full": len(usable) >= MOST,
        "last": max((one for one in usable if one.used_at), key=used_at, default=None),
        "active": FeedRow.objects.filter(suspended=False).count(),
        "left": FeedRow.objects.filter(suspended=True).count(),
        "page": page_of(request, unfit),
        "address": address,
        "is_plain": not settings.HTTPS,
        "plugin": PLUGIN,
        "traps": TRAPS,
        "limits": LIMITS,
        "configuration": configuration(
            address,
            role=managing.managed_role if managing else MANAGED_ROLE,
            token=made["text"] if made else "",
            gateway=made["gateway"] if made else "",
        ),
    }
    return render(request, "feed/feed.html", shown)


def used_at(token: FeedToken) -> Any:
    return token.used_at


@posted_by_administrator
@confirmation_required("accounts:feed")
def feed_token(request: Request) -> HttpResponse:
    """Create a token, and show it. It is nowhere afterwards, so this is no redirect."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return feed_page(request, form)
    given = form.cleaned_data
    if FeedToken.objects.filter(pk=given["pk"]).exists():
        messages.warning(request, CREATED_ALREADY)
        return redirect("accounts:feed")
    if FeedToken.objects.usable().count() >= MOST:
        messages.error(
            request,
            f"You've reached the maximum of {MOST} tokens. Revoke a token first.",
        )
        return redirect("accounts:feed")
    fields = {"name": given["name"], "gateway": given["gateway"]}
    text = make(request.user, given["pk"], expires_at=form.expires_at, **fields)
    keep_current()
    return feed_page(request, TokenForm(), {**fields, "text": text})


@posted_by_administrator
@confirmation_required("accounts:feed")
def feed_token_revoke(request: Request, pk: UUID) -> HttpResponse:
    token = get_object_or_404(FeedToken, pk=pk)
    if revoke(request.user, token):
        messages.success(
            request,
            (
                f"The token {token} no longer gives access to the feed. A Clouddriver "
                "that uses it keeps its accounts but gets no changes."
            ),
        )
    return redirect("accounts:feed")
