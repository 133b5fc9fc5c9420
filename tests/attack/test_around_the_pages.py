"""Tried: changing who may do what around the pages, so that nobody reads of it: on the
command line, by forgetting wrong passwords and by other rows of the admin site; roles,
names and passwords there for people whom the single sign-on decides about; a name with
line breaks, which looks like entries of its own.

Refused: each change is an entry of the activity log, and an entry is one line. The
admin site changes nothing but people and counts of wrong passwords, and of people of
the single sign-on only what is Bowline's.
"""

from __future__ import annotations

import io
import logging
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import Activity
from accounts.people.activity import first_broken, record
from bowline.operations.logs import logging_settings
from tests.accounts.web.people.rows import of_provider
from tests.rows import PASSWORD, person

pytestmark = pytest.mark.django_db
What = Activity.What
CHOSEN = "another-password-of-tests"


@pytest.fixture
def ada(client: Client) -> Client:
    client.force_login(person("administrator", username="ada"))
    return client


def entries() -> list[tuple[str, str, str]]:
    rows = Activity.objects.order_by("number")
    return list(rows.values_list("who", "what", "about"))


def test_a_superuser_made_on_the_command_line_is_on_record(monkeypatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    User.objects.create_superuser("before", password=PASSWORD)
    made = {"username": "root", "email": "", "interactive": False, "verbosity": 0}

    call_command("createsuperuser", **made)
    with pytest.raises(CommandError):
        call_command("createsuperuser", **made)

    assert entries() == [("the command line", What.PERSON, "root")]
    assert Activity.objects.get().detail == {"added": "as a superuser"}


@pytest.mark.parametrize("named", [["olga"], []])
def test_a_password_set_on_the_command_line_is_on_record(
    named: list[str], monkeypatch
) -> None:
    olga = person("operator", username="olga")
    monkeypatch.setattr("getpass.getpass", lambda prompt="": CHOSEN)
    monkeypatch.setattr("getpass.getuser", lambda: "olga")

    call_command("changepassword", *named, stdout=io.StringIO())

    assert User.objects.get(pk=olga.pk).check_password(CHOSEN)
    assert entries() == [("the command line", What.PASSWORD, "olga")]


@pytest.mark.parametrize("where", ["list", "row"])
def test_forgotten_wrong_passwords_are_on_record(ada: Client, where: str) -> None:
    row = AccessAttempt.objects.create(
        username="olga", ip_address="192.0.2.1", failures_since_start=7
    )
    if where == "list":
        url = reverse("admin:axes_accessattempt_changelist")
        sent = {"action": "delete_selected", "_selected_action": [row.pk]}
    else:
        url, sent = reverse("admin:axes_accessattempt_delete", args=[row.pk]), {}

    ada.post(url, {**sent, "post": "yes"})

    assert not AccessAttempt.objects.exists()
    assert entries() == [("ada", What.PERSON, "olga")]
    assert Activity.objects.get().detail == {
        "forgotten": "7 wrong passwords",
        "address": "192.0.2.1",
    }


@pytest.mark.parametrize(
    ("command", "whose", "left"),
    [
        ("axes_reset", [], []),
        ("axes_reset_ip", ["192.0.2.1"], ["ada"]),
        ("axes_reset_username", ["olga"], ["ada"]),
        ("axes_reset_ip_username", ["192.0.2.1", "olga"], ["ada"]),
    ],
)
def test_wrong_passwords_that_a_command_forgets_are_on_record(
    command: str, whose: list[str], left: list[str]
) -> None:
    for name, address in (("ada", "192.0.2.2"), ("olga", "192.0.2.1")):
        AccessAttempt.objects.create(
            username=name, ip_address=address, failures_since_start=7
        )

    call_command(command, *whose, stdout=io.StringIO())

    remain = AccessAttempt.objects.values_list("username", flat=True)
    assert list(remain) == left
    assert {about for _, _, about in entries()} == {"ada", "olga"} - {*left}


def test_nothing_else_is_changed_in_the_admin_site() -> None:
    """What is added here one day must be on record, too."""
    request = RequestFactory().get("/admin/")
    request.user = User.objects.create_superuser("root", password=PASSWORD)

    changed = {
        (model.__name__, what)
        for model, shown in admin.site._registry.items()
        for what in ("add", "change", "delete")
        if getattr(shown, f"has_{what}_permission")(request)
    }
    actions = {
        (model.__name__, name)
        for model, shown in admin.site._registry.items()
        for name in shown.get_actions(request)
    }

    assert changed == {("User", "add"), ("User", "change"), ("AccessAttempt", "delete")}
    assert actions == {
        ("User", "reset_factors"),
        ("AccessAttempt", "delete_selected"),
    }


@pytest.mark.usefixtures("provider")
def test_the_admin_site_leaves_people_to_the_single_sign_on(ada: Client) -> None:
    olga = of_provider("olga")
    url = reverse("admin:auth_user_change", args=[olga.pk])
    sent = {
        "username": "other",
        "email": "other@example.com",
        "is_active": "on",
        "groups": [Group.objects.get(name="approver").pk],
    }

    answers = [
        ada.post(url, sent),
        ada.post(
            reverse("admin:auth_user_password_change", args=[olga.pk]),
            {"usable_password": "true", "password1": CHOSEN, "password2": CHOSEN},
        ),
    ]

    now = User.objects.get(pk=olga.pk)
    assert [answer.status_code for answer in answers] == [302, 403]
    assert (now.username, now.email) == ("olga", olga.email)
    assert [group.name for group in now.groups.all()] == ["operator"]
    assert not now.has_usable_password()
    assert entries() == []


FAKE = "a\nFAKE\r\nada approved the plan prod\u2028FAKE\x85FAKE"


def logged(form: str, message: str, *values: Any) -> str:
    """Write a message as the site does."""
    described = logging_settings(form, "INFO")["formatters"][form]
    kinds: Any = described["()"].rpartition(".")
    formatter = getattr(__import__(kinds[0], fromlist=["_"]), kinds[2])()
    entry = logging.LogRecord("bowline", logging.INFO, "", 0, message, values, None)
    return formatter.format(entry)


def test_an_entry_is_one_line_whatever_it_is_about() -> None:
    entry = record("olga\n", What.ROLES, FAKE)

    assert str(entry).splitlines() == [str(entry)]
    assert "a‹U+000A›FAKE‹U+000D›‹U+000A›ada" in str(entry)
    assert Activity.objects.get().about == FAKE


@pytest.mark.parametrize("form", ["line", "json"])
def test_a_line_of_the_log_is_one_line_whatever_it_quotes(form: str) -> None:
    assert len(logged(form, "Wrong password for %s.", FAKE).splitlines()) == 1


def test_what_check_activity_says_is_one_line() -> None:
    entry = record("olga", What.ROLES, FAKE)
    super(type(Activity.objects.all()), Activity.objects.filter(pk=entry.pk)).update(
        who="nobody\n"
    )

    trouble = first_broken()

    assert "was changed after it was written" in trouble
    assert len(trouble.splitlines()) == 1
