"""The page of the connection: described by administrators, tested by a worker."""

from __future__ import annotations

import pytest
import yaml
from django.utils import timezone

from accounts.models import Activity, Spinnaker
from accounts.web.you.confirmation import CONFIRMED
from onboarding.delivery.connection import WITHOUT_ROLE
from onboarding.delivery.transport import Answer
from tests.accounts.spinnaker.connecting import REACH, TOKEN, spinnaker_row
from tests.accounts.web.answers import messages_of, work
from tests.onboarding.delivery.accounts import everything
from tests.onboarding.delivery.strict_gate import (
    SECRET,
    Served,
    StrictGate,
    error,
    served,
)
from tests.rows import account_row, person

FILES = ("clouddriver-local.yml", "orca-local.yml", "settings-local.js")
PAGE, EDIT = "/settings/spinnaker/", "/settings/spinnaker/edit/"
FILLED = {
    "url": "http://127.0.0.1:1",
    "release": "2026.2",
    "sign_in": "token",
    "secret": "env:GATE_TOKEN",
    "poll_seconds": "30",
}


@pytest.fixture(autouse=True)
def reach(settings, monkeypatch):
    settings.SPINNAKER = REACH
    monkeypatch.setenv("GATE_TOKEN", TOKEN)


def test_without_a_connection_the_page_teaches(viewer):
    page = viewer.get(PAGE).content.decode()

    assert "You need the administrator role to connect a running Spinnaker." in page
    assert EDIT not in page
    assert "Set up the managing account" in page


def test_an_administrator_describes_it_and_a_worker_tests_it(administrator):
    strict = StrictGate()
    strict.stored = {body.name: dict(body.document) for body in everything()}
    strict.restart()
    with served(Served(strict, token=TOKEN)) as gate:
        saved = administrator.post(EDIT, {**FILLED, "url": gate.url})
        waiting = administrator.get(saved.url).content.decode()
        work()
        page = administrator.get(saved.url).content.decode()

    assert saved.url == f"{PAGE}?look=answer#test"
    assert "Testing the connection to Gate" in waiting
    assert "Bowline is signed in as bowline. Roles: robots." in page
    assert "The service account is a Spinnaker admin" in page
    assert "Spinnaker stores 3 in its database." in page
    assert "Spinnaker has loaded 3 (1 aws, 1 ecs, 1 kubernetes)." in page
    assert strict.writes == []
    entry = Activity.objects.get(what="settings")
    assert (entry.about, entry.detail["url"]) == ("Spinnaker", gate.url)
    assert TOKEN not in page + str(list(Spinnaker.objects.values()))


def test_only_a_confirmed_administrator_describes_it(client, operator):
    assert operator.post(EDIT, FILLED).status_code == 403
    client.force_login(person("administrator"))
    session = client.session
    session[CONFIRMED] = ""
    session.save()

    answer = client.post(EDIT, FILLED)

    assert answer.url.startswith("/you/confirm/")
    assert not Spinnaker.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("secret", TOKEN, "never the secret itself"),
        ("secret", f"env:{TOKEN}", "never the secret itself"),
        ("secret", "x" * 5000, "at most 300 characters"),
        ("secret", "env:SECRET_KEY", "Bowline can read: GATE_TOKEN, GATE_PASSWORD."),
        ("url", "https://ann:hunter2@gate.example.com", "base URL"),
        ("url", "https://elsewhere.example.com", "isn&#x27;t an allowed host"),
        ("release", "2025.3", "has no API tokens"),
        ("poll_seconds", "0", "Give 5 to 3600 seconds."),
    ],
)
def test_what_is_wrong_is_said_and_no_secret_is_repeated(
    administrator, field, value, said
):
    page = administrator.post(EDIT, {**FILLED, field: value}).content.decode()

    assert said in page
    assert value not in page or field in {"release", "poll_seconds"}
    assert not Spinnaker.objects.exists()


def test_fields_of_another_way_to_sign_in_are_not_kept(administrator):
    other = {"sign_in": "none", "username": "ann", "certificate": "nonsense"}

    administrator.post(EDIT, {**FILLED, **other})

    row = Spinnaker.objects.get()
    assert (row.username, row.secret, row.certificate) == ("", "", "")


def test_an_edit_forgets_the_last_test_and_nothing_changed_is_no_edit(administrator):
    row = spinnaker_row(tested_at=timezone.now(), result=[])
    filled = {**FILLED, "sign_in": "none"}

    administrator.post(EDIT, filled)
    row.refresh_from_db()
    assert (row.version, row.tested_at is None) == (1, False)
    administrator.post(EDIT, {**filled, "poll_seconds": "45"})

    row.refresh_from_db()
    assert (row.version, row.tested_at, row.result) == (2, None, None)
    assert Activity.objects.get(what="settings").detail["changed"] == ["poll_seconds"]


