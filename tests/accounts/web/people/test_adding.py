"""Somebody is added, and chooses the password by a link that works once."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from accounts.models import Activity
from accounts.web.people.forms import Links
from accounts.web.you.confirmation import CONFIRMED
from accounts.web.you.unsent import KEPT
from tests.accounts.web.answers import messages_of
from tests.accounts.web.single_sign_on.provider import PROVIDER
from tests.rows import PASSWORD, person

pytestmark = pytest.mark.django_db

LIST = "/settings/people/"
ADD = f"{LIST}add/"
CHOSEN = "a-chosen-password-of-tests"
NEW = {"username": "olga", "email": "olga@example.com", "roles": ["operator"]}
LINK = re.compile(r"https?://[^/\s]+(/sign-in/choose/\?key=[0-9a-z-]+)")


def link_in(text: str) -> str:
    found = LINK.search(text)
    assert found, text
    return found[1]


def added(client: Client, **said: Any) -> str:
    return link_in(client.post(ADD, {**NEW, **said}).content.decode())


def choose(link: str, password: str = CHOSEN) -> Any:
    key = link.partition("key=")[2]
    said = {"key": key, "new_password1": password, "new_password2": password}
    return Client().post("/sign-in/choose/", said)


def opens(link: str) -> bool:
    return Client().get(link).status_code == 200


def test_it_says_who_comes_by_themselves(ada: Client, settings: Any) -> None:
    settings.SINGLE_SIGN_ON = PROVIDER

    pages = [" ".join(ada.get(url).content.decode().split()) for url in (ADD, LIST)]

    assert "People of Example don't need to be added" in pages[0]
    assert "People of Example appear here after they first sign in." in pages[1]


def test_who_is_added_chooses_a_password_and_signs_in(ada: Client) -> None:
    link = added(ada)
    theirs = Client()

    page = theirs.get(link).content.decode()
    answer = choose(link)
    theirs.post("/sign-in/", {"username": "olga", "password": CHOSEN})

    assert "You then sign in as olga" in page
    assert answer.url == "/sign-in/"
    assert "Your password is set" in messages_of(answer)
    assert theirs.get("/accounts/").status_code == 200
    assert [*User.objects.get(username="olga").groups.values_list("name", flat=True)]


def test_it_is_on_record_without_the_link(ada: Client) -> None:
    link = added(ada)
    choose(link)

    said = [(e.who, e.what, e.about) for e in Activity.objects.order_by("number")]
    assert said == [
        ("ada", "person", "olga"),
        ("ada", "roles", "olga"),
        ("olga", "password", "olga"),
    ]
    kept = str([*Activity.objects.values()])
    assert link.partition("key=")[2].rpartition("-")[2] not in kept


def test_a_link_works_once(ada: Client) -> None:
    link = added(ada)
    choose(link)

    again = choose(link, "something-else-entirely")

    assert again.status_code == 410
    assert "This link has expired or was already used" in again.content.decode()
    assert User.objects.get(username="olga").check_password(CHOSEN)


def test_a_link_ends_after_a_day(ada: Client) -> None:
    link = added(ada)
    before, after = (datetime.now() + timedelta(hours=hours) for hours in (23, 25))

    with patch.object(Links, "_now", autospec=True, return_value=before):
        in_time = opens(link)
    with patch.object(Links, "_now", autospec=True, return_value=after):
        late = opens(link)

    assert (in_time, late) == (True, False)


def test_another_link_ends_the_one_before(ada: Client) -> None:
    first = added(ada)
    olga = User.objects.get(username="olga")

    page = ada.post(f"/settings/people/{olga.pk}/link/").content.decode()

    assert (opens(first), opens(link_in(page))) == (False, True)


def test_deactivating_ends_a_link_for_good(ada: Client) -> None:
    link = added(ada)
    active = f"/settings/people/{User.objects.get(username='olga').pk}/active/"

    ada.post(active, {"active": "off"})
    meanwhile = opens(link)
    ada.post(active, {"active": "on"})

    assert (meanwhile, opens(link)) == (False, False)


def test_who_forgot_the_password_gets_a_link_and_loses_old_sessions(
    ada: Client,
) -> None:
    olga = person("operator", username="olga")
    theirs = Client()
    theirs.force_login(olga)
    page = ada.post(f"/settings/people/{olga.pk}/link/").content.decode()

    choose(link_in(page))

    assert User.objects.get(pk=olga.pk).check_password(CHOSEN)
    assert theirs.get("/accounts/").status_code == 302


@pytest.mark.parametrize(
    "key",
    [
        "",
        "1",
        "x-y-z",
        "1-cz0abc-0123456789abcdef",
        "٣-a-a",
        "999999999999999999999-a-a",
        "1-a-a\0",
    ],
)
def test_a_key_that_is_none_opens_nothing(ada: Client, key: str) -> None:
    answer = Client().get("/sign-in/choose/", {"key": key})

    assert answer.status_code == 410


def test_a_link_is_for_one_person(ada: Client) -> None:
    link = added(ada)
    other = User.objects.get(username="ada")

    assert not opens(re.sub(r"key=[0-9]+", f"key={other.pk}", link))


def test_a_weak_password_is_refused(ada: Client) -> None:
    link = added(ada)

    page = choose(link, "12345").content.decode()

    assert "too short" in page
    assert opens(link)


def test_the_link_is_no_more_on_the_page_afterwards(ada: Client) -> None:
    added(ada)
    olga = User.objects.get(username="olga")

    assert "sign-in/choose" not in ada.get(f"/settings/people/{olga.pk}/").text


def test_the_link_is_mailed_where_mail_is_configured(
    ada: Client, settings: Any
) -> None:
    settings.EMAIL_HOST = "mail.example.com"
    settings.SITE_URL = "https://bowline.example.com"

    page = ada.post(ADD, NEW, headers={"Host": "testserver"}).content.decode()

    (message,) = mail.outbox
    assert message.to == ["olga@example.com"]
    assert "https://bowline.example.com/sign-in/choose/?key=" in message.body
    assert link_in(message.body) == link_in(page)
    assert "The link was emailed to olga@example.com." in page


def test_without_mail_the_page_says_so(ada: Client) -> None:
    page = ada.post(ADD, NEW).content.decode()

    assert "Send it to olga yourself" in page
    assert mail.outbox == []


def test_a_mail_server_that_is_down_loses_nobody(ada: Client, settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example.com"
    settings.SITE_URL = "https://bowline.example.com"

    with patch(
        "django.core.mail.EmailMessage.send", autospec=True, side_effect=OSError
    ):
        page = ada.post(ADD, NEW).content.decode()

    assert "The mail server rejected the email.</span> Send" in page
    assert opens(link_in(page))


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"username": "ADA"}, "This name is already taken."),
        ({"username": "o l g a"}, "Use only letters, digits, and the characters"),
        ({"username": ""}, "This field is required."),
        ({"email": "nowhere"}, "Enter a valid email address."),
        ({"roles": ["root"]}, "Select a valid choice."),
        ({"first_name": "Ol\u202ega"}, "invisible characters"),
    ],
)
def test_what_is_wrong_is_said_and_nobody_added(
    ada: Client, said: dict[str, Any], error: str
) -> None:
    page = ada.post(ADD, {**NEW, **said}).content.decode()

    assert error in page
    assert User.objects.count() == 1


def test_a_name_that_could_not_sign_in_is_not_added(ada: Client, settings: Any) -> None:
    settings.SINGLE_SIGN_ON = PROVIDER
    settings.PASSWORDS_FOR = ["ada"]

    page = ada.post(ADD, NEW).content.decode()

    assert "PASSWORDS_FOR allows passwords only for ada." in page
    assert not User.objects.filter(username="olga").exists()


def test_adding_asks_for_the_password_again(ada: Client) -> None:
    session = ada.session
    del session[CONFIRMED]
    session.save()

    answer = ada.post(ADD, NEW)

    assert answer.url == "/you/confirm/?next=%2Fyou%2Funsent%2F"
    assert ada.session[KEPT]["page"] == ADD
    assert User.objects.get().check_password(PASSWORD)
