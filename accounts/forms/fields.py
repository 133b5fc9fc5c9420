"""Form fields that read what people write, and the fields of an account among them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

from crispy_forms import layout
from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from crispy_forms.utils import TEMPLATE_PACK
from django import forms
from django.db import models
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.help.documents import more
from accounts.models.account import MANAGED_MAKERS
from onboarding import names
from onboarding.description.fields import BY_NAME, Field, Kind, Words
from onboarding.partitions import known_region
from onboarding.topology import MadeBy


class Fieldset(layout.Fieldset):  # type: ignore[misc]  # crispy has no types
    """Fields under a legend, which may be anybody's text."""

    def render(self, form: Any, context: Any, **kwargs: Any) -> SafeString:
        fields = self.get_rendered_fields(form, context, **kwargs)
        template = self.get_template_name(TEMPLATE_PACK)
        shown: dict[str, Any] = {
            "fieldset": self,
            "legend": self.legend,
            "fields": fields,
        }
        return render_to_string(template, shown)


class MoreChoices(layout.Div):  # type: ignore[misc]  # crispy has no types
    """Fields that few people change, folded away under a line with what they say.

    Open where one of them is wrong: a link to it must lead somewhere. `warns`: what
    the line says is not recommended.
    """

    def __init__(self, says: str, *fields: Any, warns: bool = False) -> None:
        super().__init__(*fields)
        self.says = says
        self.warns = warns

    def render(self, form: Any, context: Any, **kwargs: Any) -> SafeString:
        fields = self.get_rendered_fields(form, context, **kwargs)
        names = {pointer.name for pointer in self.get_field_names()}
        shown: dict[str, Any] = {
            "says": self.says,
            "warns": self.warns,
            "fields": fields,
            "is_open": bool(names & set(form.errors)),
        }
        return render_to_string("_more_choices.html", shown)


class Included:
    """A fragment of the page, which sees what the page shows."""

    def __init__(self, template: str) -> None:
        self.template = template

    def render(self, form: Any, context: Any, **kwargs: Any) -> SafeString:
        return render_to_string(self.template, context.flatten())


class Sentence:
    """A paragraph between fields, which may be anybody's text."""

    def __init__(self, text: str, css_class: str = "") -> None:
        self.text = text
        self.css_class = css_class

    def render(self, form: Any, context: Any, **kwargs: Any) -> SafeString:
        return format_html('<p class="{}">{}</p>', self.css_class, self.text)


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

    def __init__(self, *, rule: Callable[[str], str] = str, **kwargs: Any) -> None:
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


def form_field(one: Field, words: Words | None = None, **options: Any) -> forms.Field:
    """Ask for the field in these words, or in its own."""
    label, help_text, document = words or one.words
    options["label"] = label
    options["help_text"] = more(help_text, document) if document else help_text
    match one.kind:
        case Kind.TRUTH:
            return forms.BooleanField(required=False, **options)
        case Kind.MAKER:
            return forms.TypedChoiceField(
                choices=MANAGED_MAKERS,
                widget=forms.RadioSelect,
                required=False,
                empty_value=MadeBy.BOWLINE.value,
                **options,
            )
        case Kind.REGIONS:
            needed = {"required": "Choose at least one Region."}
            return RegionsField(error_messages=needed, **options)
        case Kind.GROUPS:
            return RolesField(**options)
    options = {"required": one.is_needed, "max_length": one.longest, **options}
    field = RuledField(rule=one.rule, **options)
    if one.kind is Kind.ACCOUNT_ID:
        field.widget.attrs["inputmode"] = "numeric"
    if one.proposals:
        field.widget.attrs["list"] = one.proposals
    return field


def asked_of_column(column: models.Field[Any, Any], **_: Any) -> forms.Field:
    """Ask for a column of the model, as a ModelForm's `formfield_callback`."""
    return form_field(BY_NAME[column.name])


def listed_fields(chosen: Iterable[Field]) -> list[str]:
    """Name the fields that have no place of their own, without the groups, which forms
    fold away or put under a heading.
    """
    groups = Kind.GROUPS
    return [one.name for one in chosen if one.is_listed and one.kind is not groups]
