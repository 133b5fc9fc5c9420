"""The forms of all pages, with what a browser would send."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any, NamedTuple

from django.test import Client

from tests.attack.pages import pages


class Form(NamedTuple):
    action: str
    method: str
    fields: dict[str, str]
    choices: dict[str, list[str]]
    """What somebody may tick, choose, press or write instead."""

    @property
    def filled_in(self) -> dict[str, Any]:
        return {**self.fields, **self.choices}


class Forms(HTMLParser):
    """Collects the forms of a page with what they would send."""

    def __init__(self, at: str) -> None:
        super().__init__()
        self.at = at
        self.found: list[Form] = []
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            action = given.get("action") or self.at
            self.found.append(Form(action, given.get("method", "get").lower(), {}, {}))
        elif not self.found:
            return
        elif "formaction" in given:
            # A button's own address; the fields are the same, later ones included.
            self.found.append(self.found[-1]._replace(action=given["formaction"]))
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select:
            self.note(self.select, given, is_set="selected" in given)
        elif tag in {"input", "textarea"} and name:
            ticks = given.get("type") in {"checkbox", "radio"}
            self.note(name, given, is_set=not ticks or "checked" in given)
            if ticks:
                self.found[-1].fields.setdefault(name, "")
        elif tag == "button" and name:
            self.note(name, given, is_set=False)

    def note(self, name: str, given: dict[str, str], *, is_set: bool) -> None:
        value = given.get("value", "")
        if is_set:
            self.found[-1].fields[name] = value
        if not (is_set and value):
            self.found[-1].choices.setdefault(name, []).append(value or "a")


def forms(client: Client) -> list[Form]:
    """Find the forms of all pages, each with its values as they are; none twice."""
    found: dict[tuple[Any, ...], Form] = {}
    extra = [page.path + "?look=no" for page in pages() if "/details/" in page.path]
    for path in [*(page.path for page in pages()), *extra]:
        response = client.get(path)
        if "html" in response.get("Content-Type", "") and not response.streaming:
            reader = Forms(path)
            reader.feed(response.content.decode())
            for form in reader.found:
                found.setdefault((form.action, form.method, *form.fields), form)
    return list(found.values())
