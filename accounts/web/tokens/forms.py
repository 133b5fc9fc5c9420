"""The form that creates a token of the API."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from accounts.forms.fields import RuledField, bare_helper
from accounts.http import Request
from accounts.models import ApiToken
from accounts.models.api.token import Scope
from accounts.tokens.api_tokens import scopes_for
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
