"""People create tokens for themselves; administrators revoke everybody's."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Activity, ApiToken
from accounts.tokens.api_tokens import MOST, token_digest
from accounts.web.you.confirmation import CONFIRMED
from accounts.web.you.tokens import TAKEN
from tests.accounts.api.calling import Caller, token_of
from tests.rows import person

pytestmark = pytest.mark.django_db
PAGE = "/you/tokens/"
ALL = "/settings/tokens/"
TOKEN = re.compile(r"bowline-api-[\w-]{43}")


def create(client: Client, **fields: Any) -> Any:
    plain = {"pk": str(uuid.uuid4()), "name": "ci", "lasts": "30"}
    return client.post(f"{PAGE}create/", {**plain, **fields})


def made(client: Client, **fields: Any) -> str:
    (text,) = {*TOKEN.findall(create(client, **fields).content.decode())}
    return text


def test_a_token_is_shown_once_and_reads(viewer):
    before = timezone.now()

    text = made(viewer)

    assert not TOKEN.search(viewer.get(PAGE).content.decode())
    assert Caller(text).read("/accounts").status_code == 200
    token = ApiToken.objects.get()
    assert (token.digest, token.scopes) == (token_digest(text), ["read"])
    assert before <= token.expires_at - timedelta(days=30) <= timezone.now()
    entry = Activity.objects.get(about="API token ci")
    assert (entry.who, entry.detail["scopes"]) == ("viewer", ["read"])
    assert text not in str(entry.detail)


def test_the_scopes_are_those_of_ones_own_roles(operator):
    page = operator.get(PAGE).content.decode()

    made(operator, scopes=["operate"])

    assert 'value="operate"' in page
    assert 'value="approve"' not in page
    assert ApiToken.objects.get().scopes == ["read", "operate"]


def test_nobody_gets_a_scope_of_another_role(operator, client):
    create(operator, scopes=["operate", "approve"])
    assert not ApiToken.objects.exists()

    client.force_login(person("viewer"))
    create(client, scopes=["operate"])
    assert [one.scopes for one in ApiToken.objects.all()] == [["read"]]


@pytest.mark.parametrize("lasts", ["", "0", "366", "-1", "x"])
def test_a_token_lasts_a_year_at_most(viewer, lasts):
    create(viewer, lasts=lasts)

    assert not ApiToken.objects.exists()


def test_the_same_form_creates_one_token(viewer):
    pk = str(uuid.uuid4())

    create(viewer, pk=pk)
    again = create(viewer, pk=pk)

    assert again.status_code == 302
    assert ApiToken.objects.count() == 1


def test_a_name_says_which_token_it_is(viewer):
    create(viewer)

    again = create(viewer)

    assert TAKEN in again.content.decode()
    ApiToken.objects.all().revoke()
    assert made(viewer)


def test_there_is_a_most_of_tokens(viewer):
    who = User.objects.get(username="viewer")
    for number in range(MOST):
        token_of(who, name=f"t-{number}")

    assert create(viewer).status_code == 302
    assert ApiToken.objects.count() == MOST
    assert "Revoke a token first" in viewer.get(PAGE).content.decode()


def test_without_a_recent_password_nothing_is_created(viewer):
    session = viewer.session
    session[CONFIRMED] = (timezone.now() - timedelta(hours=1)).isoformat()
    session.save()

    assert create(viewer).status_code == 302
    assert not ApiToken.objects.exists()


def test_ones_own_token_is_revoked_at_once(viewer):
    text = made(viewer)
    token = ApiToken.objects.get()

    for _ in range(2):
        viewer.post(f"{PAGE}revoke/", {"token": str(token.pk)})

    assert Caller(text).read("/accounts").status_code == 401
    assert "revoked" in viewer.get(PAGE).content.decode()
    details = [one.detail["API token"] for one in Activity.objects.order_by("number")]
    assert details == ["created", "revoked"]


@pytest.mark.parametrize("wrong", ["", "x", "0" * 32, "other"])
def test_nobody_revokes_a_colleagues_token_there(viewer, wrong):
    token_of(person("operator"))
    pk = str(ApiToken.objects.get().pk) if wrong == "other" else wrong

    assert viewer.post(f"{PAGE}revoke/", {"token": pk}).status_code == 404
    assert ApiToken.objects.get().is_usable()


def test_an_administrator_sees_and_revokes_everybodys(client):
    client.force_login(person("administrator"))
    text = token_of(person("operator"), name="pipeline")

    page = client.get(ALL).content.decode()
    client.post(f"{ALL}{ApiToken.objects.get().pk}/revoke/")

    assert "pipeline" in page
    assert "of operator" in page
    assert text not in page
    assert Caller(text).read("/accounts").status_code == 401
    entry = Activity.objects.first()
    assert (entry.who, entry.detail["of"]) == ("administrator", "operator")


@pytest.mark.parametrize("role", ["viewer", "operator", "approver"])
def test_only_administrators_see_those_of_others(client, role):
    client.force_login(person(role))
    token_of(person("administrator"), name="theirs")

    assert client.get(ALL).status_code == 403
    assert "/settings/tokens/" not in client.get("/settings/").content.decode()
    assert "theirs" not in client.get(PAGE).content.decode()


@pytest.mark.parametrize("path", [PAGE, ALL])
def test_the_queries_do_not_grow_with_the_tokens(client, path):
    who = person("administrator")
    client.force_login(who)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(path).status_code == 200
        return len(found)

    token_of(who, name="first")
    queries()
    few = queries()
    for number in range(8):
        token_of(who, name=f"t-{number}")
        token_of(person("viewer", username=f"v-{number}"))

    assert queries() == few
