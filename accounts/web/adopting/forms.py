"""The forms that take a Spinnaker's files, which nothing stores, and two answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crispy_forms.layout import Field
from django import forms
from django.core.files.uploadedfile import UploadedFile

from accounts.forms.fields import RuledField, bare_helper
from accounts.mapping.adopting.reporting import TOO_MUCH, are_too_much
from accounts.models.uploads.adoption import LONGEST_NAME
from onboarding import names

FOUND = "The role of every account that Bowline looked at trusts this ARN."
NO_SOURCE = "Choose one or more files, or read the connected Spinnaker."


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Files of one request, within the bounds of all of them."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        sent = data if isinstance(data, Sequence) else [data]
        files = [super(FilesField, self).clean(one, initial) for one in sent if one]
        if are_too_much([file.size or 0 for file in files]):
            raise forms.ValidationError(TOO_MUCH)
        return files


class AdoptForm(forms.Form):
    sources = FilesField(
        required=False,
        allow_empty_file=True,
        label="Files",
        help_text=TOO_MUCH,
    )
    gate = forms.BooleanField(
        required=False,
        label="Also read the connected Spinnaker",
    )
    deployment = RuledField(
        rule=names.seen,
        required=False,
        max_length=LONGEST_NAME,
        label="Deployment of the Halyard config",
        help_text="Leave empty for the current one.",
    )

    def __init__(self, *args: Any, is_connected: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_connected:
            del self.fields["gate"]
        self.helper = bare_helper(*(Field(name) for name in self.fields))

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if not self.errors and not (said.get("sources") or said.get("gate")):
            raise forms.ValidationError(NO_SOURCE)
        return said

    @property
    def contents(self) -> dict[str, bytes]:
        """Return the files by name; one of a name that is taken gets a folder."""
        found: dict[str, bytes] = {}
        for number, file in enumerate(self.cleaned_data["sources"], 1):
            name = file.name if file.name not in found else f"{number}/{file.name}"
            found[name] = file.read()
        return found


class LookForm(forms.Form):
    access_role = RuledField(rule=names.role_name, label="Role to look with")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = bare_helper(Field("access_role"))


class AddForm(forms.Form):
    """What no source says of the accounts that are added."""

    access_role = RuledField(
        rule=names.role_name,
        required=False,
        label="Access role",
        help_text="Bowline assumes it in each new account. Leave empty if they differ.",
    )
    identity = RuledField(
        rule=names.identity_arn,
        label="Spinnaker's identity",
        help_text="The ARN of its role or user.",
    )

    def __init__(
        self,
        *args: Any,
        has_managing: bool = False,
        has_new: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if has_managing:
            del self.fields["identity"]
        elif self.initial.get("identity"):
            self.fields["identity"].help_text = FOUND
        if not has_new:
            del self.fields["access_role"]
        self.helper = bare_helper(*(Field(name) for name in self.fields))
