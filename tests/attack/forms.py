"""The forms of all pages, with what a browser would send."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any, NamedTuple

from django.test import Client

from tests.attack.pages import every_row, pages


class Form(NamedTuple):
    action: str
    method: str
    fields: dict[str, str]


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
            self.found.append(Form(action, given.get("method", "get").lower(), {}))
        elif not self.found:
            return
        elif "formaction" in given:
            # A button's own address; the fields are the same, later ones included.
            self.found.append(self.found[-1]._replace(action=given["formaction"]))
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and "selected" in given:
            self.found[-1].fields[self.select] = given.get("value", "")
        elif tag in {"input", "textarea"} and name:
            ticked = (
                given.get("type") not in {"checkbox", "radio"} or "checked" in given
            )
            if ticked or name not in self.found[-1].fields:
                self.found[-1].fields[name] = given.get("value", "") if ticked else ""


def forms(client: Client) -> list[Form]:
    """Find the forms of all pages, each with its values as they are; none twice."""
    every_row()
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
