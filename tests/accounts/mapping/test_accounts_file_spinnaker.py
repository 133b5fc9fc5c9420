"""The connection with Spinnaker in an accounts file: no secret in it."""

from __future__ import annotations

import pytest

from accounts.mapping.accounts_file import (
    preview_all,
    register,
    register_all,
    spinnaker_differs,
)
from accounts.mapping.accounts_file.export import Export
from accounts.mapping.accounts_file.uploading import NO_CONNECTION, check
from accounts.models import Activity, Spinnaker
from accounts.people.deciding import Outside
from onboarding.accounts_file import FileProblems, read_accounts_file
from onboarding.delivery.connection import Connection
from tests.rows import person

MANAGING = "managing: {name: core, account_id: '911111111111'}\n"
TOKEN = "spk_0123456789abcdef"
WHOLE = """\
spinnaker:
  url: https://gate.example.com/api/v1
  release: 2026.2
  sign_in: basic
  username: ann
  secret: env:GATE_PASSWORD
  authorities: file:/run/secrets/spinnaker/ca.pem
  poll_seconds: 45
"""
CERTIFICATE = """\
spinnaker: {url: https://gate.example.com, release: '2025.3', sign_in: certificate,
  certificate: file:/run/secrets/spinnaker/a.pem, key: file:/run/secrets/spinnaker/b}
"""
NONE = "spinnaker: {url: https://gate.example.com, release: '2025.3', sign_in: none}\n"


def problems(text: str) -> str:
    with pytest.raises(FileProblems) as caught:
        read_accounts_file(text.encode())
    return str(caught.value)


def test_it_is_read() -> None:
    assert read_accounts_file(WHOLE.encode()).spinnaker == Connection(
        url="https://gate.example.com/api/v1",
        release="2026.2",
        sign_in="basic",
        username="ann",
        secret="env:GATE_PASSWORD",
        authorities="file:/run/secrets/spinnaker/ca.pem",
        poll_seconds=45,
    )
    assert read_accounts_file(MANAGING.encode()).spinnaker is None


@pytest.mark.django_db
@pytest.mark.parametrize("text", [WHOLE, CERTIFICATE, NONE])
def test_what_is_exported_is_read_as_the_same(text: str) -> None:
    register(read_accounts_file((MANAGING + text).encode()), None)
    exported = Export().text(csv=False)

    again = read_accounts_file(exported.encode())

    assert again.spinnaker == read_accounts_file(text.encode()).spinnaker
    assert not spinnaker_differs(again)
    register(again, None)
    assert Spinnaker.objects.get().version == 1
    assert Activity.objects.filter(about="Spinnaker").count() == 1


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("secret: env:GATE_PASSWORD", f"secret: {TOKEN}", "never the secret itself"),
        ("secret: env:GATE_PASSWORD", f"token: {TOKEN}", "has no key “token”"),
        ("  release: 2026.2\n", "", "“release” is missing here."),
        ("release: 2026.2", "release: newest", "A release looks like 2025.3"),
        ("sign_in: basic", "sign_in: oauth", "sign_in: Choose one of: token"),
        ("sign_in: basic", "sign_in: none", "username: This way to sign in has no use"),
        ("poll_seconds: 45", "poll_seconds: 4.5", "It must be a whole number."),
        ("poll_seconds: 45", "poll_seconds: 3", "Give 5 to 3600 seconds."),
        ("url: https", "url: ftp", "Give Gate's base URL"),
        ("username: ann", "username: [ann]", "It must be a text."),
    ],
)
def test_what_is_wrong_is_said_without_the_secret(
    before: str, after: str, said: str
) -> None:
    assert before in WHOLE

    told = problems(WHOLE.replace(before, after))

    assert said in told
    assert TOKEN not in told


def test_a_mapping_is_needed() -> None:
    assert "spinnaker must be a mapping" in problems("spinnaker: gate\n")


@pytest.mark.django_db
def test_an_operators_file_keeps_the_connection_or_is_refused(managing) -> None:
    operator = person("operator")
    register(read_accounts_file(WHOLE.encode()), None)

    register(read_accounts_file(WHOLE.encode()), operator)
    for write in (register_all, preview_all):
        with pytest.raises(Outside, match="You need the administrator role"):
            write(read_accounts_file(NONE.encode()), operator)

    assert Spinnaker.objects.get().version == 1


def test_an_operators_upload_does_not_change_the_connection(managing) -> None:
    operator = person("operator")

    with pytest.raises(FileProblems, match=NO_CONNECTION[:40]):
        check("accounts.yaml", WHOLE.encode(), csv=False, by=operator)

    assert not Spinnaker.objects.exists()
    register(read_accounts_file(WHOLE.encode()), None)
    assert check("accounts.yaml", WHOLE.encode(), csv=False, by=operator)
