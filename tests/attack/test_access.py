"""Tried: every URL of the site, found in its URL configuration, by everybody from a
stranger to an administrator, with GET, POST, PUT and DELETE, with and without a token;
and every page and form that anybody is shown, by the callers that try the API.

Refused: strangers get nothing but the sign-in, each role what its views name, a GET
changes nothing, a form without its token is not taken, and no answer is a 500.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Activity, ManagedAccount
from accounts.people.roles import ADMINISTRATOR, APPROVER, OPERATOR, VIEWER
from tests.accounts.api.calling import token_of
from tests.attack.callers import CALLERS
from tests.attack.forms import forms
from tests.attack.pages import ANY, Page, every_row, listed, pages
from tests.attack.queries import taken_back
from tests.rows import PASSWORD, person

pytestmark = pytest.mark.django_db

METHODS = ("get", "post", "put", "delete")
PUBLIC = {"/healthz", "/healthz/worker", "/readyz", "/sign-in/", "/admin/login/"}
PUBLIC |= {"/sign-in/single/", "/sign-in/single/back/"}
PASSKEYS = {"/sign-in/passkey/", "/sign-in/passkey/options/"}
PUBLIC |= {"/sign-in/second/", *PASSKEYS}
PUBLIC |= {"/sign-in/choose/"}  # to whoever has a link
"""What a stranger may see; a new one is a decision."""
BY_TOKEN = "/api/v1/"
"""Where a token decides, and nobody's session: see test_api."""

HOLDS = {
    "no role": (),
    "viewer": (VIEWER,),
    "operator": (VIEWER, OPERATOR),
    "approver": (VIEWER, APPROVER),
    "administrator": (VIEWER, ADMINISTRATOR),
}
LOOKING = {"no role", "viewer"}
WRITES = ("INSERT", "UPDATE", "DELETE")
SEEN = ("accounts_browsersession", "accounts_activity")
"""Who is signed in and what was shown to whom: kept of a GET, too."""
ASKED = ("accounts_question", "accounts_organization", "accounts_adoption")
ASKED += ("accounts_upload",)
"""What workers are asked, that they read, and files of which nothing is saved yet:
whoever has the role may, anywhere.
"""
LEAVING = {"/sign-out/", "/admin/logout/"}
OWN = {"/you/", "/you/sessions/end/", "/you/confirm/", "/you/preferences/"}
OWN |= {
    "/you/confirm/options/",
    "/you/unsent/",
    "/you/second-factor/",
    "/you/second-factor/codes/",
}
OWN |= {"/you/second-factor/app/", f"/you/second-factor/{ANY['int']}/remove/"}
OWN |= {"/you/second-factor/passkey/", "/you/second-factor/passkey/options/"}
OWN |= {"/you/tokens/create/", "/you/tokens/revoke/"}
OWN |= {"/you/filters/save/", "/you/filters/delete/"}
"""What everybody may open or send about themselves; a new one is a decision."""
LINK = re.compile(r'href="([^"#?]+)')
LISTS = {"/accounts/"}
"""Whose buttons say where they send the form; itself the page only shows."""


def signed_in(role: str, **options: Any) -> Client:
    client = Client(raise_request_exception=False, **options)
    user = (
        User.objects.create_user("new", password=PASSWORD)
        if role == "no role"
        else person(role)
    )
    client.force_login(user)
    return client


def writes(queries: CaptureQueriesContext) -> list[str]:
    found = (query["sql"] for query in queries.captured_queries)
    return [
        sql[:200]
        for sql in found
        if sql.startswith(WRITES) and not any(table in sql for table in SEEN)
    ]


@contextmanager
def undone(client: Client) -> Iterator[CaptureQueriesContext]:
    """Take back what a request writes, and whom it signs in or out."""
    cookies = SimpleCookie()
    cookies.update(client.cookies)
    with taken_back() as queries:
        yield queries
    client.cookies = cookies


Answer = tuple[int, str, list[str]]


def answers(
    client: Client, page: Page, method: str, fields: dict[str, str] | None = None
) -> Answer:
    """Give the status, where it leads, and what was written."""
    with undone(client) as queries:
        response = getattr(client, method)(page.path, *([fields] if fields else []))
    return response.status_code, response.get("Location", ""), writes(queries)


