"""The API does everything that the pages do: each URL that takes a POST has operations
next to it, or says why it is for people only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.views.decorators.http import require_GET, require_POST

from accounts.api.api import api
from accounts.web.access import operator_required

DOC = Path(__file__).parents[3] / "docs" / "api.md"

ACCOUNT, ROLLOUT = "/accounts/{name}", "/rollouts/{number}"
DESCRIBE = f"PUT {ACCOUNT}"
PLAN_MANY = "POST /rollouts"

BY_API: Mapping[str, str] = {
    "accept": f"POST {ACCOUNT}/accept",
    "bundle-build": "POST /bundles",
    "bundle-installed": "POST /bundles/{number}/installed",
    "clusters": "POST /clusters/searches/{id}/describe",
    "clusters-find": "POST /clusters/searches",
    "delivery-approve": "POST /deliveries/{number}/approve",
    "delivery-discard": "POST /deliveries/{number}/discard",
    "delivery-start": "POST /deliveries",
    "edit-many": DESCRIBE,
    "file-preview": "POST /accounts-file",
    "forget": f"DELETE {ACCOUNT}",
    "from-file": "POST /accounts-file/preview",
    "leave-out": f"POST {ACCOUNT}/leave-out",
    "leave-out-many": f"POST {ACCOUNT}/leave-out",
    "managing": "PUT /managing-account",
    "managing-plan": "POST /managing-account/plan",
    "organization": "POST /organization/members",
    "organization-hand-off-look": "POST /organization/hand-off/look",
    "organization-read": "POST /organization/read",
    "organization-unwatch": "DELETE /organization/units/{unit}/watch",
    "organization-watch": "PUT /organization/units/{unit}/watch",
    "plan": f"POST {ACCOUNT}/plan",
    "plan-many": PLAN_MANY,
    "remove": f"POST {ACCOUNT}/remove",
    "remove-many": PLAN_MANY,
    "retry-many": "POST /runs/{number}/again",
    "rollout-approve": f"POST {ROLLOUT}/groups/{{fingerprint}}/approve",
    "rollout-pause": f"POST {ROLLOUT}/pause",
    "rollout-resume": f"POST {ROLLOUT}/resume",
    "rollout-retry": f"POST {ROLLOUT}/retry",
    "rollout-settings": f"PATCH {ROLLOUT}",
    "rollout-stop": f"POST {ROLLOUT}/stop",
    "rotate": f"POST {ACCOUNT}/external-id/rotate",
    "rotate-many": f"POST {ACCOUNT}/external-id/rotate",
    "rotated": f"POST {ACCOUNT}/external-id/finish",
    "run-again": "POST /runs/{number}/again",
    "run-approve": "POST /runs/{number}/approve",
    "run-discard": "POST /runs/{number}/discard",
    "run-look": "POST /runs/{number}/look",
    "run-updated": f"POST {ACCOUNT}/hand-off/updated",
    "same-plans-approve": "POST /runs/same/{fingerprint}/approve",
    "spinnaker-test": "POST /spinnaker/test",
    "test-access": f"POST {ACCOUNT}/access-test",
    "unrotate": f"POST {ACCOUNT}/external-id/cancel",
    "verify": f"POST {ACCOUNT}/verify",
    "verify-many": PLAN_MANY,
    "wizard": DESCRIBE,
    "wizard-new": DESCRIBE,
}
"""Which operation does what a POST of the page does. Those on many accounts are done
account by account, or as a rollout."""

WHO_SIGNS_IN = "Signing in, passwords, second factors, sessions"
TOKENS = "Tokens"
PREFERENCES = "Preferences"
WHO_MAY = "People, roles and four eyes"
WHERE = "The connection with Spinnaker, targets of notifications"
OWN_FILE = "Merging a bundle into a halconfig"

FOR_PEOPLE: Mapping[str, Iterable[str]] = {
    WHO_SIGNS_IN: (
        *("choose-password", "confirm", "confirm-options", "passkey"),
        *("passkey-options", "saml-acs", "second-factor-app", "sessions-end", "you"),
        *("second-factor-app-remove", "second-factor-codes", "second-factor-passkey"),
        *("second-factor-passkey-options", "second-factor-passkey-remove"),
        *("second-step", "sign-in", "sign-out"),
    ),
    TOKENS: (
        *("any-token-revoke", "feed-token", "feed-token-revoke"),
        *("token-create", "token-revoke"),
    ),
    PREFERENCES: ("preferences",),
    WHO_MAY: (
        *("four-eyes", "group-remove", "group-save", "group-sign-out"),
        *("person-active", "person-add", "person-describe", "person-link"),
        *("person-roles", "person-sign-out"),
    ),
    WHERE: (
        *("spinnaker-disconnect", "spinnaker-edit", "target", "target-add"),
        *("target-pause", "target-remove", "target-rotate", "target-test", "targets"),
    ),
    OWN_FILE: ("halconfig",),
}
"""What docs/api.md explains to be for people only, in a row with this beginning."""


class Named(NamedTuple):
    name: str
    view: Any


def views(patterns: Iterable[Any] | None = None) -> Iterator[Named]:
    """Yield the views of the site, apart from the API's and the records'."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(one, URLResolver):
            if one.namespace not in {"api", "admin"}:
                yield from views(one.url_patterns)
        elif isinstance(one, URLPattern) and one.name:
            yield Named(one.name, one.callback)


