"""The form that takes an accounts file."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from django import forms

KINDS = (".csv", ".yaml", ".yml")


class FileForm(forms.Form):
    file = forms.FileField(
        allow_empty_file=True,
        label="The file",
        help_text="CSV or YAML, up to 10,000 accounts and 16 MB.",
        error_messages={"required": "Choose a file."},
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(KINDS)}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if PurePath(file.name).suffix.lower() not in KINDS:
            raise forms.ValidationError(
                f"“{file.name}” isn't a .csv, .yaml, or .yml file."
            )
        return file

    @property
    def is_csv(self) -> bool:
        return PurePath(self.cleaned_data["file"].name).suffix.lower() == ".csv"
