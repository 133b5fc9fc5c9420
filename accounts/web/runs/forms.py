"""The form that approves a plan."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms

from accounts.forms.fields import RuledField, bare_helper
from accounts.mapping.plans import plan_of
from accounts.models import Run
from accounts.runs.deciding.access_tests import (
    LONGEST_ANSWER,
    UNTESTED,
    AccessUntested,
    Answer,
    access_tested,
)
from accounts.runs.deciding.confirmation import Unconfirmed, confirm_run
from onboarding import names

NOTHING_BROUGHT = f"Paste what verify.sh prints, or type “{UNTESTED}”."


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
    test = forms.CharField(
        required=False,
        max_length=LONGEST_ANSWER,
        label=f"What verify.sh prints, or “{UNTESTED}”",
        widget=forms.Textarea(
            attrs={"rows": 1, "class": "form-control", "spellcheck": "false"}
        ),
    )

    def __init__(self, *args: Any, asks_test: str = "", **kwargs: Any) -> None:
        """`asks_test`: why a test of access is asked for; empty: none is."""
        super().__init__(*args, **kwargs)
        self.asks_test = asks_test
        if not asks_test:
            del self.fields["test"]

    @property
    def given(self) -> dict[str, Any]:
        """Return what goes with the decision."""
        said = self.cleaned_data
        return {"comment": said["comment"], "test": said.get("test", "")}


class ConfirmedForm(CommentForm):
    """Approves plans; what has something to confirm asks to type a phrase first."""

    confirmation = forms.CharField(
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(
        self, *args: Any, asks: str, confirm: Callable[[str], None], **kwargs: Any
    ) -> None:
        """`asks` is the label; empty: nothing is to be typed."""
        super().__init__(*args, **kwargs)
        self.confirm = confirm
        if asks:
            self.fields["confirmation"].label = asks
        else:
            del self.fields["confirmation"]

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"]
        try:
            self.confirm(typed)
        except Unconfirmed as error:
            raise forms.ValidationError(str(error)) from error
        return typed


class ApproveForm(ConfirmedForm):
    """Approves a plan; what deletes something, or takes it from Spinnaker, asks for the
    account's name first.
    """

    digest = RuledField(rule=names.seen, required=False, widget=forms.HiddenInput())
    """Of the plan as the page showed it."""

    def __init__(self, *args: Any, run: Run, says: str, **kwargs: Any) -> None:
        """`says` what there is to confirm; empty: nothing."""
        self.run, name = run, run.account_name
        asks = f"{says} Type {name} to continue"
        confirm = partial(confirm_run, name)
        super().__init__(*args, asks=asks if says else "", confirm=confirm, **kwargs)
        self.helper = bare_helper()

    @property
    def given(self) -> dict[str, Any]:
        return {**super().given, "read": self.cleaned_data["digest"]}

    def clean_test(self) -> str:
        given: str = self.cleaned_data["test"]
        if not given.strip():
            raise forms.ValidationError(NOTHING_BROUGHT)
        try:
            access_tested(self.run, plan_of(self.run), Answer.of(given))
        except AccessUntested as error:
            raise forms.ValidationError(str(error)) from error
        return given
