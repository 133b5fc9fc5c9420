"""The form that approves a plan."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.forms.fields import RuledField, bare_helper
from accounts.models import Run
from accounts.runs.deciding.confirmation import Unconfirmed, confirm_run
from accounts.wording import counted
from onboarding import names


class CommentForm(forms.Form):
    """Approves plans, with a word about it for the record."""

    comment = RuledField(
        rule=names.seen,
        required=False,
        max_length=2000,
        label="Comment (optional)",
        widget=forms.Textarea(
            attrs={"rows": 1, "class": "form-control", "placeholder": "Comment"}
        ),
    )


class ApproveForm(CommentForm):
    """Approves a plan; one that deletes asks for the account's name first."""

    digest = RuledField(rule=names.seen, required=False, widget=forms.HiddenInput())
    """Of the plan as the page showed it."""
    confirmation = forms.CharField(
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, run: Run, deletes: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.run = run
        self.helper = bare_helper()
        field = self.fields["confirmation"]
        if not deletes:
            del self.fields["confirmation"]
            return
        what = counted(deletes, "resource")
        field.label = (
            f"This plan deletes {what} in AWS. Type {run.account_name} to continue"
        )

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"]
        try:
            confirm_run(self.run.account_name, typed)
        except Unconfirmed as error:
            raise forms.ValidationError(str(error)) from error
        return typed
