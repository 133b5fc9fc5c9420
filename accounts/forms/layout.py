"""The parts of a form's layout that hold text: they show it as text.

crispy's own compile their text as a template of Django, and print it as markup, so
nothing but `Div`, `Field` and `Layout` is taken from crispy.
"""

from __future__ import annotations

from typing import Any

from crispy_forms import layout
from crispy_forms.utils import TEMPLATE_PACK
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString


class Fieldset(layout.Fieldset):  # type: ignore[misc]  # crispy has no types
    """Fields under a legend, which may be anybody's text."""

    def render(
        self,
        form: Any,
        context: Any,
        template_pack: Any = TEMPLATE_PACK,
        **kwargs: Any,
    ) -> SafeString:
        fields = self.get_rendered_fields(form, context, template_pack, **kwargs)
        template = self.get_template_name(template_pack)
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

    def render(
        self,
        form: Any,
        context: Any,
        template_pack: Any = TEMPLATE_PACK,
        **kwargs: Any,
    ) -> SafeString:
        fields = self.get_rendered_fields(form, context, template_pack, **kwargs)
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
