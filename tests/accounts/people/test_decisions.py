"""The table of all decisions is made of the code: no decision without a row, no row
without a decision; its pages, operations and words say what it says.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.urls import URLPattern, URLResolver, get_resolver

from accounts.api.api import api
from accounts.api.authentication import ROLES as ROLES_OF_SCOPES
from accounts.models import Activity
from accounts.models.api.token import Scope
from accounts.people.decisions import BY_BOWLINE, DECISIONS, table
from accounts.people.doors import role_needed
from accounts.people.roles import UserRole

ROOT = Path(__file__).parents[3]
ACCOUNTS = ROOT / "accounts"
RECORDS = {"record", "record_many", "record_run", "record_delivery", "record_edit"}
What = Activity.What


def recorded() -> set[tuple[Activity.What, str]]:
    """Find which decisions each module records."""
    found = set()
    for path in ACCOUNTS.rglob("*.py"):
        place = str(path.relative_to(ACCOUNTS))
        if place.startswith(("migrations/", "people/decisions.py", "models/")):
            continue
        tree = [*ast.walk(ast.parse(path.read_text()))]
        if {called(node) for node in tree} & RECORDS:
            found |= {(what, place) for node in tree for what in whats(node)}
    return found


def called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


def whats(node: ast.AST) -> Iterator[Activity.What]:
    """Yield the decision that `What.X` or `Activity.What.X` names."""
    if isinstance(node, ast.Attribute) and node.attr in What.__members__:
        holder = getattr(node.value, "id", getattr(node.value, "attr", ""))
        if holder == "What":
            yield What[node.attr]


def test_each_decision_that_is_recorded_has_a_row_and_each_row_is_recorded() -> None:
    found = recorded()
    rows = {
        (what, place)
        for row in DECISIONS
        for what in row.what
        for place in row.recorded_by
        if (what, place) in found
    } | {*BY_BOWLINE}
    idle = [
        (row.title, one)
        for row in DECISIONS
        for one in (*row.what, *row.recorded_by)
        if not any(one in pair for pair in found)
    ]

    assert found - rows == set()
    assert rows - found == set()
    assert idle == []
    assert {what for what, _ in found} == {*What}


def views() -> dict[str, UserRole | None]:
    """Give the role that each named view of the pages asks for."""
    found = {}

    def walk(resolver: URLResolver, app: str) -> None:
        for one in resolver.url_patterns:
            if isinstance(one, URLResolver):
                walk(one, one.app_name or app)
            elif isinstance(one, URLPattern) and one.name and app == "accounts":
                found[one.name] = role_needed(one.callback, app)

    walk(get_resolver(), "")
    return found


def operations() -> dict[str, UserRole]:
    """Give the role that each operation's token must have."""
    found = {}
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for one in view.operations:
                scopes = [auth.scope for auth in one.auth_callbacks] or [Scope.READ]
                plain = re.sub(r"{\w+:", "{", f"/{prefix.strip('/')}{path}")
                for method in one.methods:
                    found[f"{method} {plain}"] = ROLES_OF_SCOPES[scopes[0]]
    return found


def test_pages_and_operations_ask_for_the_role_of_their_row() -> None:
    needed, asked = views(), operations()

    wrong = [
        (row.title, name, needed.get(name, "no such page"))
        for row in DECISIONS
        for name in row.pages
        if row.role and needed.get(name) != row.role
    ]
    wrong += [
        (row.title, name, asked.get(name, "no such operation"))
        for row in DECISIONS
        for name in row.operations
        if asked.get(name) != row.role
    ]

    assert wrong == []


def test_the_documentation_has_the_table() -> None:
    assert table() in (ROOT / "docs" / "people" / "roles.md").read_text()
