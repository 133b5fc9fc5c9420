"""The form that creates a token of the feed."""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta

from django import forms
from django.utils import timezone

from accounts.forms.fields import RuledField, bare_helper
from onboarding import names

GATEWAY = re.compile(r"https://[A-Za-z0-9.-]+(:\d+)?(/[A-Za-z0-9._~-]+)+", re.ASCII)
"""Only characters that no signature escapes."""
LASTS = (
    ("", "never"),
    ("30", "in 30 days"),
    ("90", "in 90 days"),
    ("365", "in a year"),
)


def gateway(url: str) -> str:
    if not GATEWAY.fullmatch(url):
        raise ValueError(
            "Enter an https:// URL with a path and no query, such as "
            "https://a1b2.execute-api.us-west-2.amazonaws.com/prod/feed/accounts."
        )
    return url


class TokenForm(forms.Form):
    """Creates a token, once: a page that is sent again finds it created."""

    pk = forms.UUIDField(initial=uuid.uuid4, widget=forms.HiddenInput)
    name = RuledField(
        rule=names.seen,
        max_length=60,
        label="Name",
        help_text="For your records, such as which Spinnaker uses the token.",
    )
    lasts = forms.ChoiceField(label="Expires", required=False, choices=LASTS)
    gateway = RuledField(
        rule=gateway,
        required=False,
        max_length=200,
        label="API Gateway's URL (optional)",
        help_text="Required only if Clouddriver calls API Gateway instead of Bowline.",
    )
    helper = bare_helper()

    @property
    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["lasts"]
        return timezone.now() + timedelta(days=int(days)) if days else None
