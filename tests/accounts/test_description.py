"""Each field of an account comes through every door as it was said."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import QueryDict
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.api.v1.organization import WatchTemplate, filled, in_form, watched_with
from accounts.discover.organization.watching import template_of, watch_unit
from accounts.forms.account import AccessForm, IdentityForm
from accounts.forms.organization import SharedForm
from accounts.mapping.accounts_file import preview_all
from accounts.mapping.accounts_file.comparison import Export
from accounts.mapping.managed import columns_of_row
from accounts.models import ManagedAccount, Member, Unit, Watch
from accounts.web.bulk.views import BulkEditForm
from onboarding.accounts_file import read_accounts_file
from onboarding.accounts_file.writing import account_written
from onboarding.description.fields import FIELDS, IN_BULK, SHARED
from onboarding.description.values import Description
from tests.accounts.api.calling import Caller, caller
from tests.accounts.api.conftest import counts
from tests.accounts.discover.organization.organizations import member_row
from tests.described import columns
from tests.factories import provider
from tests.rows import account_row, person

__all__ = ["counts"]

pytestmark = pytest.mark.usefixtures("managing")

FEW = settings(
    max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def operator(db: None) -> Caller:
    return caller("operator")


@pytest.fixture
def unit(db: None) -> Unit:
    """Return a unit of the organization, which has one member."""
    member = member_row("000000000001", "m1")
    return Unit.objects.create(
        organization=member.organization, unit_id="r-1", path="Root", lineage="r-1/"
    )


def filled_in_of(form: Any) -> dict[str, Any]:
    assert form.is_valid(), form.errors
    return columns_of_row(form.save(commit=False))


def filled_in(said: dict[str, Any], chosen: Any = FIELDS) -> QueryDict:
    """Fill a form in, as a browser sends it."""
    sent = QueryDict(mutable=True)
    for one in chosen:
        if one.step and (text := in_form(one.said(said[one.name]))):
            sent[one.name] = text
    return sent


@FEW
@given(columns())
def test_the_wizard_keeps_what_is_said(said: dict[str, Any]) -> None:
    unasked = {one.name: said[one.name] for one in FIELDS if one.step is None}
    row = ManagedAccount(**unasked)

    filled_in_of(IdentityForm(filled_in(said), instance=row))
    assert filled_in_of(AccessForm(filled_in(said), instance=row)) == said


@FEW
@given(columns(), st.booleans())
def test_an_export_says_what_is_described(said: dict[str, Any], csv: bool) -> None:
    ManagedAccount.objects.all().delete()
    row = account_row(**said)

    found = preview_all(
        read_accounts_file(Export().text(csv=csv).encode(), csv=csv), None
    )

    assert [one.what for one in found.accounts] == ["same"]
    assert found.accounts[0].row == row


@FEW
@given(columns())
def test_the_api_takes_and_says_what_is_described(
    operator: Caller, said: dict[str, Any]
) -> None:
    ManagedAccount.objects.all().delete()
    written = account_written(Description(said, (provider("lambda"),)))

    answer = operator.send("PUT", f"/accounts/{said['name']}", written)

    assert answer.json()["settings"] == written
    assert columns_of_row(ManagedAccount.objects.get()) == said


@FEW
@given(columns())
def test_a_watch_describes_as_its_form_says(unit: Unit, said: dict[str, Any]) -> None:
    sent = filled_in({**said, "access_role": said["access_role"] or "Access"}, SHARED)
    sent.setlist("providers", ["ec2"])
    form = SharedForm(sent, partition="aws")
    assert form.is_valid(), form.errors

    by = User.objects.first() or person("operator")
    watch = watch_unit(unit, form.shared(), "", by)

    shared = {one.name: said[one.name] for one in SHARED if one.name != "access_role"}
    template = template_of(Watch.objects.get(pk=watch.pk), Member.objects.get())
    assert {name: template[name] for name in shared} == shared
    answered = watched_with(watch)
    body = WatchTemplate.model_validate(
        {name: answered[name] for name in WatchTemplate.model_fields}
    )
    again = SharedForm(filled(body), partition="aws")
    assert again.is_valid(), again.errors
    assert again.shared() == template


def test_a_model_has_no_field_without_a_row() -> None:
    made = {"state"}  # by Bowline

    assert described_by_people(ManagedAccount) - made == {one.name for one in FIELDS}
    own = {"unit", "roles_tag", "providers"}
    assert described_by_people(Watch) - own == {one.name for one in SHARED}


def described_by_people(model: type[Model]) -> set[str]:
    """Name the columns that nothing but a form, a file or a request fills in."""
    return {
        one.name
        for one in model._meta.concrete_fields
        if one.editable and not one.primary_key
    } - {"created_by", "created_by_name"}


def test_every_field_is_asked_for(client: Client) -> None:
    client.force_login(person("operator"))
    account = account_row()
    for step in {one.step for one in FIELDS if one.step}:
        html = client.get(f"/accounts/{account.pk}/{step.value}/").content.decode()
        asked = {one.name for one in FIELDS if one.step is step}
        assert {name for name in asked if f'name="{name}"' not in html} == set()

    bulk = BulkEditForm(partition="aws")
    assert {how.name for _, how in bulk.pairs} == {one.name for one in IN_BULK}
