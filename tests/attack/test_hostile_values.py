"""Tried: some fifty hostile values (markup, templates, SQL, shell, paths, line breaks,
NUL, numbers that are none), by turns, in every field of every form, every query and
every URL.

Refused: by a sentence of the form, or taken and shown as the text that they are; no
answer is a 500, no page has markup of theirs, no header is split, and no redirect leads
to another site.
"""

from __future__ import annotations

from collections.abc import Iterator
from http.cookies import SimpleCookie
from itertools import cycle, islice
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.test import Client
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.models import Run
from accounts.models.states import Status
from tests.attack.forms import Form, forms
from tests.attack.pages import ANY, every_row, listed, pages
from tests.attack.values import COMPUTED, PLANTED, VALUES
from tests.rows import person

pytestmark = pytest.mark.django_db

EACH = 4
"""Values that each field is given alone, in turn; the whole form gets many more."""

IN_QUERIES, IN_URLS = 2, 8
"""Values that each name of a query, and each part of a URL, is given in turn."""

KEPT = {"csrfmiddlewaretoken"}


@pytest.fixture
def almighty() -> Client:
    user = person("administrator", username="almighty")
    user.groups.add(*Group.objects.all())
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def elsewhere(location: str) -> bool:
    """Tell whether a browser would leave the site."""
    return not url_has_allowed_host_and_scheme(location or "/", {"testserver"})


def trouble(response: HttpResponse, value: str) -> str:
    """Say what is wrong with an answer; empty where it is as it must be."""
    if response.status_code >= 500:
        return f"{response.status_code}: {getattr(response, 'exc_info', None)!r:.200}"
    if "planted" in response.cookies:
        return "a header was split"
    if elsewhere(response.get("Location", "")):
        return f"it leads to {response['Location']!r:.60}"
    if response.streaming or "html" not in response.get("Content-Type", ""):
        return ""
    html = response.content.decode()
    if PLANTED in html:
        return "markup"
    if COMPUTED in html:
        return "computed"
    return ""


def sent(client: Client, form: Form, fields: dict[str, str]) -> Iterator[HttpResponse]:
    """Send the form and yield each answer, up to the page that it leads to; whoever
    is signed out by it comes back.
    """
    cookies = SimpleCookie()
    cookies.update(client.cookies)
    send = client.post if form.method == "post" else client.get
    response = send(form.action, fields)
    yield response
    if response.status_code == 302 and response["Location"].startswith("/"):
        yield client.get(response["Location"])
    client.cookies = cookies


def attacked(client: Client, form: Form) -> Iterator[str]:
    names = [name for name in form.fields if name not in KEPT]
    whole = [(dict.fromkeys(names, value), value) for value in VALUES[::3]]
    values = cycle(VALUES)
    alone = [
        ({**form.fields, name: value}, value)
        for name in names
        for value in (VALUES[0], *islice(values, EACH))
    ]
    for fields, value in [*whole, *alone]:
        with transaction.atomic():
            for response in sent(client, form, fields):
                if wrong := trouble(response, value):
                    yield f"{form.method} {form.action} {value!r:.40}: {wrong}"
            transaction.set_rollback(True)


@pytest.mark.exhaustive
def test_every_field_of_every_form(almighty: Client) -> None:
    every_row()
    found = forms(almighty)

    wrong = [said for form in found for said in attacked(almighty, form)]

    assert len(found) > 30
    assert not wrong, listed(wrong)


class Asked(set[str]):
    """The names in queries that views ask for."""

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        for method in ("get", "getlist", "__getitem__", "__contains__"):
            original = getattr(QueryDict, method)

            def noting(
                query: QueryDict, name: str, *more: Any, original: Any = original
            ) -> Any:
                self.add(name)
                return original(query, name, *more)

            patch.setattr(QueryDict, method, noting, raising=False)


@pytest.mark.exhaustive
def test_every_name_in_a_query(almighty: Client, monkeypatch) -> None:
    every_row()
    asked_by: dict[str, list[str]] = {}
    for page in pages():
        with monkeypatch.context() as patch:
            asked = Asked()
            asked.watch(patch)
            almighty.get(page.path)
        asked_by[page.path] = sorted(asked)

    wrong, values = [], cycle(VALUES)
    for path, names in asked_by.items():
        for name in names:
            for value in (VALUES[0], *islice(values, IN_QUERIES)):
                said = trouble(almighty.get(path, {name: value}), value)
                if said:
                    wrong.append(f"{path}?{name}={value!r:.40}: {said}")

    assert sum(map(len, asked_by.values())) > 40
    assert not wrong, listed(wrong)


@pytest.mark.exhaustive
def test_every_argument_in_a_url(almighty: Client) -> None:
    every_row()
    row = str(Run.objects.filter(status=Status.PLANNED).get().pk)
    known = ("README.md", "identity", "f" * 32, f"/{ANY['int']}/", "nowhere", row)
    values = cycle(VALUES)
    attacked_paths = {
        page.path.replace(part, quote(value, safe="/"), 1)
        for page in pages()
        for part in known
        if part in page.path and (part != row or page.path.startswith("/admin/"))
        for value in (VALUES[0], *islice(values, IN_URLS))
    }

    wrong = [
        f"{path:.80}: {said}"
        for path in attacked_paths
        if (said := trouble(almighty.get(path), ""))
    ]

    assert len(attacked_paths) > 100
    assert not wrong, listed(wrong)
