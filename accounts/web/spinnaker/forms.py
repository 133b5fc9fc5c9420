"""The form of the connection with Spinnaker: where secrets are, never a secret."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.forms.fields import bare_helper
from accounts.forms.layout import Fieldset, MoreChoices
from accounts.help.choices import more
from accounts.mapping.spinnaker.connection import COLUMNS, refusals
from accounts.models import Spinnaker
from accounts.web.managing.asked import shown_for_values
from onboarding.delivery.connection import (
    FIELDS_OF,
    SIGN_IN_FIELDS,
    Connection,
    SignInBy,
)

NEVER_REPEATED = ("url", "authorities", *SIGN_IN_FIELDS)
"""What is refused there may be a secret, so it is not shown again."""


class SpinnakerForm(forms.ModelForm):  # type: ignore[type-arg]  # it has no [] at run time
    """Describes how Bowline reaches Gate."""

    class Meta:
        model = Spinnaker
        fields = COLUMNS
        labels = {
            "url": "Gate's base URL",
            "sign_in": "Bowline signs in with",
            "secret": "Secret reference",
            "certificate": "Certificate",
            "key": "Private key",
            "authorities": "Certificate authorities",
            "poll_seconds": "Clouddriver polls every … seconds",
        }
        help_texts = {
            "url": "For example https://gate.example.com or …/api/v1.",
            "release": "For example 2026.2.",
            "sign_in": more(
                "A dedicated service account with an admin role.", "gate-sign-in"
            ),
            "secret": more("env:NAME or file:/PATH.", "gate-secrets"),
            "certificate": "file:/PATH",
            "key": "file:/PATH. Leave empty if the key is in the certificate file.",
            "authorities": ("file:/PATH. Leave empty for the system's authorities."),
            "poll_seconds": "The value of reloadFrequencyMs, in seconds.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}
        said = "the system's authorities are trusted"
        if self.instance.authorities:
            said = f"{self.instance.authorities} is trusted"
        polls = self.instance.poll_seconds
        self.helper = bare_helper(
            Fieldset("Spinnaker", "url", "release"),
            Fieldset(
                "Sign-in",
                "sign_in",
                shown_for_values("sign_in", SignInBy.BASIC, "username"),
                shown_for_values(
                    "sign_in", f"{SignInBy.TOKEN} {SignInBy.BASIC}", "secret"
                ),
                shown_for_values("sign_in", SignInBy.CERTIFICATE, "certificate", "key"),
            ),
            MoreChoices(
                f"Clouddriver polls every {polls} seconds, and {said}.",
                "poll_seconds",
                "authorities",
            ),
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if sign_in := cleaned.get("sign_in"):
            for name in {*SIGN_IN_FIELDS} - {*FIELDS_OF[SignInBy(sign_in)]}:
                # Not shown, so neither wrong nor kept.
                self.errors.pop(name, None)
                cleaned[name] = ""
        described = self.described
        for name, sentence in [*described.problems()] or refusals(described):
            if name not in self.errors:
                self.add_error(name, sentence)
        refused = [name for name in NEVER_REPEATED if name in self.errors]
        if refused:
            given = {name: self.data.get(name) for name in self.data}
            self.data = {**given, **dict.fromkeys(refused, "")}
        return cleaned

    @property
    def described(self) -> Connection:
        """Give the connection as it was filled in, wrong or not."""
        filled: dict[str, Any] = {n: self.cleaned_data.get(n) for n in COLUMNS}
        missing = dict.fromkeys((n for n, v in filled.items() if v is None), "")
        return Connection(**{**filled, **missing})