def takes_post(view: Any) -> bool:
    """Tell by its code, and that of what it calls in the pages, that it reads a POST.

    The lists of methods that decorators allow are in their closures.
    """
    handles = getattr(view, "view_class", None)
    return hasattr(handles, "post") or any(map(reads_post, near(view)))


def near(view: Any) -> Iterator[FunctionType]:
    """Yield the view's functions: what is wrapped, and what they name."""
    seen, todo = set[FunctionType](), [view]
    while todo:
        one = todo.pop()
        if not isinstance(one, FunctionType) or one in seen:
            continue
        seen.add(one)
        yield one
        todo += [cell.cell_contents for cell in one.__closure__ or ()]
        if is_of_pages(one):
            for code in codes(one.__code__):
                for name in code.co_names:
                    todo += parts(one.__globals__.get(name))


def parts(value: Any) -> Iterator[Any]:
    """Yield a function, or the functions of a table."""
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from parts(one)
    else:
        yield value


def codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from codes(inner)


def reads_post(one: FunctionType) -> bool:
    if any(cell.cell_contents == ["POST"] for cell in one.__closure__ or ()):
        return True
    return is_of_pages(one) and any(
        "POST" in (*code.co_names, *code.co_consts) for code in codes(one.__code__)
    )


def is_of_pages(one: FunctionType) -> bool:
    return one.__module__.startswith(("accounts.web", __name__))


POSTED = {one.name for one in views() if takes_post(one.view)}
PERSONAL = {name for names in FOR_PEOPLE.values() for name in names}


def test_each_post_of_the_pages_has_an_operation_or_a_reason() -> None:
    assert len(POSTED) > 80
    assert POSTED - {*BY_API} - PERSONAL == set(), "Add them to BY_API or FOR_PEOPLE."


def test_the_lists_name_nothing_else() -> None:
    assert {*BY_API} | PERSONAL == POSTED
    assert not {*BY_API} & PERSONAL


def test_each_operation_is_there() -> None:
    described = api.get_openapi_schema()["paths"].items()
    there = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, methods in described
        for method in methods
    }

    assert {*BY_API.values()} - there == set()


@pytest.mark.parametrize("what", FOR_PEOPLE)
def test_the_docs_say_why_it_is_for_people_only(what: str) -> None:
    (row,) = (
        line for line in DOC.read_text().splitlines() if line.startswith(f"| {what} |")
    )

    assert len(row.split("|")[2].split()) > 5


def shows(request: Any) -> None:
    """Show a page, and nothing else."""


def saves(request: Any) -> None:
    return further(request)


def further(request: Any) -> None:
    assert [request.POST for _ in range(1)]


@pytest.mark.parametrize(
    ("view", "takes"),
    [
        (shows, False),
        (operator_required(shows), False),
        (require_GET(shows), False),
        (require_POST(shows), True),
        (operator_required(require_POST(shows)), True),
        (saves, True),
        (resolve("/accounts/").func, False),
        (resolve("/sign-in/").func, True),
    ],
    ids=["page", "role", "get", "post", "role and post", "inner", "list", "class"],
)
def test_a_view_that_takes_a_post_is_known_by_its_code(view: Any, takes: bool) -> None:
    assert takes_post(view) is takes
