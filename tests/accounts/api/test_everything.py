"""The API does everything that the pages do: each URL that takes a POST, or is read,
has an operation next to it, or says why it is for people only.
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
from accounts.people.doors import operator_required

DOC = Path(__file__).parents[3] / "docs" / "reference" / "api.md"

ACCOUNT, ROLLOUT = "/accounts/{name}", "/rollouts/{number}"
DESCRIBE = f"PUT {ACCOUNT}"
PLAN_MANY = "POST /rollouts"

BY_API: Mapping[str, str] = {
    **dict.fromkeys(("adopt", "adoption", "adoption-in-aws"), "POST /adoptions"),
    "adoption-add": "POST /accounts-file/preview",
    "accept": f"POST {ACCOUNT}/accept",
    "accept-many": "POST /evaluated-accounts/accept",
    "bundle-build": "POST /bundles",
    "bundle-installed": "POST /bundles/{number}/installed",
    "clusters": "POST /clusters/searches/{id}/add",
    "clusters-find": "POST /clusters/searches",
    **{
        f"foreign-policy-{verb}": f"POST /foreign-policies/{{number}}/{verb}"
        for verb in ("accept", "ask", "end")
    },
    **{
        f"foreign-alike-{verb}": f"POST /foreign-policies/alike/{{alike}}/{verb}"
        for verb in ("accept", "ask", "end")
    },
    "delivery-approve": "POST /deliveries/{number}/approve",
    "delivery-discard": "POST /deliveries/{number}/discard",
    "delivery-start": "POST /deliveries",
    "edit-many": DESCRIBE,
    "file-preview": "POST /accounts-file",
    "forget": f"DELETE {ACCOUNT}",
    "managing-adopt-list": "POST /managing-account/list/adopt",
    "kept-role-take-off": "POST /managing-account/kept-roles/take-off",
    "leave": f"POST {ACCOUNT}/leave",
    "from-file": "POST /accounts-file/preview",
    "exclude": f"POST {ACCOUNT}/exclude",
    "exclude-many": f"POST {ACCOUNT}/exclude",
    "managing": "PUT /managing-account",
    "managing-plan": "POST /managing-account/plan",
    "organization": "POST /organization/members",
    "organization-hand-off-look": "POST /organization/hand-off/look",
    "organization-read": "POST /organization/read",
    "organization-unwatch": "DELETE /organization/units/{unit}/watch",
    "organization-watch": "PUT /organization/units/{unit}/watch",
    "plan": f"POST {ACCOUNT}/plan",
    "plan-many": PLAN_MANY,
    "take-over": f"POST {ACCOUNT}/take-over",
    "take-over-many": PLAN_MANY,
    "undo": "POST /runs/{number}/undo",
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
    "identical-plans-approve": "POST /runs/same/{fingerprint}/approve",
    "spinnaker-run-by": "PUT /spinnaker/run-by",
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
WHO_MAY = "People, roles, and second approvers"
WHERE = "The connection with Spinnaker, targets of notifications"

FOR_PEOPLE: Mapping[str, Iterable[str]] = {
    WHO_SIGNS_IN: (
        *("choose-password", "confirm", "confirm-options", "passkey"),
        *("passkey-options", "second-factor-app", "sessions-end", "you"),
        *("second-factor-codes", "second-factor-passkey", "second-factor-remove"),
        *("second-factor-passkey-options", "mfa_authenticate", "account_login"),
        *("sign-in", "sign-out", "unsent"),
    ),
    TOKENS: ("any-token-revoke", "token-create", "token-revoke"),
    PREFERENCES: ("filter-delete", "filter-save", "preferences"),
    WHO_MAY: (
        *(
            "environment-rule-add",
            "environment-rule-remove",
            "second-approver",
            "person-active",
            "person-add",
            "person-describe",
            "person-link",
        ),
        *("person-roles", "person-sign-out"),
    ),
    WHERE: (
        *("spinnaker-disconnect", "spinnaker-edit", "target", "target-add"),
        *("target-pause", "target-remove", "target-rotate", "target-test", "targets"),
    ),
}
"""What docs/reference/api.md explains to be for people only, in rows that begin so."""


A_BUNDLE, HAND_OFF = "/bundles/{number}", f"{ACCOUNT}/hand-off"
BY_READS: Mapping[str, str] = {
    **dict.fromkeys(("adoption", "adoption-in-aws"), "GET /adoptions/{id}"),
    **dict.fromkeys(("adoption-json", "adoption-text"), "GET /adoptions/{id}"),
    "adoption-add": "GET /adoptions/{id}/accounts-file",
    "access-role": f"GET {ACCOUNT}/access-role",
    "access-role-file": f"GET {ACCOUNT}/access-role",
    "spinnaker-now": "GET /spinnaker/run-by",
    "account": f"GET {ACCOUNT}",
    **dict.fromkeys(("accounts", "accounts-csv", "accounts-json"), "GET /accounts"),
    **dict.fromkeys(("foreign-policies", "foreign-policy"), "GET /foreign-policies"),
    "existing-roles": "GET /accounts",
    "to-accept": "GET /evaluated-accounts",
    "foreign-alike": "GET /foreign-policies/alike/{alike}",
    "accounts-file-csv": "GET /accounts-file",
    "accounts-file-yaml": "GET /accounts-file",
    **dict.fromkeys(("activity", "activity-csv", "activity-json"), "GET /activity"),
    "bundle": f"GET {A_BUNDLE}",
    "bundle-download": f"GET {A_BUNDLE}/download",
    "bundle-file": f"GET {A_BUNDLE}/files/{{path}}",
    "bundle-next": "GET /bundles/next",
    **dict.fromkeys(("bundles", "bundles-csv", "bundles-json"), "GET /bundles"),
    "clusters": "GET /clusters/searches/{id}/clusters",
    "deliveries": "GET /deliveries",
    "delivery": "GET /deliveries/{number}",
    "bundle-since": f"GET {A_BUNDLE}/since/{{since}}",
    "file-check": "GET /accounts-file/preview/{preview}",
    "file-preview": "POST /accounts-file/preview",
    "hand-off": f"GET {HAND_OFF}",
    "hand-off-archive": f"GET {HAND_OFF}",
    "hand-off-file": f"GET {HAND_OFF}",
    "hand-off-version": f"GET {HAND_OFF}/versions/{{number}}",
    "managing": "GET /managing-account",
    "organization": "GET /organization/members",
    "organization-adding": "GET /organization/additions/{id}",
    "organization-csv": "GET /organization/members",
    "organization-hand-off": "GET /organization/hand-off",
    "organization-hand-off-archive": "GET /organization/hand-off",
    "organization-json": "GET /organization/members",
    "organization-progress": "GET /organization",
    "organization-watch": "GET /organization/units",
    "overview": "GET /overview",
    **dict.fromkeys(("permissions", "permissions-csv"), f"GET {ACCOUNT}/permissions"),
    "rollout": f"GET {ROLLOUT}",
    "rollout-csv": f"GET {ROLLOUT}/accounts",
    "rollout-group": f"GET {ROLLOUT}/groups/{{fingerprint}}",
    "rollout-json": f"GET {ROLLOUT}/accounts",
    "rollouts": "GET /rollouts",
    "run": "GET /runs/{number}",
    "run-by-number": "GET /runs/{number}",
    **dict.fromkeys(("runs", "runs-csv", "runs-json"), "GET /runs"),
    "identical-plans": "GET /runs/same/{fingerprint}",
    "spinnaker": "GET /spinnaker",
    "spinnaker-file": "GET /spinnaker/services/{service}",
    "test-access": f"GET {ACCOUNT}/access-test",
    "wizard": f"GET {ACCOUNT}",
}
"""Which operation reads what the page shows, or the file holds."""

TEXTS = "Help and the documentation"
SEARCH = "Search over everything, and what updates pages"
FORMS = "Empty forms, and templates of files"
CONNECTED = "A report on the connected Spinnaker"

READ_BY_PEOPLE: Mapping[str, Iterable[str]] = {
    WHO_SIGNS_IN: (
        *("choose-password", "confirm", "openid_connect_callback", "second-factor"),
        *("second-factor-app", "second-factor-passkey", "mfa_authenticate"),
        *("account_login", "sign-in", "unsent"),
        *("single-sign-on", "you"),
    ),
    TOKENS: ("all-tokens", "tokens"),
    WHO_MAY: (
        *("people", "people-csv", "people-json", "person", "person-add"),
        "settings",
    ),
    WHERE: ("spinnaker-edit", "target", "target-add", "targets"),
    TEXTS: ("document", "documentation", "picture"),
    SEARCH: ("search",),
    CONNECTED: ("adopt-wait",),
    FORMS: ("adopt", "from-file", "template-csv", "template-yaml", "wizard-new"),
}
"""What docs/reference/api.md explains to be read by people, or by another door."""


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


def takes_get(view: Any) -> bool:
    """Tell that it can be read: no decorator of it wants a POST."""
    handles = getattr(view, "view_class", None)
    if handles:
        return hasattr(handles, "get") and "get" in handles.http_method_names
    return not any(wants_post(one) for one in wrapped(view))


def wrapped(view: Any) -> Iterator[FunctionType]:
    """Yield a view, and what it wraps."""
    seen, todo = set[FunctionType](), [view]
    while todo:
        one = todo.pop()
        if isinstance(one, FunctionType) and one not in seen:
            seen.add(one)
            yield one
            todo += [cell.cell_contents for cell in one.__closure__ or ()]


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


def wants_post(one: FunctionType) -> bool:
    return any(cell.cell_contents == ["POST"] for cell in one.__closure__ or ())


def reads_post(one: FunctionType) -> bool:
    if wants_post(one):
        return True
    return is_of_pages(one) and any(
        "POST" in (*code.co_names, *code.co_consts) for code in codes(one.__code__)
    )


def is_of_pages(one: FunctionType) -> bool:
    return one.__module__.startswith(("accounts.web", __name__))


POSTED = {one.name for one in views() if takes_post(one.view)}
PERSONAL = {name for names in FOR_PEOPLE.values() for name in names}
READ = {one.name for one in views() if takes_get(one.view)}
READ_PERSONALLY = {name for names in READ_BY_PEOPLE.values() for name in names}


def test_each_post_of_the_pages_has_an_operation_or_a_reason() -> None:
    assert len(POSTED) > 80
    assert POSTED - {*BY_API} - PERSONAL == set(), "Add them to BY_API or FOR_PEOPLE."


def test_each_page_that_is_read_has_an_operation_or_a_reason() -> None:
    assert len(READ) > 80
    assert READ - {*BY_READS} - READ_PERSONALLY == set(), (
        "Add them to BY_READS or READ_BY_PEOPLE."
    )


def test_the_lists_name_nothing_else() -> None:
    assert {*BY_READS} | READ_PERSONALLY == READ
    assert not {*BY_READS} & READ_PERSONALLY
    assert {*BY_API} | PERSONAL == POSTED
    assert not {*BY_API} & PERSONAL


def test_each_operation_is_there() -> None:
    described = api.get_openapi_schema()["paths"].items()
    there = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, methods in described
        for method in methods
    }

    assert {*BY_API.values(), *BY_READS.values()} - there == set()


@pytest.mark.parametrize("what", {**FOR_PEOPLE, **READ_BY_PEOPLE})
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
    ("view", "is_read"),
    [
        (shows, True),
        (operator_required(shows), True),
        (saves, True),
        (require_POST(saves), False),
        (operator_required(require_POST(shows)), False),
        (resolve("/sign-in/").func, True),
        (resolve("/sign-out/").func, False),
    ],
    ids=["page", "role", "form", "post", "role and post", "class", "posted class"],
)
def test_a_view_that_is_read_is_known_by_its_decorators(
    view: Any, is_read: bool
) -> None:
    assert takes_get(view) is is_read


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
