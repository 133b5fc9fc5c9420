"""Who comes in by single sign-on, as whom, and who does not."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from allauth.socialaccount.models import SocialApp
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Activity, Identity
from accounts.people.roles import roles_of
from tests.accounts.web.single_sign_on.provider import (
    ISSUER,
    Emulated,
    begin,
    come_back,
    sign_in,
    text,
    who,
)
from tests.rows import PASSWORD, person

pytestmark = pytest.mark.django_db
What = Activity.What


def test_the_first_sign_in_makes_the_person_with_the_roles_of_the_groups(
    client: Client, provider: Emulated
) -> None:
    provider.of("ann", "platform", "others", email="ann@example.com", given_name="Ann")

    answer = sign_in(client, provider, next="/accounts/")

    assert (answer.status_code, answer["Location"]) == (302, "/accounts/")
    ann = User.objects.get()
    assert who(client) == "ann" == ann.username
    assert roles_of(ann) == ("operator", "approver")
    assert (ann.email, ann.first_name) == ("ann@example.com", "Ann")
    assert not ann.has_usable_password()
    assert not ann.is_superuser
    assert Identity.objects.get().issuer == ISSUER
    said = [(entry.who, entry.what) for entry in Activity.objects.order_by("number")]
    assert said == [
        ("Example", What.PERSON),
        ("Example", What.ROLES),
        ("ann", What.SIGN_IN),
    ]
    assert client.get("/accounts/").status_code == 200


def test_the_code_is_exchanged_with_its_verifier_and_nothing_is_stored_of_it(
    client: Client, provider: Emulated
) -> None:
    sign_in(client, provider.of("ann", "platform"))

    assert provider.verified == [True]
    kept = str(dict(client.session.items()))
    for secret in ("an-access-token", "a-code", "of-tests", provider.nonce):
        assert secret not in kept


def test_roles_are_those_of_the_groups_at_each_sign_in(
    client: Client, provider: Emulated
) -> None:
    sign_in(client, provider.of("ann", "platform"))

    sign_in(client, provider.of("ann", "security", given_name="Anna"))

    ann = User.objects.get()
    assert roles_of(ann) == ("viewer",)
    assert ann.first_name == "Anna"
    changed = Activity.objects.filter(what=What.ROLES).first()
    assert changed is not None
    assert changed.detail["changed"] == [["approver", "operator"], ["viewer"]]


def test_without_a_group_that_has_a_role_nobody_is_made(
    client: Client, provider: Emulated
) -> None:
    answer = sign_in(client, provider.of("ann", "marketing"))

    assert answer.status_code == 403
    assert "None of your groups has a role in Bowline." in text(answer)
    assert not User.objects.exists()
    assert who(client) == ""


def test_a_claim_without_groups_is_said(client: Client, provider: Emulated) -> None:
    answer = sign_in(client, provider.of("ann", groups=None))

    assert answer.status_code == 403
    assert "the groups claim is missing" in text(answer)


def test_who_was_deactivated_here_stays_out(client: Client, provider: Emulated) -> None:
    sign_in(client, provider.of("ann", "platform"))
    User.objects.update(is_active=False)

    answer = sign_in(Client(), provider)

    assert answer.status_code == 403
    assert "deactivated you" in text(answer)
    assert who(client) == ""


@pytest.mark.parametrize("error", ["access_denied", "login_required", "<script>"])
def test_an_error_of_the_provider_is_a_sentence(
    client: Client,
    provider: Emulated,
    caplog: pytest.LogCaptureFixture,
    error: str,
) -> None:
    query = begin(client, provider)

    with caplog.at_level(logging.WARNING):
        answer = come_back(client, query, error=error, code="")

    assert answer.status_code == 401
    assert "Example didn't complete the sign-in." in text(answer)
    assert ("<script>" in caplog.text) is False
    assert error.isidentifier() == (error in caplog.text)


def test_a_wrong_client_secret_is_in_the_log_by_its_code_alone(
    client: Client, provider: Emulated, caplog: pytest.LogCaptureFixture
) -> None:
    provider.token_error = "invalid_client"

    answer = sign_in(client, provider.of("ann", "platform"))

    assert answer.status_code == 401
    assert "Single sign-on failed: OAuth2Error invalid_client" in caplog.text
    assert "of-tests" not in caplog.text


def test_a_provider_that_is_down_is_said_and_the_emergency_account_gets_in(
    client: Client, provider: Emulated, settings
) -> None:
    settings.PASSWORDS_FOR = ["emergency"]
    person("administrator", username="emergency")
    provider.down = True

    answer = client.get(reverse("single-sign-on"))

    assert answer.status_code == 503
    assert f"{ISSUER} doesn't respond" in text(answer)
    assert "emergency user can sign in with a password" in text(answer)
    typed = {"username": "emergency", "password": PASSWORD}
    assert client.post(reverse("sign-in"), typed).status_code == 302
    entry = Activity.objects.filter(what=What.SIGN_IN).first()
    assert entry is not None
    assert (entry.who, entry.detail["by"]) == ("emergency", "password")


def test_without_single_sign_on_there_is_no_such_page(client: Client) -> None:
    assert client.get(reverse("single-sign-on")).status_code == 404
    assert client.get(reverse("openid_connect_callback")).status_code == 404
    assert "Sign in with a password" not in text(client.get(reverse("sign-in")))


def test_a_session_of_single_sign_on_ends_as_every_other(
    client: Client, provider: Emulated, settings
) -> None:
    sign_in(client, provider.of("ann", "platform"))

    ends = client.session.get_expiry_date()

    within = timedelta(seconds=settings.SESSION_COOKIE_AGE + 5)
    assert ends < timezone.now() + within


def test_the_own_page_has_no_password_of_somebody_who_has_none(
    client: Client, provider: Emulated
) -> None:
    sign_in(client, provider.of("ann", "platform"))

    page = text(client.get(reverse("you")))

    assert "Change the password" not in page
    assert "You sign in with Example" in page


def test_the_same_groups_again_change_nothing(
    client: Client, provider: Emulated
) -> None:
    sign_in(client, provider.of("ann", "platform"))
    sign_in(client, provider)

    assert Activity.objects.filter(what=What.ROLES).count() == 1


def test_whose_session_ended_signs_in_where_it_confirms(
    client: Client, provider: Emulated
) -> None:
    query = begin(client, provider.of("ann", "platform"), confirm="")

    assert come_back(client, query).status_code == 302
    assert who(client) == "ann"


def test_a_provider_in_the_database_counts_for_nothing(
    client: Client, provider: Emulated
) -> None:
    SocialApp.objects.create(
        provider="openid_connect",
        provider_id="single",
        client_id="of-somebody-else",
        settings={"server_url": "https://evil.example.com"},
    )

    assert begin(client, provider)["client_id"] == "bowline"


def test_the_tables_of_the_library_are_not_in_the_admin_site(client: Client) -> None:
    client.force_login(person("administrator", is_superuser=True))

    assert "Social" not in text(client.get("/admin/"))
    assert client.get("/admin/socialaccount/socialapp/").status_code == 404
