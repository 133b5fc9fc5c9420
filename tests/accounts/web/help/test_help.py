"""Forms and pages help with a line, and a link to the document that says the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django import forms
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import User
from django.test import Client

from accounts.forms.providers import FORMS
from accounts.forms.providers.base import DetailsForm
from accounts.help.documents import Document, documents, more
from accounts.help.pages import PAGES
from accounts.web.factors.views import urlpatterns as of_factors
from accounts.web.help.views import rendered
from accounts.web.urls import urlpatterns
from tests.attack.whole_site import whole_site
from tests.factories import managed
from tests.rows import PASSWORD, person

OF_ADMIN_SITE = (AdminUserCreationForm, UserChangeForm)
MOST = 96
"""Characters of a sentence or two next to a field, its link not counted."""
MOST_ON_A_PAGE = 80
MOST_IN_ALL = 4096
"""Little enough to be read: a form is not a manual."""
LINK = re.compile(r'\s*<a href="([^"]+)" target="_blank">Learn more<.+?</a>$')

WITHOUT = {"documentation", "document", "search"}
"""Pages that need none; a new one is a decision."""

assert urlpatterns  # With the URLs, every view's form is imported.


def forms_of_the_site(base: type[forms.BaseForm]) -> Iterator[type[forms.BaseForm]]:
    for one in base.__subclasses__():
        ours = one.__module__.startswith(("accounts.forms.", "accounts.web."))
        if ours and one is not DetailsForm and not issubclass(one, OF_ADMIN_SITE):
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


def test_each_link_leads_to_a_heading_of_a_document() -> None:
    found = [LINK.search(text) for text in help_texts().values()]
    links = [link[1] for link in found if link]
    places = [place for one in documents() for place in headings_of(one)]

    assert len(links) > 20
    assert [link for link in links if link not in places] == []


def headings_of(document: Document) -> list[str]:
    shown = rendered(document.path, document.text, documents())
    return [document.url, *(f"{document.url}#{one.anchor}" for one in shown.headings)]


def test_each_page_is_helped_in_a_line_and_by_a_heading_of_a_document() -> None:
    known = {pattern.name for pattern in (*urlpatterns, *of_factors)}

    assert {*PAGES} <= known
    for page, help_on in PAGES.items():
        assert len(help_on.line) <= MOST_ON_A_PAGE, page
        assert help_on.line.endswith("."), page
        assert help_on.place.url in headings_of(help_on.place.document), page


def test_a_link_to_no_document_fails_where_the_form_is_defined() -> None:
    with pytest.raises(AssertionError, match="nowhere"):
        more("A line.", "nowhere#at-all")


@pytest.mark.django_db
@pytest.mark.exhaustive
def test_every_page_of_the_site_has_help(client: Client) -> None:
    site = whole_site()
    client.force_login(person("administrator", is_superuser=True))
    without = []

    for address in site.addresses():
        page = client.get(address)
        match = page.resolver_match
        is_page = page.status_code == 200 and not page.streaming
        if not is_page or match is None or match.app_name != "accounts":
            continue
        has_help = b"Help on this page" in page.content
        if b"<h1>" in page.content and not has_help:
            without.append(match.url_name)

    assert {*without} == WITHOUT


@pytest.mark.django_db
def test_the_page_of_second_factors_leads_to_its_help(viewer: Client) -> None:
    page = viewer.get("/you/second-factor/").content.decode()

    assert 'href="/help/docs/sign-in/#second-factor"' in page


@pytest.mark.django_db
def test_nobody_without_a_role_is_led_to_help(client: Client) -> None:
    client.force_login(User.objects.create_user("new", password=PASSWORD))

    page = client.get("/you/second-factor/").content.decode()

    assert "Second factor" in page
    assert "/help/" not in page
