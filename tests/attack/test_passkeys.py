"""Tried: use a passkey's answer twice, late, for another site, for another person, of a
copy of the key, or without the person on the device; send garbage in its place; add or
remove a factor in a browser that was left open.

Refused: a passkey signs in at one site as one person, who was verified on the device,
once for each challenge, and counts; only whoever confirms changes factors, their own.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.test import Client

from accounts.factors.keeping import APP as APP_KIND
from accounts.factors.keeping import PASSKEY as KIND
from accounts.models import Activity
from accounts.web.you.confirmation import CONFIRMED
from tests.accounts.web.factors.device import (
    PASSKEY,
    PRESENT,
    Device,
    add_passkey,
    sign_in_by,
)
from tests.accounts.web.factors.people import (
    APP,
    code,
    give_app,
    is_in,
    password,
    second,
)

What = Activity.What


def passkeys() -> Any:
    return Authenticator.objects.filter(type=KIND)


@pytest.fixture
def device(vera: User) -> Device:
    """Give a passkey, which counts."""
    device = Device(count=1)
    client = Client()
    password(client, "vera")
    add_passkey(client, device)
    device.count += 1
    return device


def test_a_passkey_alone_signs_in(device: Device) -> None:
    client = Client()

    answer = sign_in_by(client, device, next="/bundles/")

    assert answer.url == "/bundles/"
    assert is_in(client)
    assert Activity.objects.first().detail["by"] == "passkey"
    assert passkeys().get().data["last"] == 2


@pytest.mark.parametrize("site", ["//evil.example", "https://evil.example/"])
def test_a_passkey_leads_to_no_other_site(device: Device, site: str) -> None:
    assert sign_in_by(Client(), device, next=site).url == "/"


def test_an_answer_works_once(device: Device) -> None:
    here, there = Client(), Client()
    asked = here.post("/sign-in/passkey/options/").json()
    there.post("/sign-in/passkey/options/")
    answer = {"credential": device.get(asked)}

    here.post("/sign-in/passkey/", answer)
    there.post("/sign-in/passkey/", answer)
    here.post("/sign-out/")
    here.post("/sign-in/passkey/", answer)

    assert (is_in(here), is_in(there)) == (False, False)


@pytest.mark.parametrize("change", ["deactivated", "without a password", "emergency"])
def test_a_passkey_of_whoever_may_not_sign_in_is_refused(
    device: Device, vera: User, change: str, settings: Any
) -> None:
    if change == "deactivated":
        User.objects.update(is_active=False)
    elif change == "emergency":
        settings.PASSWORDS_FOR = ["emergency"]
    else:
        vera.set_unusable_password()
        vera.save()
    client = Client()

    sign_in_by(client, device)

    assert not is_in(client)


def test_a_passkey_of_somebody_else_is_no_second_factor(
    ann: User, device: Device
) -> None:
    client = Client()
    password(client, "ann")
    asked = client.post("/sign-in/passkey/options/").json()

    second(client, passkey=device.get(asked))

    assert asked["allowCredentials"] == []
    assert not is_in(client)


def test_a_passkey_of_somebody_else_confirms_nothing(ann: User, device: Device) -> None:
    client = Client()
    password(client, "ann")
    second(client, code=code())
    left_open(client)
    asked = client.post("/you/confirm/options/").json()

    page = client.post("/you/confirm/", {"credential": device.get(asked)})

    assert page.status_code == 200
    assert client.post("/you/second-factor/codes/").url.startswith("/you/confirm/")


def test_a_passkey_confirms_as_the_password_does(vera: User, device: Device) -> None:
    client = Client()
    sign_in_by(client, device)
    left_open(client)
    device.count += 1
    asked = client.post("/you/confirm/options/").json()
    before = client.post("/you/second-factor/codes/")

    answer = client.post(
        "/you/confirm/", {"credential": device.get(asked), "next": "/you/"}
    )

    assert before.url.startswith("/you/confirm/")
    assert answer.url == "/you/"
    assert client.post("/you/second-factor/codes/").status_code == 200


def odd(**response: str) -> str:
    return json.dumps({"rawId": "YQ", "response": response})


GARBAGE = [
    "",
    "null",
    "[]",
    "{}",
    '"x"',
    "{",
    '{"rawId": 1}',
    '{"id": "a", "rawId": "a", "response": {}}',
    odd(clientDataJSON="e30", authenticatorData="YQ", signature="YQ"),
    odd(clientDataJSON="\u00e9", attestationObject="o"),
    odd(clientDataJSON="e30", attestationObject="gYGB" * 4000),
    "[" * 15_000,
    "x" * 30_000,
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda text: text[:30])
def test_no_answer_breaks_a_page(vera: User, garbage: str) -> None:
    client = Client()
    client.post("/sign-in/passkey/options/")
    answers = [client.post("/sign-in/passkey/", {"credential": garbage})]
    password(client, "vera")
    client.post(f"{PASSKEY}options/")
    answers.append(client.post(PASSKEY, {"name": "a", "credential": garbage}))

    assert [one.status_code for one in answers] == [302, 200]
    assert not passkeys().exists()


def test_a_new_passkey_must_verify_its_person(vera: User) -> None:
    client = Client()
    password(client, "vera")

    add_passkey(client, Device(flags=PRESENT))
    add_passkey(client, Device(origin="https://evil.example"))

    assert not passkeys().exists()


def left_open(client: Client) -> None:
    session = client.session
    session[CONFIRMED] = ""
    session.save()


def test_factors_change_only_after_a_confirmation(vera: User, device: Device) -> None:
    give_app(vera)
    client = Client()
    sign_in_by(client, device)
    left_open(client)
    app = Authenticator.objects.get(type=APP_KIND)
    key = passkeys().get().pk

    answers = [
        client.get(APP),
        client.post(APP, {"code": code()}),
        client.post(f"/you/second-factor/{app.pk}/remove/"),
        client.get(PASSKEY),
        client.post(PASSKEY, {"name": "x"}),
        client.post(f"{PASSKEY}options/"),
        client.post(f"/you/second-factor/{key}/remove/"),
        client.post("/you/second-factor/codes/"),
    ]

    assert {one.url.partition("?")[0] for one in answers} == {"/you/confirm/"}
    assert passkeys().exists()
    assert Authenticator.objects.filter(pk=app.pk).exists()


def test_a_strangers_passkey_is_out_of_reach(ann: User, device: Device) -> None:
    client = Client()
    password(client, "ann")
    second(client, code=code())

    answer = client.post(f"/you/second-factor/{passkeys().get().pk}/remove/")

    assert answer.status_code == 404
    assert passkeys().exists()
