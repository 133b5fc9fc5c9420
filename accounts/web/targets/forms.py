"""The form of a target: where its secret URL is, never a secret."""

from __future__ import annotations

import uuid
from copy import copy
from typing import Any

from django import forms

from accounts.forms.fields import RuledField, bare_helper
from accounts.forms.layout import Fieldset
from accounts.models import Kind, Target
from accounts.notify.channels.places import HOSTS, problem
from accounts.web.managing.asked import shown_for_values
from accounts.web.targets.environments import EnvironmentBoxes, offer_environments
from onboarding import names
from onboarding.delivery.connection import LONGEST

NEVER_REPEATED = ("url", "reference")
"""What is refused there may be a secret, so it is not shown again."""
NEEDED = "This field is required."
TAKEN = "Another target has this name."


class TargetForm(forms.Form):
    """Describes a target; added once, though the page is sent again."""

    pk = forms.UUIDField(initial=uuid.uuid4, widget=forms.HiddenInput)
    name = RuledField(
        rule=names.seen,
        max_length=60,
        label="Name",
        help_text="A name that people recognize, such as the team or channel.",
    )
    channel = forms.ChoiceField(label="Channel", choices=Target.Channel.choices)
    url = forms.CharField(
        label="URL",
        required=False,
        max_length=LONGEST,
        help_text="An https:// URL without a user, a query, or a fragment.",
    )
    reference = forms.CharField(
        label="Webhook URL reference",
        required=False,
        max_length=LONGEST,
        help_text="env:NAME or file:/PATH. Don't enter the URL, because it's a secret.",
    )
    kinds = forms.MultipleChoiceField(
        label="Notify about",
        choices=Kind.choices,
        initial=Kind.values,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )
    environments = EnvironmentBoxes()

    def __init__(self, *args: Any, target: Target | None = None, **kwargs: Any) -> None:
        if target is not None:
            kwargs["initial"] = {**initial_of(target), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.target = target
        self.fields["channel"].disabled = target is not None
        offer_environments(self, target.environments if target else ())
        for field in ("url", "reference"):
            widget = self.fields[field].widget
            widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}
        self.helper = bare_helper(
            Fieldset(
                "Destination",
                "pk",
                "name",
                "channel",
                shown_for_values("channel", " ".join(HOSTS), "reference"),
                shown_for_values("channel", Target.Channel.WEBHOOK, "url"),
            ),
            Fieldset("Notifications", "kinds", "environments"),
        )

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        others = Target.objects.filter(name=name)
        if self.target is not None:
            others = others.exclude(pk=self.target.pk)
        elif pk := self.cleaned_data.get("pk"):
            others = others.exclude(pk=pk)
        if others.exists():
            raise forms.ValidationError(TAKEN)
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if channel := cleaned.get("channel"):
            is_webhook = channel == Target.Channel.WEBHOOK
            field, other = ("url", "reference") if is_webhook else ("reference", "url")
            # Not shown, so neither wrong nor kept.
            self.errors.pop(other, None)
            place = cleaned.get(field, "")
            if field not in self.errors:
                found = problem(channel, place) if place else NEEDED
                if found:
                    self.add_error(field, found)
            cleaned["place"] = place
        refused = [name for name in NEVER_REPEATED if name in self.errors]
        if refused:
            given: Any = copy(self.data)
            for name in refused:
                given[name] = ""
            self.data = given
        return cleaned

    @property
    def described(self) -> Target:
        """Give the target as it was filled in."""
        given = self.cleaned_data
        target = self.target or Target(pk=given["pk"], channel=given["channel"])
        target.name, target.place = given["name"], given["place"]
        target.kinds = given["kinds"]
        target.environments = given["environments"]
        return target


def initial_of(target: Target) -> dict[str, Any]:
    is_webhook = target.channel == Target.Channel.WEBHOOK
    return {
        "pk": target.pk,
        "name": target.name,
        "channel": target.channel,
        "url" if is_webhook else "reference": target.place,
        "kinds": target.kinds,
    }
