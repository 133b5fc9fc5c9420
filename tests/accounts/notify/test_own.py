"""A person hears by mail what is changed about their own account, and of nothing
secret in it.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from accounts.factors import keeping
from accounts.models import Activity, Notification, Preferences
from accounts.models.people import Scope
from accounts.tasks import carry_on
from accounts.tokens import api_tokens as tokens
from tests.rows import factor_rows, person


def add_passkey(who: User, name: str = "laptop") -> list[str]:
    return keeping.add(who, keeping.PASSKEY, name=name, credential={}, last=0)


def sent(mailoutbox: list[Any]) -> Any:
    carry_on("notification", str(Notification.objects.get().pk))
    (message,) = mailoutbox
    return message


def test_a_second_factor_that_is_added_is_said_to_its_person(ann, mailoutbox) -> None:
    codes = add_passkey(ann)

    message = sent(mailoutbox)

    assert message.to == ["ann@example.com"]
    assert message.subject == "Bowline: A second factor was added to your account"
    assert "What: passkey laptop\n" in message.body
    assert "By: ann\n" in message.body
    assert "If this wasn't you" in message.body
    assert "https://bowline.example.com/you/second-factor/" in message.body
    assert "Turn email off" not in message.body
    assert codes
    assert not [code for code in codes if code in message.body]


def test_one_that_is_removed_is_said(ann, mailoutbox) -> None:
    factor_rows(ann)

    keeping.remove(keeping.factors_of(ann, keeping.PASSKEY).get())

    message = sent(mailoutbox)
    assert "What: passkey key\n" in message.body
    assert message.subject == "Bowline: A second factor was removed from your account"


def test_an_administrator_who_resets_them_is_named(ann, mailoutbox) -> None:
    person("administrator", username="zoe")
    factor_rows(ann)

    keeping.reset(ann, User.objects.get(username="zoe"))

    body = sent(mailoutbox).body
    assert "By: zoe\n" in body
    assert "contact an administrator (zoe)" in body


def test_a_token_that_is_made_is_said_without_its_text(ann, mailoutbox) -> None:
    text = tokens.make(
        ann,
        uuid.uuid4(),
        name="ci",
        scopes=[Scope.OPERATE],
        expires_at=timezone.now() + timedelta(days=1),
    )

    message = sent(mailoutbox)

    assert message.subject == "Bowline: An API token of yours was created"
    assert "What: API token ci\nScopes: read, operate\n" in message.body
    assert "https://bowline.example.com/you/tokens/" in message.body
    assert text not in message.body
    assert text not in str(Notification.objects.values_list())


def test_a_person_who_was_deactivated_meanwhile_receives_none(ann, mailoutbox) -> None:
    add_passkey(ann)
    User.objects.filter(pk=ann.pk).update(is_active=False)

    carry_on("notification", str(Notification.objects.get().pk))

    assert mailoutbox == []


def test_it_is_sent_to_those_who_chose_no_mail(ann, mailoutbox) -> None:
    """Whoever has somebody's session could switch mail off first."""
    Preferences.objects.create(person=ann, mail=False)

    add_passkey(ann)

    assert sent(mailoutbox)


def test_a_name_of_another_line_stays_one_line(ann, mailoutbox) -> None:
    add_passkey(ann, "a\nBy: nobody\u202e")

    body = sent(mailoutbox).body
    assert "What: passkey a By: nobody" in body
    assert "\u202e" not in body


@pytest.mark.parametrize("what", ["no server", "no address"])
def test_nobody_is_written_to_where_no_mail_arrives(ann, settings, what: str) -> None:
    if what == "no server":
        settings.EMAIL_HOST = ""
    else:
        ann.email = "ann@example.com\nBcc: eve@example.com"

    add_passkey(ann)

    assert not Notification.objects.exists()
    assert Activity.objects.filter(what="factor added").exists()


def test_a_code_that_is_wrong_says_nothing(ann, client: Client) -> None:
    client.force_login(ann)

    client.post("/you/second-factor/app/", {"code": "000"})

    assert not keeping.has_factor(ann)
    assert not Notification.objects.exists()
