"""A database of before goes on with the second factors that people had."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.utils import timezone
from fido2.webauthn import AttestedCredentialData

from accounts.factors.keeping import (
    APP,
    PASSKEY,
    code_digest,
    codes_left,
    factors_of,
    seal,
)
from tests.accounts.web.factors.device import Device, sign_in_by
from tests.accounts.web.factors.people import (
    SECRET,
    code,
    give_app,
    is_in,
    password,
    second,
    step_now,
)
from tests.rows import person

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = "0038_environments_as_they_are"
CODES = ["aaaa-bbbb-cccc-dddd", "eeee-ffff-gggg-hhhh"]


def migrate(*targets: tuple[str, str]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate([*targets] or executor.loader.graph.leaf_nodes())
    return executor.loader.project_state([*targets]).apps if targets else None


@pytest.fixture
def device() -> Device:
    return Device(count=7)


@pytest.fixture
def vera(device: Device) -> User:
    """Give a factor of each kind in the tables of before; ann has none."""
    person("viewer", username="ann", pk=36)
    vera = person("viewer", username="vera", pk=42)
    device.handle = b"42"
    used = timezone.now()
    try:
        apps = migrate(("accounts", BEFORE))
        apps.get_model("accounts", "AuthenticatorApp").objects.create(
            person_id=vera.pk, secret=seal(SECRET), last_step=step_now(), used_at=used
        )
        apps.get_model("accounts", "Passkey").objects.create(
            person_id=vera.pk,
            name="laptop",
            credential_id=device.id,
            credential=bytes(
                AttestedCredentialData.create(bytes(16), device.id, device.public)
            ),
            sign_count=7,
            used_at=used,
        )
        for one in CODES:
            apps.get_model("accounts", "RecoveryCode").objects.create(
                person_id=vera.pk, digest=code_digest(one)
            )
    finally:
        migrate()
    return vera


def signed_in_by(**fields: str) -> bool:
    client = Client()
    password(client, "vera")
    second(client, **fields)
    return is_in(client)


def test_an_app_goes_on_after_the_code_that_was_used_last(vera: User) -> None:
    assert [signed_in_by(code=code(later)) for later in (0, 1, 1)] == [
        False,
        True,
        False,
    ]


def test_each_recovery_code_works_once_more(vera: User) -> None:
    assert codes_left(vera) == 2
    assert [signed_in_by(recovery=one) for one in (*CODES, *CODES)] == [
        True,
        True,
        False,
        False,
    ]


def test_a_passkey_signs_in_and_counts_on(vera: User, device: Device) -> None:
    copy, later = Client(), Client()

    sign_in_by(copy, device)
    device.count = 8
    sign_in_by(later, device)

    assert (is_in(copy), is_in(later)) == (False, True)
    assert str(factors_of(vera, PASSKEY).get()) == "laptop"


def test_people_and_moments_stay(vera: User) -> None:
    assert {*User.objects.values_list("username", flat=True)} == {"ann", "vera"}
    assert not factors_of(User.objects.get(username="ann")).exists()
    assert None not in {
        *factors_of(vera, APP, PASSKEY).values_list("last_used_at", flat=True)
    }


def test_an_earlier_version_is_refused_where_factors_would_be_lost() -> None:
    give_app(person("viewer"))

    try:
        with pytest.raises(RuntimeError, match="passwords alone would sign them in"):
            migrate(("accounts", BEFORE))
    finally:
        migrate()
