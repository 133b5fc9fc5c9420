"""Second factors in the database: used once, in every process, encrypted, reset."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client

from accounts.factors.keeping import (
    CODES,
    HOW_MANY,
    PASSKEY,
    Sealed,
    add,
    advance,
    codes_left,
    factors_of,
    make_codes,
    seal,
    unseal,
    use_code,
)
from accounts.models import Activity
from accounts.web.you.confirmation import CONFIRMED
from tests.accounts.web.factors.people import code, give_app, is_in, password, second
from tests.rows import factor_rows, person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("before", "now", "fits"),
    [(4, 5, True), (4, 4, False), (4, 3, False), (4, 0, False), (0, 0, True)],
)
def test_a_passkey_counts_further_or_not_at_all(
    before: int, now: int, fits: bool
) -> None:
    vera = person("viewer")
    add(vera, PASSKEY, name="Key", last=before, credential={})
    factor = factors_of(vera, PASSKEY).get()

    assert advance(factor, now) is fits
    assert factors_of(vera, PASSKEY).get().data["last"] == (now if fits else before)


def test_a_code_is_used_once_for_every_process() -> None:
    vera = person("viewer")
    give_app(vera)
    right = code()

    assert use_code(vera, right)
    cache.clear()  # what another host has of it
    assert not use_code(vera, right)


def one_of_two(vera: User, text: str) -> list[bool]:
    """Use a code at two places at once."""
    both, used = Barrier(2), []

    def use() -> None:
        both.wait(20)
        used.append(use_code(vera, text))
        connections.close_all()

    threads = [Thread(target=use) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return used


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("of", [lambda codes: code(), lambda codes: codes[0]])
def test_of_two_requests_with_a_code_one_uses_it(
    of: Callable[[list[str]], str],
) -> None:
    vera = person("viewer")

    used = one_of_two(vera, of(give_app(vera)))

    assert sorted(used) == [False, True]


def test_each_works_once_however_it_is_typed() -> None:
    vera = person("viewer")
    first, *_ = make_codes(vera)

    assert use_code(vera, first.upper().replace("-", "\u2013"))
    assert not use_code(vera, first)
    assert codes_left(vera) == HOW_MANY - 1


def test_those_of_before_work_no_longer() -> None:
    vera = person("viewer")
    former = make_codes(vera)

    now = make_codes(vera)

    assert not any(use_code(vera, code) for code in former)
    assert codes_left(vera) == HOW_MANY
    assert use_code(vera, now[0])


def test_a_digest_is_no_code() -> None:
    vera = person("viewer")
    make_codes(vera)
    stored = factors_of(vera, CODES).get().data["migrated_codes"]

    assert not any(use_code(vera, digest) for digest in stored)


What = Activity.What

LIST = "/admin/auth/user/"


@pytest.fixture
def vera() -> User:
    vera = person("viewer", username="vera")
    factor_rows(vera)
    give_app(vera)
    return vera


@pytest.fixture
def signed_in(vera: User) -> Client:
    client = Client()
    password(client, "vera")
    second(client, code=code())
    assert is_in(client)
    return client


def nothing_is_left() -> bool:
    return not Authenticator.objects.exists()


def reset(client: Client, *people: User) -> Any:
    chosen = [str(one.pk) for one in people]
    sent = {"action": "reset_factors", "_selected_action": chosen}
    return client.post(LIST, sent)


def administrator() -> Client:
    client = Client()
    client.force_login(person("administrator"))
    return client


def test_the_command_resets_and_signs_out(signed_in: Client) -> None:
    person("administrator", username="olga")

    call_command("reset_second_factor", "vera", "--by", "olga")

    assert nothing_is_left()
    assert not is_in(signed_in)
    entry = Activity.objects.first()
    assert (entry.who, entry.what, entry.about) == ("olga", What.FACTORS_RESET, "vera")
    password(signed_in, "vera")
    assert is_in(signed_in)


def test_the_command_says_whom_it_does_not_know(vera: User) -> None:
    with pytest.raises(CommandError, match="no user nobody"):
        call_command("reset_second_factor", "nobody")

    assert not nothing_is_left()


def test_without_a_factor_nothing_is_recorded(capsys: Any) -> None:
    person("viewer")

    call_command("reset_second_factor", "viewer")

    assert capsys.readouterr().out == "viewer has no second factor.\n"
    assert not Activity.objects.exists()


def test_an_administrator_resets_it_in_the_admin_site(
    vera: User, signed_in: Client
) -> None:
    client = administrator()
    assert client.get(LIST).status_code == 200

    reset(client, vera)

    assert nothing_is_left()
    assert not is_in(signed_in)
    entry = Activity.objects.first()
    assert (entry.who, entry.about) == ("administrator", "vera")


def test_the_admin_site_asks_for_the_password_first(vera: User) -> None:
    client = administrator()
    session = client.session
    session[CONFIRMED] = ""
    session.save()

    answer = reset(client, vera)

    assert answer.url.startswith("/you/confirm/")
    assert not nothing_is_left()


def test_only_a_superuser_resets_a_superusers(vera: User) -> None:
    User.objects.filter(pk=vera.pk).update(is_superuser=True)

    reset(administrator(), vera)

    assert not nothing_is_left()


def test_a_list_of_people_asks_no_more_for_more_people(
    vera: User, django_assert_max_num_queries: Any
) -> None:
    client = administrator()
    for number in range(12):
        give_app(person("viewer", username=f"v{number}"))

    with django_assert_max_num_queries(14):
        client.get(LIST)


def test_what_was_sealed_is_read_again_and_looks_otherwise_each_time() -> None:
    first, second = seal("secret"), seal("secret")

    assert unseal(first) == unseal(second) == "secret"
    assert first != second
    assert "secret" not in first


@pytest.mark.parametrize(
    "text", ["", "secret", "gAAAA", "\u202e", "a\x00b", "x" * 9000]
)
def test_what_was_not_sealed_is_refused(text: str) -> None:
    with pytest.raises(Sealed):
        unseal(text)


def test_another_key_opens_nothing_unless_it_is_a_former_one(settings: Any) -> None:
    sealed, former = seal("secret"), settings.SECRET_KEY
    settings.SECRET_KEY = "another"
    with pytest.raises(Sealed):
        unseal(sealed)

    settings.SECRET_KEY_FALLBACKS = [former]

    assert unseal(sealed) == "secret"