@cache
def answers_to(role: str, *methods: str) -> dict[tuple[Page, str], Answer]:
    """Try every page by these methods, once for all tests that look at the answers."""
    every_row()
    client = almighty() if role == "every role" else signed_in(role)
    return {
        (page, method): answers(client, page, method)
        for page in pages()
        for method in methods
    }


def is_refused(status: int, location: str) -> bool:
    return status in {401, 403} or (
        status == 302 and location.startswith(("/sign-in/", "/admin/login/"))
    )


def is_shut(page: Page, status: int, location: str) -> bool:
    """Tell that somebody with the role is denied: records are for looking only."""
    records = page.path.startswith("/admin/") and status == 403
    records = records or (page.path.startswith(BY_TOKEN) and status == 401)
    return is_refused(status, location) and not (
        records or page.path in {*LEAVING, *PUBLIC}
    )


@pytest.mark.exhaustive(after=1)
@pytest.mark.parametrize("who", ["stranger", "deactivated"])
def test_a_stranger_sees_the_public_pages_only(who: str) -> None:
    every_row()
    if who == "deactivated":
        client = almighty()
        User.objects.filter(username="almighty").update(is_active=False)
    else:
        client = Client(raise_request_exception=False)
    wrong = []

    for page in pages():
        for method in METHODS:
            status, location, written = answers(client, page, method)
            is_open = page.path in PUBLIC and status != 500
            if written or not (is_refused(status, location) or is_open):
                wrong.append((method, page.path, status, location, written))

    assert not wrong, listed(wrong)


@pytest.mark.exhaustive(after=2)
@pytest.mark.parametrize("role", HOLDS)
def test_each_role_may_what_its_views_name(role: str) -> None:
    """Whoever lacks the role is denied and writes nothing, by any method; those who
    only look change nothing anywhere, whatever a view names.
    """
    wrong = []

    for (page, method), answer in answers_to(role, *METHODS).items():
        status, location, written = answer
        may = page.needs is None or page.needs in HOLDS[role]
        refused = is_refused(status, location) or status == 405
        shut = may and method == "get" and is_shut(page, status, location)
        changed = written and (not may or role in LOOKING)
        changed = changed and page.path not in OWN
        leaves = page.path in LEAVING and status != 500
        if not leaves and (status == 500 or changed or shut or not (may or refused)):
            wrong.append((method, page.path, *answer))

    assert not wrong, listed(wrong)


def almighty() -> Client:
    """Sign in somebody with every role."""
    user = person("administrator", username="almighty")
    user.groups.add(*Group.objects.all())
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def test_a_get_changes_nothing() -> None:
    got = answers_to("every role", "get")

    changed = [(page.path, answer[2]) for (page, _), answer in got.items() if answer[2]]

    assert not changed, listed(changed)


def test_a_form_without_its_token_is_not_taken() -> None:
    every_row()
    client = almighty()
    client.handler.enforce_csrf_checks = True
    taken = []

    for page in pages():
        for method in METHODS[1:]:
            status, _, written = answers(client, page, method)
            refused = status in {401, 403, 405}
            if written or not refused:
                taken.append((method, page.path, status, written))

    assert not taken, listed(taken)


def test_the_table_reaches_the_pages() -> None:
    """A table of answers that are all 404 would prove nothing."""
    got = answers_to("every role", "get")

    statuses = {page.path: answer[0] for (page, _), answer in got.items()}

    reached = [path for path, status in statuses.items() if status == 200]
    missing = [path for path, status in statuses.items() if status == 404]
    assert len(reached) > 60
    without_single_sign_on = {"/sign-in/single/", "/sign-in/single/back/"}
    nowhere = {path for path in missing if ANY["uuid"] not in path}
    assert nowhere == {"/admin/nowhere", *without_single_sign_on}


def test_every_view_of_an_action_names_a_role() -> None:
    """What takes no GET acts, and acting needs more than being a viewer."""
    tried = answers_to("viewer", *METHODS)

    acting = [
        page
        for (page, how), answer in tried.items()
        if (how, answer[0]) == ("get", 405)
    ]

    anybody = [page.path for page in acting if page.needs in (None, VIEWER)]
    assert {*anybody} <= {*LEAVING, *OWN, *PASSKEYS}


