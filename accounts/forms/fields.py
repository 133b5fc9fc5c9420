"""Form fields that read what people write, and refuse it with a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple, TypeVar

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms

from onboarding import names
from onboarding.partitions import known_region

T = TypeVar("T")
MOST_VALUES = 500
"""In one field. To find the region that each of a million was meant to be would
take minutes.
"""


def checked(rule: Callable[[T], T], value: T) -> T:
    """Apply one of the engine's rules; its sentence becomes the field's error."""
    try:
        return rule(value)
    except ValueError as error:
        raise forms.ValidationError(str(error)) from error


class RuledField(forms.CharField):
    """Text that one of the engine's rules accepts and may normalise."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "required": "This field is required."
    }

    def __init__(self, *, rule: Callable[[str], str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rule = rule
        self.widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        try:
            return self.rule(text) if text else text
        except ValueError:
            return text  # clean() refuses it; has_changed() must not

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        return checked(self.rule, text) if text else text


class ListField(forms.CharField):
    """Several values in one line, each checked by a rule, none twice."""

    separators = re.compile(r"[,\s]+")

    def __init__(self, *, rule: Callable[[str], str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rule = rule
        self.widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        parts = (part.strip() for part in self.separators.split(value or ""))
        return list(dict.fromkeys(part for part in parts if part))

    def validate(self, value: Any) -> None:
        if self.required and not value:
            raise forms.ValidationError(self.error_messages["required"], "required")

    def run_validators(self, value: Any) -> None:
        """Check each value, and name every invalid one."""
        if len(value) > MOST_VALUES:
            raise forms.ValidationError(
                f"{len(value):,} values are too many. Enter up to {MOST_VALUES}."
            )
        errors = []
        for item in value:
            try:
                checked(self.rule, item)
            except forms.ValidationError as error:
                errors.append(error)
        if errors:
            raise forms.ValidationError(errors)


class RolesField(ListField):
    """Roles of Fiat: names with spaces in them are separated by commas or lines."""

    separators = re.compile(r"[,\n]")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(rule=names.fiat_role, **{"required": False, **kwargs})


class SeveralInputs(forms.TextInput):
    """One value from every input of the name: selected boxes and a line of text."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        values: Sequence[str] = (
            data.getlist(name) if hasattr(data, "getlist") else [data.get(name) or ""]
        )
        return " ".join(value for value in values if value)


class RegionsField(ListField):
    """Regions, selected among those that were offered or typed."""

    def __init__(self, **kwargs: Any) -> None:
        self.partition = "aws"
        super().__init__(rule=self.known, widget=SeveralInputs, **kwargs)

    def known(self, region: str) -> str:
        return known_region(region, self.partition)

    def __deepcopy__(self, memo: Any) -> RegionsField:
        copied: RegionsField = super().__deepcopy__(memo)
        copied.rule = copied.known
        return copied


class WrongField(NamedTuple):
    """A field that was refused, as the head of the page says it."""

    name: str
    """What people read next to it."""
    anchor: str
    """Where a link leads to; empty where nothing can be changed."""
    sentences: list[str]


def wrong_fields(form: forms.BaseForm) -> list[WrongField]:
    """List what is wrong, in the order of the page."""
    return [
        WrongField(
            getattr(field.field, "in_full", str(field.label)),
            "" if field.is_hidden else field.id_for_label or f"{field.auto_id}_0",
            [str(error) for error in field.errors],
        )
        for field in form
        if field.errors
    ]


def bare_helper(*parts: Any) -> FormHelper:
    """Leave the form's tag and buttons to the page."""
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    if parts:
        helper.layout = Layout(*parts)
    return helper
