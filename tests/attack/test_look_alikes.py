"""Tried: become somebody who is taken for a colleague, by a name that is wholly in
another alphabet, in full width or in letters of mathematics, or that mixes alphabets:
at the single sign-on, on a page, in the admin site and on the command line.

Refused: a new name that nobody could tell from a colleague's, in a sentence with both,
whichever of them was first; names in other letters that look like nobody's are taken.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.people.look_alikes import LOOKS_LIKE, looks_same, new_name
from tests.accounts.web.single_sign_on.provider import Emulated, sign_in, text
from tests.rows import person

pytestmark = pytest.mark.django_db

PAIRS = [
    ("ace", "асе"),
    ("ACE", "АСЕ"),
    ("ace", "АСЕ"),
    ("ivan.kosik", "іvаn.kоsіk"),
    ("HAKAN", "НАКАN"),
    ("mak", "мак"),
    ("nik", "ΝΙΚ"),
    ("lea", "Іеа"),
    ("boss@example.com", "Ьо\N{CYRILLIC SMALL LETTER DZE}ѕ@example.com"),
    ("ace", "ａｃｅ"),
    ("ace", "\U0001d41a\U0001d41c\U0001d41e"),
    ("ace", "\N{LATIN SMALL LETTER ALPHA}ce"),
    ("noël", "\N{ARMENIAN SMALL LETTER VO}о\N{CYRILLIC SMALL LETTER IO}l"),
    ("АВЕ", "ΑΒΕ"),
]
OTHERS = [
    ("ace", "ольга"),
    ("ace", "асем"),
    ("ace", "açé"),
    ("olga", "ольга"),
    ("ann1", "annl"),
    ("о" * 3, "山田"),
    ("jurgen", "jürgen"),
]
ACE = "асе"
"""In Cyrillic letters."""


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_names_that_look_the_same(one: str, other: str) -> None:
    assert one != other
    assert looks_same(one, other)
    assert looks_same(other, one)


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_two_names_that_do_not(one: str, other: str) -> None:
    assert not looks_same(one, other)


def test_the_letters_are_what_normalization_leaves() -> None:
    listed = [n for numbers in LOOKS_LIKE.values() for n in numbers.split()]

    letters = [chr(int(number, 16)) for number in listed]
    assert len({*letters}) == len(letters) > 300
    for letter in letters:
        assert unicodedata.normalize("NFKD", letter) == letter
        assert re.fullmatch(r"\w", letter)


@pytest.mark.parametrize(("known", "name"), [("ace", ACE), (ACE, "ace")])
def test_the_single_sign_on_makes_nobody_who_looks_like_another(
    client: Client, provider: Emulated, known: str, name: str
) -> None:
    person("operator", username=known)

    answer = sign_in(client, provider.of("7", "platform", preferred_username=name))

    assert answer.status_code == 403
    assert f"identity provider, {name}, looks like the existing name {known}" in text(
        answer
    )
    assert User.objects.count() == 1


def on_the_page(client: Client, name: str) -> str:
    form = {"username": name, "roles": ["viewer"]}
    return text(client.post(reverse("accounts:person-add"), form))


def in_the_admin_site(client: Client, name: str) -> str:
    form = {"username": name, "usable_password": "false"}
    return text(client.post(reverse("admin:auth_user_add"), form))


def renamed_there(client: Client, name: str) -> str:
    row, _ = User.objects.get_or_create(username="somebody")
    page = reverse("admin:auth_user_change", args=[row.pk])
    form = {"username": name, "is_active": "on", "date_joined_0": "2026-01-01"}
    return text(client.post(page, {**form, "date_joined_1": "00:00:00"}))


def on_the_command_line(client: Client, name: str) -> str:
    said = io.StringIO()
    try:
        made = {"username": name, "email": "a@example.com", "interactive": False}
        call_command("createsuperuser", stderr=said, **made)
    except CommandError as error:
        return str(error)
    return said.getvalue()


DOORS = [on_the_page, in_the_admin_site, renamed_there, on_the_command_line]


@pytest.fixture
def administrator() -> Client:
    person("operator", username="ace")
    client = Client()
    client.force_login(person("administrator", username="zoe", is_superuser=True))
    return client


@pytest.mark.parametrize("door", DOORS)
def test_no_door_takes_a_name_that_looks_like_another(
    administrator: Client, door: Callable[[Client, str], str]
) -> None:
    looks_like = f"{ACE} looks like the existing name ace in other letters."

    assert looks_like in door(administrator, ACE)
    assert "mixes alphabets" in door(administrator, "оlga")
    assert "This name is already taken." in door(administrator, "ACE")
    assert not User.objects.filter(username__in=(ACE, "оlga", "ACE")).exists()


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", ["ольга", "山田"])
def test_every_door_takes_a_name_that_looks_like_nobody(
    administrator: Client, door: Callable[[Client, str], str], name: str
) -> None:
    door(administrator, name)

    assert User.objects.filter(username=name).exists()


def test_a_name_is_kept_as_django_looks_for_it(administrator: Client) -> None:
    on_the_page(administrator, "ｏｌｇａ")

    assert User.objects.filter(username="olga").exists()


def test_whoever_has_a_name_keeps_it(administrator: Client) -> None:
    """So whoever looks like another since an earlier release can be deactivated."""
    impostor = person("viewer", username=ACE)

    page = reverse("admin:auth_user_change", args=[impostor.pk])
    form = {"username": ACE, "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    administrator.post(page, form)

    impostor.refresh_from_db()
    assert not impostor.is_active
    with pytest.raises(ValueError, match="looks like the existing name"):
        new_name(ACE)