@pytest.mark.smoke
def test_what_takes_only_forms_leads_to_a_page() -> None:
    """Whoever opens such an address, as from a bookmark, gets no blank page."""
    every_row()
    client = almighty()

    answers = {page.path: client.get(page.path) for page in pages()}

    shown = {
        path: answer
        for path, answer in answers.items()
        if answer.status_code == 405 and BY_TOKEN not in path
    }
    led = {path: links_above(answer) for path, answer in shown.items()}
    assert led["/settings/second-approver/"] == ["/settings/"]
    blank = [path for path in shown if len(led[path]) != 1]
    assert not blank, listed(blank)
    opened = {link: client.get(link).status_code for (link,) in led.values()}
    shut = {link for link in opened if opened[link] not in (200, 302)}
    assert shut <= {*shown}, listed(shut)


def links_above(answer: Any) -> list[str]:
    return re.findall('href="(.+?)">Open the page', answer.content.decode())


def test_without_a_role_one_may_leave_and_nothing_else() -> None:
    tried = answers_to("no role", *METHODS)

    opened = {
        page.path for (page, _), answer in tried.items() if not is_refused(*answer[:2])
    }

    assert opened <= {*LEAVING, *PUBLIC, *OWN}


def client_of(caller: str) -> Client:
    who = CALLERS[caller]
    client = Client(raise_request_exception=False)
    if who.scopes:
        token = token_of(who.row(caller), *who.scopes)
        client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    elif who.roles:
        client.force_login(who.row(caller))
    return client


def test_no_caller_gets_or_sends_more_than_role_and_limit_allow() -> None:
    """By what the activity log says of each page, and of each form as it is and with
    all ticked and written that may be; pages take no token.
    """
    every_row()
    ManagedAccount.objects.update(environment="production")
    found = [form for form in forms(almighty()) if form.method == "post"]
    found = [form for form in found if form.action not in {*LEAVING, *OWN, *PUBLIC}]
    shown = [page.path for page in pages() if not page.path.startswith(BY_TOKEN)]
    tries: list[tuple[str, str, dict[str, Any]]]
    tries = [("get", path, {}) for path in shown]
    tries += [
        ("post", form.action, fields)
        for form in found
        for fields in (form.fields, form.filled_in)
    ]
    decided, wrong = dict[str, set[str]](), []

    for caller, who in CALLERS.items():
        client, decided[caller] = client_of(caller), set()
        allowed = set[str]() if who.scopes else who.may(who.roles)
        allowed |= {Activity.What.PASSWORD} if caller == "administrator" else set()
        passed = ASKED if who.only_in else ()
        for method, path, fields in tries:
            with undone(client) as queries:
                before = {*Activity.objects.values_list("pk", flat=True)}
                status = getattr(client, method)(path, fields).status_code
                entries = Activity.objects.exclude(pk__in=before)
                said = {*entries.values_list("what", flat=True)} - {"refused"}
            written = [] if allowed else writes(queries)
            changed = [sql for sql in written if not any(one in sql for one in passed)]
            decided[caller] |= said
            if status >= 500 or said - allowed or changed:
                wrong.append((caller, method, path, status, said, changed))

    assert not wrong, listed(wrong)
    deciding = {caller for caller, said in decided.items() if said}
    assert deciding == {"operator", "approver", "administrator"}
    assert len(found) > 40


@pytest.mark.parametrize("role", [role for role in HOLDS if role != "no role"])
def test_the_search_leads_to_no_page_that_refuses(role: str) -> None:
    every_row()
    client = signed_in(role)
    found: set[str] = set()

    for text in ("", "staging", "1", "bundle", "managing"):
        page = client.get("/search/", {"text": text}, headers={"HX-Request": "true"})
        found |= {*LINK.findall(page.content.decode())}

    refused = [
        url for url in found if is_refused(*answers(client, Page(url, None), "get")[:2])
    ]
    assert refused == []
    assert len(found) > 12


def test_the_search_finds_nothing_for_whoever_has_no_role() -> None:
    every_row()

    page = signed_in("no role").get("/search/", {"text": "staging"})

    assert page.status_code == 403
    assert b"922222222222" not in page.content
