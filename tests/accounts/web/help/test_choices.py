"""Forms help with a line a field at most, and a link to where the rest is."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django import forms
from django.test import Client

from accounts.forms.providers import FORMS
from accounts.forms.providers.base import DetailsForm
from accounts.help.choices import CHOICES, more
from accounts.web.urls import urlpatterns
from tests.factories import managed

MOST = 96
"""Characters of a sentence or two next to a field, its link not counted."""
MOST_IN_ALL = 4096
"""Little enough to be read: a form is not a manual."""
LINK = re.compile(r'\s*<a href="([^"]+)" target="_blank">More about .+?</a>$')

assert urlpatterns  # With the URLs, every view's form is imported.


def forms_of_the_site(base: type[forms.BaseForm]) -> Iterator[type[forms.BaseForm]]:
    for one in base.__subclasses__():
        ours = one.__module__.startswith(("accounts.forms.", "accounts.web."))
        if ours and not one.__module__.endswith(".admin") and one is not DetailsForm:
            yield one
        yield from forms_of_the_site(one)


def help_texts() -> dict[str, str]:
    """Collect every field's, a provider's with what its account adds."""
    fields = {
        form.__name__: form.base_fields
        for form in forms_of_the_site(forms.BaseForm)
        if not issubclass(form, DetailsForm)
    }
    for form in FORMS.values():
        fields[form.__name__] = form(managed=managed()).fields
    return {
        f"{form}.{name}": str(field.help_text)
        for form, named in fields.items()
        for name, field in named.items()
    }


def test_a_field_has_a_sentence_or_two_of_help_at_most() -> None:
    lines = {name: LINK.sub("", text) for name, text in help_texts().items()}

    assert {"ManagingForm.boundary", "EksForm.cluster-0-rights"} <= {*lines}
    assert [name for name, line in lines.items() if "\n" in line or "<" in line] == []
    assert {n: line for n, line in lines.items() if len(line) > MOST} == {}
    assert sum(map(len, lines.values())) <= MOST_IN_ALL


@pytest.mark.django_db
def test_each_link_leads_to_an_anchor_and_each_choice_has_one(viewer: Client) -> None:
    found = (LINK.search(text) for text in help_texts().values())
    links = {link[1] for link in found if link}
    anchors = re.findall(r' id="([\w-]+)"', viewer.get("/help/").content.decode())

    assert links == {choice.url for choice in CHOICES}
    for link in links:
        page, _, anchor = link.partition("#")
        assert page == "/help/"
        assert anchor in anchors


def test_a_link_to_no_topic_fails_where_the_form_is_defined() -> None:
    with pytest.raises(AssertionError, match="nowhere"):
        more("A line.", "nowhere")


def test_a_name_keeps_its_capital_in_the_middle_of_a_sentence() -> None:
    called = {topic.title: topic.called for topic in CHOICES}

    assert called["Spinnaker's identity"] == "Spinnaker's identity"
    assert called["Access roles"] == "access roles"