def test_a_test_of_what_was_edited_meanwhile_is_dropped(operator):
    row = spinnaker_row()
    operator.post("/settings/spinnaker/test/")
    Spinnaker.objects.update(version=2)
    work()

    row.refresh_from_db()
    assert row.tested_at is None


def page_after_a_test(
    client, *answers: Answer, strict: StrictGate | None = None
) -> str:
    with served(Served(strict or StrictGate(), answers=[*answers])) as gate:
        spinnaker_row(gate.url)
        client.post("/settings/spinnaker/test/")
        work()
        return client.get(f"{PAGE}?look=answer").content.decode()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (error(401), "Check the token or the password"),
        (Answer(302, "", b"/login"), "Check the token or the password"),
        (Answer(200, "text/html", b"<html>log in"), "Check the token or the password"),
        (error(403), "Give the service account a role of fiat.admin.roles."),
        (Answer(200, "application/json", b"[1"), "Check the base URL"),
    ],
)
def test_a_failing_test_names_the_fix(operator, answer, said):
    page = page_after_a_test(operator, answer)

    assert f"<b>To do:</b> {said}" in page
    assert SECRET not in page


def test_storage_that_is_off_leads_to_the_switches(operator, managing):
    page = page_after_a_test(operator, strict=StrictGate(storage=False))

    assert "Spinnaker stores no accounts" in page
    assert "Apply the settings below once" in page


def test_accounts_without_a_role_and_those_not_loaded_are_named(operator):
    strict = StrictGate(default_role=False)
    strict.stored = {body.name: dict(body.document) for body in everything()}
    for document in strict.stored.values():
        document.pop("assumeRole", None)
    strict.restart()
    late = dict(everything()[0].document, name="late", accountId="111111111111")
    strict.stored["late"] = late

    page = page_after_a_test(operator, strict=strict)

    assert WITHOUT_ROLE.partition("{")[0] in page
    assert "Stored but not loaded yet: late." in page


def test_what_gate_says_is_text_of_a_bounded_length(operator):
    name = "<b>" + "x" * 100_000 + "\\u0000"
    answer = Answer(200, "application/json", f'{{"username": "{name}"}}'.encode())

    page = page_after_a_test(operator, answer)

    assert "Bowline is signed in as &lt;b&gt;xxx" in page
    assert len(page) < 60_000


def test_a_missing_secret_is_said_with_its_name(operator, monkeypatch):
    monkeypatch.delenv("GATE_TOKEN")
    spinnaker_row(sign_in="token", secret="env:GATE_TOKEN")
    operator.post("/settings/spinnaker/test/")
    work()

    page = operator.get(f"{PAGE}?look=answer").content.decode()

    assert "The environment variable GATE_TOKEN isn&#x27;t set" in page


def test_the_operators_file_has_the_period_that_was_described(viewer, managing):
    spinnaker_row(poll_seconds=45)

    answer = viewer.get(f"{PAGE}clouddriver-local.yml")

    polls = yaml.safe_load(answer.content)["credentials"]["poller"]["types"]
    assert polls == {"default": {"reloadFrequencyMs": 45_000}}
    assert 'filename="clouddriver-local.yml"' in answer["Content-Disposition"]


def test_each_service_has_a_file(viewer, managing):
    account_row(verification="verified")

    page = viewer.get(PAGE).content.decode()
    orca = viewer.get(f"{PAGE}orca-local.yml")

    assert all(f"<h3>{one}</h3>" in page for one in FILES)
    assert all(f'href="{PAGE}{one}"' in page for one in FILES)
    assert yaml.safe_load(orca.content) == {"default": {"bake": {"account": "staging"}}}
    assert viewer.get(f"{PAGE}echo-local.yml").status_code == 404


def test_it_names_the_bake_account_and_whom_it_locks_out(viewer, managing):
    known = {"verification": "verified", "write_roles": ["ops"]}
    account_row("core", account_id=managing.account_id, **known)
    account_row("web", **{**known, "write_roles": ["web"]})

    page = viewer.get(PAGE).content.decode()

    assert "Orca's bake account is <b>core</b>" in page
    assert "web can&#x27;t deploy to EC2" in page


def test_before_an_account_has_ec2_it_says_what_is_missing(viewer, managing):
    page = viewer.get(PAGE).content.decode()

    assert "<code>default.bake.account</code>" in page
    assert viewer.get(f"{PAGE}orca-local.yml").status_code == 404


def test_an_administrator_disconnects(administrator):
    spinnaker_row()

    answer = administrator.post(f"{PAGE}disconnect/")

    assert "no longer connected" in messages_of(answer)
    assert not Spinnaker.objects.exists()
    assert "disconnected" in Activity.objects.get(what="settings").detail


def test_search_leads_there(viewer):
    spinnaker_row("https://gate.example.com")

    found = viewer.get("/search/?q=gate").content.decode()

    assert f'href="{PAGE}"' in found
