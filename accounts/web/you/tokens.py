"""The page of one's own tokens of the API."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.forms.fields import RuledField, bare_helper
from accounts.http import Request, full_url, page_of
from accounts.lists.accounts import is_uuid
from accounts.models import ApiToken
from accounts.models.people import MovedMeanwhile, Scope
from accounts.people.doors import administrator_required
from accounts.tokens.api_tokens import (
    CREATED_ALREADY,
    MOST,
    make,
    revoke,
    revoke_any,
    scopes_for,
)
from accounts.web.crumbs import crumbs
from accounts.web.posts import one_of, post, tell
from accounts.web.you.confirmation import confirmation_required
from onboarding import names

LASTS = (
    ("7", "in a week"),
    ("30", "in 30 days"),
    ("90", "in 90 days"),
    ("365", "in a year"),
)
TAKEN = (
    "You already have a token with this name. Use another name, or revoke that token "
    "first."
)


class TokenForm(forms.Form):
    """Creates a token, once: a page that is sent again finds it created."""

    pk = forms.UUIDField(initial=uuid.uuid4, widget=forms.HiddenInput)
    name = RuledField(
        rule=names.seen,
        max_length=60,
        label="Name",
        help_text="The program that uses the token. The activity log shows this name.",
    )
    scopes = forms.MultipleChoiceField(
        required=False,
        label="Permissions in addition to reading",
        widget=forms.CheckboxSelectMultiple,
    )
    lasts = forms.ChoiceField(label="Expires", choices=LASTS, initial="90")
    helper = bare_helper()

    def __init__(self, request: Request, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.person = request.user
        more = [one for one in scopes_for(request.user) if one != Scope.READ]
        if more:
            scopes = self.fields["scopes"]
            assert isinstance(scopes, forms.MultipleChoiceField)
            scopes.choices = [(one.value, one.label) for one in more]
        else:
            del self.fields["scopes"]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        held = ApiToken.objects.usable().filter(person=self.person, name=name)
        # The same form again leads to the page, which says that it is created.
        same = [self.cleaned_data[key] for key in ("pk",) if key in self.cleaned_data]
        if held.exclude(pk__in=same).exists():
            raise forms.ValidationError(TAKEN)
        return name

    @property
    def expires_at(self) -> datetime:
        return timezone.now() + timedelta(days=int(self.cleaned_data["lasts"]))


ENDED_SHOWN = 10


def tokens(
    request: Request,
    form: TokenForm | None = None,
    made: dict[str, str] | None = None,
) -> HttpResponse:
    """Show one's own tokens; `made` is a new one, which is shown this once."""
    own = ApiToken.objects.filter(person=request.user).select_related("person")
    usable = list(own.usable())
    ended = own.exclude(pk__in=[one.pk for one in usable])
    shown = {
        "crumbs": [("Your settings", reverse("you"))],
        "form": form or TokenForm(request),
        "made": made,
        "usable": usable,
        "ended": ended[:ENDED_SHOWN],
        "is_full": len(usable) >= MOST,
        "address": full_url(request, "/api/v1"),
        "is_plain": not settings.HTTPS,
    }
    return render(request, "tokens/tokens.html", shown)


@require_POST
@confirmation_required("accounts:tokens")
def token_create(request: Request) -> HttpResponse:
    """Create a token, and show it. It is nowhere afterwards, so this is no redirect."""
    form = TokenForm(request, request.POST)
    if not form.is_valid():
        return tokens(request, form)
    given = form.cleaned_data
    if ApiToken.objects.filter(pk=given["pk"]).exists():
        messages.warning(request, CREATED_ALREADY)
        return redirect("accounts:tokens")
    if ApiToken.objects.usable().filter(person=request.user).count() >= MOST:
        messages.error(request, f"You already have {MOST} tokens. Revoke one first.")
        return redirect("accounts:tokens")
    text = make(
        request.user,
        given["pk"],
        name=given["name"],
        scopes=given.get("scopes", []),
        expires_at=form.expires_at,
    )
    made = {"name": given["name"], "text": text}
    return tokens(request, made=made)


@require_POST
def token_revoke(request: Request) -> HttpResponse:
    """Revoke one of one's own tokens, at once."""
    pk = request.POST.get("token", "")
    own = ApiToken.objects.filter(person=request.user)
    token = get_object_or_404(own, pk=pk if is_uuid(pk) else None)
    try:
        revoke(token, request.user)
    except MovedMeanwhile as error:
        tell(request, error)
    else:
        messages.success(request, f"The token {token} is revoked.")
    return redirect("accounts:tokens")


@administrator_required
def all_tokens(request: Request) -> HttpResponse:
    """List everybody's tokens, the newest first."""
    rows = ApiToken.objects.select_related("person")
    shown = {
        "crumbs": crumbs("settings"),
        "page": page_of(request, rows),
    }
    return render(request, "tokens/all_tokens.html", shown)


posts = [
    post(
        "settings/tokens/<uuid:pk>/revoke/",
        revoke_any,
        name="any-token-revoke",
        find=one_of(ApiToken.objects.select_related("person")),
        said="The token {0} is revoked.",
        then="accounts:all-tokens",
        refused="accounts:all-tokens",
        guard=confirmation_required("accounts:all-tokens"),
    )
]
