"""What is set of the managing account, in the form's order and words, to be read."""

from __future__ import annotations

from collections.abc import Iterator

from django.forms import BooleanField, ChoiceField

from accounts.web.managing.asked import FIELDS_OF, LISTED
from accounts.web.managing.forms import ManagingForm


def facts_of(form: ManagingForm) -> Iterator[tuple[str, str]]:
    """Yield the label and the value of each field that is set."""
    unasked = unasked_of(form)
    for name, field in form.fields.items():
        value = form[name].value()
        if name in unasked:
            continue
        if isinstance(field, BooleanField):
            shown = "Yes" if value else "No"
        elif isinstance(field, ChoiceField):
            shown = str(dict(field.choices).get(value, ""))  # type: ignore[arg-type]  # they are pairs
        else:
            shown = str(field.prepare_value(value) or "")
        if shown:
            yield str(field.label or form[name].label), shown


def unasked_of(form: ManagingForm) -> set[str]:
    """Name what doesn't matter for what was chosen, and the name: it's the heading."""
    kind = form["identity_kind"].value()
    by_kind = {name for names in FIELDS_OF.values() for name in names}
    unasked = {"name", *by_kind} - {*FIELDS_OF.get(kind, ())}
    if form["assume"].value() == LISTED:
        unasked.add("organization")
    return unasked
