"""From the row to a Gate: the secret is read at use, and only from what is allowed."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

import pytest
from django.db import IntegrityError

from accounts.mapping.spinnaker import (
    NotConnected,
    connected,
    connection_of,
    gate_of,
    refusals,
)
from accounts.models import Spinnaker
from onboarding.delivery.transport import Kind
from tests.accounts.spinnaker.connecting import REACH, TOKEN, spinnaker_row
from tests.onboarding.delivery.reaching import refused, resolving
from tests.onboarding.delivery.strict_gate import Served, StrictGate, served

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def reach(settings, tmp_path, monkeypatch):
    settings.SPINNAKER = REACH._replace(directory=str(tmp_path / "secrets"))
    (tmp_path / "secrets").mkdir()
    monkeypatch.setenv("GATE_TOKEN", TOKEN)
    return tmp_path / "secrets"


def why(row: Spinnaker) -> str:
    with pytest.raises(NotConnected) as caught:
        gate_of(row)
    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    return str(caught.value)


def test_without_a_row_a_sentence_says_who_connects():
    with pytest.raises(
        NotConnected, match="Ask an administrator to connect it in Settings"
    ):
        connected()


def test_there_is_one_connection():
    row = spinnaker_row()

    assert connected() == row
    with pytest.raises(IntegrityError):
        spinnaker_row()


@pytest.mark.parametrize("reference", ["env:GATE_TOKEN", "file"])
def test_a_token_is_read_at_use_and_signs_in(reference, reach):
    (reach / "gate-token").write_text(f"{TOKEN}\n")
    if reference == "file":
        reference = f"file:{reach}/gate-token"
    with served(Served(StrictGate(), token=TOKEN, prefix="/api/v1")) as gate:
        row = spinnaker_row(gate.url, sign_in="token", secret=reference)

        caller = gate_of(row).caller()

    assert caller
    assert caller.name == "bowline"
    assert TOKEN not in str(list(Spinnaker.objects.values()))


def test_a_password_signs_in(monkeypatch):
    monkeypatch.setenv("GATE_PASSWORD", "pass:wörd")
    with served(Served(StrictGate(), basic="ann:pass:wörd")) as gate:
        fields = {"username": "ann", "secret": "env:GATE_PASSWORD"}
        row = spinnaker_row(gate.url, sign_in="basic", **fields)

        assert gate_of(row).caller()


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "AWS_SESSION_TOKEN"])
def test_no_other_variable_can_be_read(name, monkeypatch):
    monkeypatch.setenv(name, "of-bowline-itself")

    said = why(spinnaker_row(sign_in="token", secret=f"env:{name}"))

    assert "Bowline can read: GATE_TOKEN, GATE_PASSWORD." in said


@pytest.mark.parametrize(
    "name", ["/proc/self/environ", "{}/../outside", "{}-of-others/token", "{}/link"]
)
def test_no_other_file_can_be_read(name, reach: Path):
    for path in (reach.parent / "outside", reach.parent / "secrets-of-others/token"):
        path.parent.mkdir(exist_ok=True)
        path.write_text("of somebody else")
    (reach / "link").symlink_to(reach.parent / "outside")

    assert why(spinnaker_row(sign_in="token", secret=f"file:{name.format(reach)}"))


def test_a_mounted_secret_is_a_link_within_the_directory(reach: Path):
    (reach / "..2026").mkdir()
    (reach / "..2026/token").write_text(TOKEN)
    (reach / "token").symlink_to("..2026/token")

    assert gate_of(spinnaker_row(sign_in="token", secret=f"file:{reach}/token"))


def test_a_pipe_is_no_file_to_wait_for(reach: Path):
    os.mkfifo(reach / "pipe")

    said = why(spinnaker_row(sign_in="token", secret=f"file:{reach}/pipe"))

    assert "must be a file" in said


@pytest.mark.parametrize(
    "value",
    ["", "two\nlines", "tok\0en", "t\N{LATIN SMALL LETTER O WITH DIAERESIS}ken"],
)
def test_what_is_no_token_is_refused_without_being_shown(value, reach: Path):
    (reach / "token").write_text(value)

    said = why(spinnaker_row(sign_in="token", secret=f"file:{reach}/token"))

    assert not value or value not in said


def test_a_variable_that_is_not_set_is_named(monkeypatch):
    monkeypatch.delenv("GATE_TOKEN")

    said = why(spinnaker_row(sign_in="token", secret="env:GATE_TOKEN"))

    assert "The environment variable GATE_TOKEN isn't set" in said


def test_a_token_pasted_in_place_of_a_reference_is_not_repeated():
    assert "never the secret itself" in why(
        spinnaker_row(sign_in="token", secret=TOKEN)
    )


def test_a_secret_goes_only_to_hosts_that_the_operator_names(settings):
    settings.SPINNAKER = settings.SPINNAKER._replace(hosts=())

    said = why(spinnaker_row(sign_in="token", secret="env:GATE_TOKEN"))

    assert "dd 127.0.0.1 to SPINNAKER_ALLOWED_HOSTS" in said
    Spinnaker.objects.all().delete()
    assert gate_of(spinnaker_row())


def test_plain_http_needs_the_operators_word(settings):
    settings.SPINNAKER = settings.SPINNAKER._replace(plain_http=False)

    assert "Use https for Gate" in why(spinnaker_row())


@pytest.mark.parametrize(
    "url",
    [
        "https://gate.example.com\r\nHost: other",
        "https://ann:secret@gate.example.com",
        "https://gate.example.com/?url=",
        "https://gate.example.com:99999",
        "ftp://gate.example.com",
        "https://",
        "https://gäte.example.com",
    ],
)
def test_what_is_no_base_url_is_refused(url):
    said = why(spinnaker_row(url))

    assert "Give Gate's base URL" in said
    assert "secret" not in said


@pytest.mark.parametrize(
    "username", ["ann\r\nX-Spinnaker-User: root", "a:b", TOKEN, " "]
)
def test_what_is_no_username_is_refused(username):
    row = spinnaker_row(sign_in="basic", username=username, secret="env:GATE_TOKEN")

    assert why(row)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "::ffff:127.0.0.1", "127.0.0.1", "fd00:ec2::254"]
)
def test_a_name_that_leads_inside_is_not_connected_to(address, settings, monkeypatch):
    settings.SPINNAKER = settings.SPINNAKER._replace(networks=(), hosts=())
    monkeypatch.setattr("socket.getaddrinfo", resolving(address))

    error = refused(gate_of(spinnaker_row("http://gate.example.com")).caller)

    assert error.kind is Kind.FORBIDDEN_ADDRESS


def test_other_hosts_than_the_allowed_are_refused(settings):
    settings.SPINNAKER = settings.SPINNAKER._replace(hosts=("gate.example.com",))

    assert "127.0.0.1 isn't an allowed host" in why(spinnaker_row())


def test_a_certificate_that_is_none_is_named_without_its_text(reach: Path):
    (reach / "gate.pem").write_text(f"-----BEGIN {TOKEN}")
    row = spinnaker_row(
        "https://127.0.0.1:1",
        sign_in="certificate",
        certificate=f"file:{reach}/gate.pem",
    )

    assert "isn't valid PEM" in why(row)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        (
            {"release": "2025.3", "sign_in": "token", "secret": "env:GATE_TOKEN"},
            "sign_in",
        ),
        ({"release": "1.x"}, "release"),
        ({"secret": "env:GATE_TOKEN"}, "secret"),
        ({"sign_in": "token"}, "secret"),
        ({"sign_in": "certificate", "certificate": "file:/a"}, "sign_in"),
        ({"sign_in": "certificate", "certificate": "env:A"}, "certificate"),
        ({"authorities": "/etc/ssl"}, "authorities"),
        ({"poll_seconds": 1}, "poll_seconds"),
        ({"sign_in": "oauth"}, "sign_in"),
    ],
)
def test_each_problem_is_that_of_a_field(fields, field):
    row = Spinnaker(
        url="http://127.0.0.1", **{"release": "2026.2", "sign_in": "none", **fields}
    )

    assert field in dict(connection_of(row).problems())


def test_what_is_allowed_has_no_refusal(reach: Path):
    row = spinnaker_row(sign_in="token", secret="env:GATE_TOKEN")

    assert refusals(connection_of(row)) == []
