"""The form that takes a person's halconfig: read in memory, kept and shown nowhere."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from crispy_forms.layout import Field
from django import forms

from accounts.forms.fields import RuledField, bare_helper
from onboarding import names

EMPTY_FOLDER = "Hal must know where the kubeconfigs of the bundle's clusters are."


class NeverShown(forms.Textarea):
    """Text that is not written back into the page, like a password."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        return super().get_context(name, None, attrs)


class HalconfigForm(forms.Form):
    file = forms.FileField(
        required=False,
        allow_empty_file=True,
        label="The file",
        help_text="~/.hal/config of hal's daemon.",
    )
    pasted = forms.CharField(
        required=False,
        strip=False,
        label="Or its text",
        widget=NeverShown(
            attrs={
                "rows": 6,
                "class": "mono",
                "autocomplete": "off",
                "spellcheck": "false",
            }
        ),
    )
    folder = RuledField(
        rule=names.seen,
        label="Where the bundle is unpacked on hal's host",
        initial="/home/spinnaker/bowline",
        help_text="The absolute path.",
    )
    deployment = RuledField(
        rule=names.seen,
        required=False,
        help_text="Empty: the current one.",
    )

    def __init__(self, *args: Any, has_clusters: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_clusters:
            del self.fields["folder"]
        self.helper = bare_helper(*(Field(name) for name in self.fields))

    def clean_folder(self) -> str:
        folder: str = self.cleaned_data["folder"]
        if not PurePosixPath(folder).is_absolute():
            raise forms.ValidationError(f"{EMPTY_FOLDER} Write the path from the root.")
        return folder

    def clean(self) -> dict[str, Any]:
        """Put the file's bytes, or else the pasted text's, under `content`."""
        file, pasted = self.cleaned_data.get("file"), self.cleaned_data.get("pasted")
        if file is None and not pasted:
            raise forms.ValidationError("Choose hal's config, or paste its text.")
        content = file.read() if file is not None else (pasted or "").encode()
        return {**self.cleaned_data, "content": content}
