"""The admin site: for administrators; records stay as they are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.urls import reverse

from accounts.models import (
    Activity,
    Bundle,
    CheckResult,
    Run,
    Step,
)
from accounts.models.states import Status
from accounts.web.context import PLACES
from tests.rows import PASSWORD, account_row, managing_row, person, run_row

pytestmark = pytest.mark.django_db

MODELS = (
    "run",
    "step",
    "checkresult",
    "bundle",
    "managingaccount",
    "managedaccount",
    "enabledprovider",
)


@pytest.fixture
def administrator(client):
    client.force_login(person("administrator"))
    return client


def rows() -> dict[str, Any]:
    managing = managing_row()
    account = account_row()
    run = Run.objects.create(account=account, account_name=account.name)
    step = Step.objects.create(
        run=run,
        position=0,
        account_id=account.account_id,
        account_name=account.name,
        verb="create",
        kind="role",
        name="spinnakerManaged",
    )
    check = CheckResult.objects.create(
        run=run, position=0, provider="ec2", name="List", outcome="passed"
    )
    return {
        "managingaccount": managing,
        "managedaccount": account,
        "enabledprovider": account.providers.get(),
        "run": run,
        "step": step,
        "checkresult": check,
        "bundle": Bundle.objects.create(number=1, archive=b"zip"),
    }


def url(model: str, page: str, *args: Any) -> str:
    return reverse(f"admin:accounts_{model}_{page}", args=args)


@pytest.mark.parametrize("role", ["viewer", "operator", "approver"])
def test_others_do_not_get_in(client, role: str) -> None:
    client.force_login(person(role))

    response = client.get("/admin/", follow=True)

    assert "Bowline's records" not in response.content.decode()


def test_a_stranger_signs_in_at_the_one_door(client) -> None:
    response = client.get("/admin/", follow=True)

    assert response.redirect_chain[-1][0].startswith("/sign-in/")


def test_every_model_is_there(administrator) -> None:
    registered = {model._meta.model_name for model in admin.site._registry}

    assert {*MODELS, "spinnakername", "user"} <= registered


@pytest.mark.parametrize("model", MODELS)
def test_every_model_can_be_searched_and_opened(administrator, model: str) -> None:
    row = rows()[model]

    found = administrator.get(url(model, "changelist"), {"q": "1"})
    opened = administrator.get(url(model, "change", row.pk))

    assert (found.status_code, opened.status_code) == (200, 200)


@pytest.mark.parametrize("model", MODELS)
def test_every_row_leads_to_its_page(administrator, model: str) -> None:
    row = rows()[model]
    place = {"step": "run", "checkresult": "run", "enabledprovider": "account"}
    target = getattr(row, place[model]) if model in place else row

    page = administrator.get(url(model, "changelist")).content.decode()

    assert f'href="{target.get_absolute_url()}"' in page


@pytest.mark.parametrize("model", MODELS)
def test_rows_are_neither_added_nor_edited_nor_deleted(
    administrator, model: str
) -> None:
    row = rows()[model]

    codes = [
        administrator.post(address, {"post": "yes"}).status_code
        for address in (
            url(model, "add"),
            url(model, "change", row.pk),
            url(model, "delete", row.pk),
        )
    ]

    assert codes == [403, 403, 403]


def test_the_zip_is_not_loaded(administrator, django_assert_max_num_queries) -> None:
    rows()

    with django_assert_max_num_queries(12) as queries:
        administrator.get(url("bundle", "changelist"))

    assert not any('"archive"' in query["sql"] for query in queries)


def test_the_details_of_providers_are_shown_and_no_field(administrator) -> None:
    account = account_row(providers={"ec2": {"key_pair": "our-pair"}})

    page = administrator.get(url("managedaccount", "change", account.pk))

    html = page.content.decode()
    assert "our-pair" in html
    assert not page.context["adminform"].form.fields
    assert 'name="_save"' not in html


def test_the_traceback_of_a_bug_is_shown_here(administrator) -> None:
    run = run_row(Status.ERRORED, traceback="ZeroDivisionError: by zero")

    page = administrator.get(url("run", "change", run.pk)).content.decode()

    assert "ZeroDivisionError: by zero" in page


def test_a_role_is_given_and_on_record(administrator) -> None:
    somebody = User.objects.create_user("new", password=PASSWORD)
    address = reverse("admin:auth_user_change", args=[somebody.pk])

    administrator.post(
        address,
        {
            "username": "new",
            "is_active": "on",
            "groups": [Group.objects.get(name="operator").pk],
        },
    )

    assert somebody.groups.get().name == "operator"
    entry = Activity.objects.latest("number")
    assert (entry.about, entry.who) == ("new", "administrator")


def test_nobody_deactivates_themselves_nor_takes_their_own_role(
    administrator,
) -> None:
    me = User.objects.get(username="administrator")

    administrator.post(
        reverse("admin:auth_user_change", args=[me.pk]), {"username": "administrator"}
    )

    me = User.objects.get(username="administrator")
    assert me.is_active
    assert me.groups.get().name == "administrator"


def test_an_administrator_makes_no_superuser_and_takes_none_over(
    administrator,
) -> None:
    root = User.objects.create_superuser("root", password=PASSWORD)
    somebody = User.objects.create_user("new", password=PASSWORD)

    administrator.post(
        reverse("admin:auth_user_change", args=[somebody.pk]),
        {"username": "new", "is_active": "on", "is_superuser": "on", "is_staff": "on"},
    )
    taken = administrator.get(
        reverse("admin:auth_user_password_change", args=[root.pk])
    )

    assert not User.objects.get(username="new").is_superuser
    assert taken.status_code == 403


def test_its_header_leads_back_to_every_page(administrator) -> None:
    page = administrator.get("/admin/").content.decode()

    header = page.split("<header")[1].split("</header>")[0]
    for place in PLACES:
        assert f'<a href="{place.path}">' in header
    for address in ("/", "/you/", "/sign-out/"):
        assert f'"{address}"' in header
    assert "css/admin.css" in page


def test_it_writes_times_as_the_pages_do(administrator) -> None:
    rows()
    Run.objects.update(created_at=datetime(2026, 11, 26, 17, 5, tzinfo=UTC))

    page = administrator.get(url("run", "changelist")).content.decode()

    assert "26 Nov 2026, 17:05 UTC" in page


def test_an_administrator_limits_a_role_to_environments(administrator) -> None:
    olga = person("operator", username="olga")
    url = reverse("admin:auth_user_change", args=[olga.pk])

    for said in ("staging, -", "", "no such name!"):
        form = administrator.get(url).context["adminform"].form
        filled = {name: form[name].value() or "" for name in form.fields}
        filled |= {"operator_in": said, "groups": [g.pk for g in olga.groups.all()]}
        answer = administrator.post(url, filled)
        limits = list(olga.role_limits.values_list("role", "environment"))
        if said.startswith("staging"):
            assert answer.status_code == 302
            assert limits == [("operator", ""), ("operator", "staging")]
            form = administrator.get(url).context["adminform"].form
            assert form["operator_in"].value() == "-, staging"
        else:
            assert limits == []
    assert answer.status_code == 200


def test_nobody_limits_their_own_roles(administrator) -> None:
    me = User.objects.get(username="administrator")
    url = reverse("admin:auth_user_change", args=[me.pk])

    page = administrator.get(url)

    assert page.status_code == 200
    assert "operator_in" not in page.context["adminform"].form.fields
