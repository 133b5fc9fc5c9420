"""The form that takes a person's halconfig: read in memory, kept and shown nowhere."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from crispy_forms.layout import Field
from django import forms

from accounts.forms.fields import RuledField, bare_helper
from onboarding import names

EMPTY_FOLDER = "hal needs the path of the kubeconfig files in the bundle."


class NeverShown(forms.Textarea):
    """Text that is not written back into the page, like a password."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        return super().get_context(name, None, attrs)


class HalconfigForm(forms.Form):
    file = forms.FileField(
        required=False,
        allow_empty_file=True,
        label="The file",
        help_text="The ~/.hal/config file of the Halyard daemon.",
    )
    pasted = forms.CharField(
        required=False,
        strip=False,
        label="Or paste its text",
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
        label="Bundle directory on the Halyard host",
        initial="/home/spinnaker/bowline",
        help_text="The absolute path of the unpacked bundle.",
    )
    deployment = RuledField(
        rule=names.seen,
        required=False,
        help_text="Leave empty to use the current deployment.",
    )

    def __init__(self, *args: Any, has_clusters: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_clusters:
            del self.fields["folder"]
        self.helper = bare_helper(*(Field(name) for name in self.fields))

    def clean_folder(self) -> str:
        folder: str = self.cleaned_data["folder"]
        if not PurePosixPath(folder).is_absolute():
            raise forms.ValidationError(f"{EMPTY_FOLDER} Enter the absolute path.")
        return folder

    def clean(self) -> dict[str, Any]:
        """Put the file's bytes, or else the pasted text's, under `content`."""
        file, pasted = self.cleaned_data.get("file"), self.cleaned_data.get("pasted")
        if file is None and not pasted:
            raise forms.ValidationError("Choose the Halyard config, or paste its text.")
        content = file.read() if file is not None else (pasted or "").encode()
        return {**self.cleaned_data, "content": content}
