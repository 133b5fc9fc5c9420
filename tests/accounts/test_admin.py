"""The admin site: for administrators; records stay as they are."""

from __future__ import annotations

from typing import Any

import pytest
from auditlog.models import LogEntry
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.urls import reverse
from django.utils import timezone

from accounts.models import (
    Bundle,
    CheckResult,
    ManagedAccount,
    ManagingAccount,
    Run,
    Step,
)
from accounts.models.states import State, Status
from tests.rows import PASSWORD, account_row, managing_row, person, run_row

pytestmark = pytest.mark.django_db

RECORDS = ("run", "step", "checkresult", "bundle")
MODELS = (*RECORDS, "managingaccount", "managedaccount", "enabledprovider")


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
        run=run, position=0, provider="ec2", name="List", outcome="proved"
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

    assert "What Bowline remembers" not in response.content.decode()


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


@pytest.mark.parametrize("model", RECORDS)
def test_records_are_neither_added_nor_edited_nor_deleted(
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


def form_of(response: Any) -> dict[str, Any]:
    """Fill the admin form in as it stands."""
    adminform = response.context["adminform"].form
    data = {name: adminform[name].value() for name in adminform.fields}
    for inline in response.context["inline_admin_formsets"]:
        for name in ("TOTAL_FORMS", "INITIAL_FORMS"):
            value = inline.formset.management_form[name].value()
            data[f"{inline.formset.prefix}-{name}"] = value
        for form in inline.formset.forms:
            data[f"{form.prefix}-id"] = form.instance.pk
            data[f"{form.prefix}-account"] = form.instance.account_id
    data |= {k: "[]" for k in ("regions", "read_roles", "write_roles") if k in data}
    return {key: "" if value is None else value for key, value in data.items()}


def test_an_edit_outdates_the_plans_and_is_on_record(administrator) -> None:
    account = account_row(state=State.VERIFIED, proof=State.VERIFIED)
    address = url("managedaccount", "change", account.pk)
    form = form_of(administrator.get(address))

    response = administrator.post(
        address, {**form, "regions": '["eu-west-1"]', "environment": "web"}
    )

    assert response.status_code == 302
    account = ManagedAccount.objects.get()
    assert (account.environment, account.state, account.proof) == (
        "web",
        "outdated",
        "",
    )
    assert account.version == 2
    entry = LogEntry.objects.get_for_object(account).filter(action=1).last()
    assert entry.actor.get_username() == "administrator"
    assert "environment" in entry.changes


IDENTITY = {"name": "other", "account_id": "933333333333"}


def test_which_account_it_is_cannot_be_edited(administrator) -> None:
    managing_row()
    account = account_row(
        state=State.VERIFIED, proof=State.VERIFIED, granted_at=timezone.now()
    )
    address = url("managedaccount", "change", account.pk)
    form = form_of(administrator.get(address))

    response = administrator.post(
        address, {**form, "regions": '["us-east-1"]', **IDENTITY}
    )

    account.refresh_from_db()
    assert response.status_code == 302
    assert not form.keys() & IDENTITY.keys()
    assert (account.name, account.account_id) == ("staging", "922222222222")
    assert (account.state, account.proof) == (State.VERIFIED, State.VERIFIED)


def test_the_names_of_roles_cannot_be_edited(administrator) -> None:
    row = managing_row()
    address = url("managingaccount", "change", row.pk)
    form = form_of(administrator.get(address))
    others = {**IDENTITY, "managed_role": "other", "identity_name": "other"}

    response = administrator.post(address, {**form, **others})

    row.refresh_from_db()
    assert response.status_code == 302
    assert not form.keys() & others.keys()
    assert (row.name, row.account_id) == ("core", "911111111111")
    assert (row.managed_role, row.identity_name) == (
        "spinnakerManaged",
        "SpinnakerAuthRole",
    )


def test_an_edit_of_the_managing_account_outdates_whom_it_concerns(
    administrator,
) -> None:
    row = managing_row()
    account_row(state=State.VERIFIED, proof=State.VERIFIED)
    address = url("managingaccount", "change", row.pk)
    form = form_of(administrator.get(address))

    administrator.post(address, {**form, "trust_organization": "o-a1b2c3d4e5"})

    assert ManagingAccount.objects.get().version == 2
    assert ManagedAccount.objects.get().state == State.OUTDATED


def test_the_traceback_of_a_bug_is_shown_here(administrator) -> None:
    run = run_row(Status.ERRORED, traceback="ZeroDivisionError: by zero")

    page = administrator.get(url("run", "change", run.pk)).content.decode()

    assert "ZeroDivisionError: by zero" in page


@pytest.mark.parametrize("model", ["managingaccount", "managedaccount"])
def test_accounts_are_added_and_forgotten_on_the_pages(
    administrator, model: str
) -> None:
    row = rows()[model]

    added = administrator.post(url(model, "add"))
    deleted = administrator.post(url(model, "delete", row.pk), {"post": "yes"})
    listed = administrator.get(url(model, "changelist")).content.decode()

    assert (added.status_code, deleted.status_code) == (403, 403)
    assert "delete_selected" not in listed


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
    assert LogEntry.objects.get_for_object(somebody).exists()


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


def test_it_carries_bowlines_name(administrator) -> None:
    page = administrator.get("/admin/").content.decode()

    assert "Bowline administration" in page
    assert "css/tokens.css" in page
