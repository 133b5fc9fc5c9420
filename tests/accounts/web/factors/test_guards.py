"""What Bowline asks of a second factor in addition to django-allauth, on its pages."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client

from accounts.models import Activity, BrowserSession
from accounts.web.you.preferences import SessionStore
from tests.accounts.web.factors.device import (
    PASSKEY,
    PRESENT,
    VERIFIED,
    Device,
    add_passkey,
    sign_in_by,
)
from tests.accounts.web.factors.people import (
    APP,
    ann,
    code,
    codes_shown,
    give_app,
    is_in,
    password,
    second,
    secret_shown,
    vera,
    wrong_code,
)
from tests.rows import person

pytestmark = pytest.mark.django_db

__all__ = ["ann", "vera"]


@pytest.fixture
def device(vera: User, client: Client) -> Device:
    device = Device(count=1)
    password(client, "vera")
    add_passkey(client, device)
    device.count += 1
    return device


def signs_in(device: Device) -> bool:
    client = Client()
    sign_in_by(client, device)
    return is_in(client)


def test_a_passkey_that_counts_on_signs_in(device: Device) -> None:
    assert signs_in(device)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("origin", "https://evil.example"),
        ("origin", "http://testserver:8000"),
        ("origin", "https://testserver"),
        ("origin", "https://sub.testserver"),
        ("name", "evil.example"),
        ("flags", PRESENT),
        ("flags", 0),
        ("count", 1),
        ("count", 0),
        ("handle", b"999"),
        ("id", b"unknown"),
    ],
)
def test_one_that_answers_otherwise_or_is_a_copy_does_not(
    device: Device, name: str, value: Any
) -> None:
    setattr(device, name, value)
    client = Client()

    answer = sign_in_by(client, device)

    assert answer.url == "/sign-in/?next=%2F"
    assert not is_in(client)
    assert Activity.objects.first().what == Activity.What.SIGN_IN_FAILED


@pytest.mark.parametrize(
    ("flags", "is_enough"), [(PRESENT | VERIFIED, True), (PRESENT, False)]
)
def test_the_second_step_asks_the_device_to_verify_its_person(
    device: Device, flags: int, is_enough: bool
) -> None:
    client = Client()
    password(client, "vera")
    device.flags = flags

    second(client, passkey=device.get(client.post("/sign-in/passkey/options/").json()))

    assert is_in(client) is is_enough


def test_a_late_answer_is_none(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.web.factors.views.SECONDS", -1)

    assert not signs_in(device)


def test_a_challenge_is_gone_after_a_wrong_answer(device: Device) -> None:
    client = Client()
    asked = client.post("/sign-in/passkey/options/").json()
    right = device.get(asked)
    client.post("/sign-in/passkey/", {"credential": right[:-9]})

    client.post("/sign-in/passkey/", {"credential": right})

    assert not is_in(client)


def test_a_passkey_is_discoverable_and_asked_for_with_its_person(vera: User) -> None:
    client = Client()
    password(client, "vera")

    asked = client.post(f"{PASSKEY}options/").json()

    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert asked["rp"] == {"id": "testserver", "name": "Bowline"}
    assert asked["user"]["name"] == "vera"


def test_a_key_is_one_persons(device: Device) -> None:
    zoe = Client()
    person("viewer", username="zoe")
    password(zoe, "zoe")

    page = add_passkey(zoe, device)

    assert "Bowline already has this passkey." in page.content.decode()


def test_nobody_has_more_passkeys_than_20(
    device: Device, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.web.factors.views.MOST", 1)

    answer = add_passkey(client, Device())

    assert answer.url == "/you/second-factor/"
    assert Authenticator.objects.filter(type="webauthn").count() == 1


def test_of_an_answer_only_what_is_needed_is_kept(device: Device) -> None:
    kept = Authenticator.objects.get(type="webauthn").data

    assert {*kept} == {"name", "credential", "last"}
    assert {*kept["credential"]} == {"id", "rawId", "response"}


def test_a_secret_waits_encrypted_for_its_first_code(vera: User) -> None:
    client = Client()
    password(client, "vera")

    secret = secret_shown(client)

    rows = BrowserSession.objects.values_list("session_data", flat=True)
    assert not [row for row in rows if secret in str(SessionStore().decode(row))]
    assert secret_shown(client) == secret


def test_the_code_that_added_an_app_is_used(vera: User) -> None:
    client, other = Client(), Client()
    password(client, "vera")
    first = code(secret=secret_shown(client))
    client.post(APP, {"code": first})
    password(other, "vera")

    second(other, code=first)

    assert not is_in(other)


def test_an_app_takes_the_place_of_the_one_before(ann: User) -> None:
    client = Client()
    password(client, "ann")
    second(client, code=code())
    secret = secret_shown(client)

    answer = client.post(APP, {"code": code(secret=secret)})

    assert answer.url == "/you/second-factor/"
    assert Authenticator.objects.filter(type="totp").count() == 1
    later = Client()
    password(later, "ann")
    second(later, code=code(1))
    assert not is_in(later)
    second(later, code=code(1, secret))
    assert is_in(later)


def test_codes_need_a_factor_for_which_they_are(vera: User, client: Client) -> None:
    password(client, "vera")

    answer = client.post("/you/second-factor/codes/")

    assert answer.url == "/you/second-factor/"
    assert not Authenticator.objects.exists()


def test_a_session_that_a_stranger_planted_has_no_second_step(ann: User) -> None:
    client = Client()
    client.post("/sign-in/passkey/options/")
    planted = client.cookies["sessionid"].value

    password(client, "ann")

    assert client.cookies["sessionid"].value != planted
    assert not BrowserSession.objects.filter(pk=planted).exists()


@pytest.mark.parametrize("change", ["password", "deactivated", "deleted"])
def test_a_second_step_ends_when_its_person_changes(ann: User, change: str) -> None:
    client = Client()
    password(client, "ann")
    if change == "deleted":
        User.objects.filter(pk=ann.pk).delete()
    elif change == "password":
        ann.set_password("another")
        ann.save()
    else:
        User.objects.update(is_active=False)

    answer = second(client, code=code())

    assert answer.url == "/sign-in/"
    assert not is_in(client)


def test_an_address_waits_after_wrong_codes(ann: User) -> None:
    client = Client()
    password(client, "ann")

    answers = [second(client, code=wrong_code()).status_code for _ in range(5)]

    assert answers == [200, 200, 200, 200, 429]
    assert second(client, code=code()).status_code == 429
    assert password(Client(), "ann").status_code == 429
    failed = Activity.objects.filter(what=Activity.What.SIGN_IN_FAILED)
    assert {one.who for one in failed} == {"ann"}


def test_an_address_waits_after_wrong_passkeys(device: Device) -> None:
    """They count for whoever has them, and then the right one waits, too."""
    client, right = Client(), device.key
    device.key = Device().key
    for _ in range(5):
        sign_in_by(client, device)
    device.key = right

    assert sign_in_by(client, device).status_code == 429
    assert not is_in(client)
    assert Activity.objects.filter(who="vera", what="sign-in failed").count() == 5


def test_a_used_recovery_code_says_how_many_are_left(vera: User) -> None:
    first = give_app(vera)[0]
    client = Client()
    password(client, "vera")

    second(client, recovery=first)

    page = client.get("/you/second-factor/").content.decode()
    assert "That recovery code is used up. You have 9 left." in page


def test_new_codes_are_shown_once(ann: User) -> None:
    client = Client()
    password(client, "ann")
    second(client, code=code())

    shown = codes_shown(client.post("/you/second-factor/codes/"))

    assert len({*shown}) == 10
    assert shown[0] not in client.get("/you/second-factor/").content.decode()


def test_the_admin_site_leaves_the_rows_out() -> None:
    assert Authenticator not in admin.site._registry


def test_a_wrong_code_says_of_what_it_is_none(ann: User) -> None:
    client = Client()
    password(client, "ann")

    app = second(client, code=wrong_code()).content.decode()
    recovery = second(client, recovery="aaaa-bbbb").content.decode()

    assert "That isn&#x27;t your app&#x27;s current code" in app
    assert '<details class="mt-3">' in app
    assert "That isn&#x27;t one of your recovery codes" in recovery
    assert '<details class="mt-3" open>' in recovery
    failed = Activity.objects.filter(what="sign-in failed").order_by("at")
    assert [one.detail["by"] for one in failed] == [
        "authenticator app",
        "recovery code",
    ]
