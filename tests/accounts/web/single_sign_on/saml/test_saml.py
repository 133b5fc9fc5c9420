"""Who comes in by SAML, as whom, and what is said where it fails."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from accounts.models import Activity, GroupRoles, Identity, SamlAnswer
from accounts.people.roles import roles_of
from accounts.web.single_sign_on.provider import Saml
from tests.accounts.web.single_sign_on.provider import PROVIDER, text, who
from tests.accounts.web.single_sign_on.saml.provider import (
    ACS,
    ENTITY_ID,
    FINISH,
    SITE,
    Answer,
    begin,
    post,
    saml,
    sign_in,
)
from tests.rows import PASSWORD, person

pytestmark = pytest.mark.django_db
What = Activity.What
FRESH = "second-approver"


def test_the_first_sign_in_makes_the_person_with_the_roles_of_the_groups(
    client: Client, provider: Saml
) -> None:
    more = (("email", ("ann@example.com",)), ("firstName", ("Ann",)))

    answer = sign_in(client, next="/accounts/", groups=("platform", "x"), more=more)

    assert (answer.status_code, answer["Location"]) == (302, "/accounts/")
    ann = User.objects.get()
    assert who(client) == "ann" == ann.username
    assert roles_of(ann) == ("operator", "approver")
    assert (ann.email, ann.first_name) == ("ann@example.com", "Ann")
    assert not ann.has_usable_password()
    assert Identity.objects.get().issuer == f"saml:{ENTITY_ID}"
    said = [(entry.who, entry.what) for entry in Activity.objects.order_by("number")]
    assert said == [("Corp", What.PERSON), ("Corp", What.ROLES), ("ann", What.SIGN_IN)]
    assert client.get("/accounts/").status_code == 200
    assert SamlAnswer.objects.get().claims is None


def test_the_name_is_of_the_attribute_that_the_environment_names(
    client: Client, provider: Saml, settings
) -> None:
    settings.SAML = saml(name_attribute="uid", claim="urn:groups")

    more = (("uid", ("ann",)), ("urn:groups", ("security",)))
    sign_in(client, subject="x-1", groups=(), more=more)

    assert who(client) == "ann"
    assert Identity.objects.get().subject == "x-1"


def test_one_attribute_for_each_group_is_all_of_them(
    client: Client, provider: Saml
) -> None:
    sign_in(client, more=(("groups", ("security",)), ("groups", ("admins",))))

    assert sorted(Identity.objects.get().groups) == ["admins", "platform", "security"]


def test_administrators_decide_on_settings_which_group_has_which_role(
    client: Client, provider: Saml, settings
) -> None:
    settings.SAML = saml(roles=None)
    assert sign_in(Client(), id="_0").status_code == 403
    GroupRoles.objects.create(group="platform", roles=["viewer"])

    sign_in(client)

    assert roles_of(User.objects.get()) == ("viewer",)


def test_the_request_names_bowline_and_asks_again_only_to_confirm(
    client: Client, provider: Saml
) -> None:
    request = begin(client)

    assert request.attrib["AssertionConsumerServiceURL"] == f"{SITE}{ACS}"
    assert request.attrib["Destination"] == provider.sso_url
    assert "ForceAuthn" not in request.attrib
    sign_in(client)
    assert begin(client, confirm="").attrib["ForceAuthn"] == "true"


def test_an_address_of_the_provider_with_a_query_keeps_it(
    client: Client, provider: Saml, settings
) -> None:
    url = "https://login.example.com/sso?a=1&b=2"
    settings.SAML = saml(sso_url=url)

    request = begin(client)

    assert request.attrib["Destination"] == url
    assert client.get(reverse("saml"))["Location"].startswith(f"{url}&SAMLRequest=")


def test_the_metadata_say_where_answers_go_and_that_they_are_signed(
    client: Client, provider: Saml
) -> None:
    answer = client.get("/sign-in/saml/metadata/")

    described = ElementTree.fromstring(answer.content)
    assert described.attrib == {"entityID": f"{SITE}/sign-in/saml/metadata/"}
    assert f'Location="{SITE}{ACS}"' in answer.content.decode()
    assert 'WantAssertionsSigned="true"' in answer.content.decode()


def test_without_saml_there_is_no_such_page(client: Client) -> None:
    for name in ("saml", "saml-finish", "saml-metadata"):
        assert client.get(reverse(name)).status_code == 404
    assert client.post(ACS).status_code == 404


def test_both_protocols_have_a_button(client: Client, provider: Saml, settings) -> None:
    settings.SINGLE_SIGN_ON = PROVIDER

    page = text(client.get(reverse("sign-in")))

    assert "Sign in with Example" in page
    assert "Sign in with Corp" in page
    assert f'href="{reverse("saml")}"' in page


def test_settings_and_the_own_page_name_the_provider(
    client: Client, provider: Saml
) -> None:
    sign_in(client)

    assert f'Corp (<span class="mono">{ENTITY_ID}</span>)' in text(
        client.get("/settings/?tab=site")
    )
    assert "You sign in with Corp" in text(client.get(reverse("you")))


# Bad days


def test_an_answer_without_groups_says_who_adds_them(
    client: Client, provider: Saml
) -> None:
    answer = sign_in(client, groups=())

    assert answer.status_code == 403
    assert "the groups attribute is missing" in text(answer)
    assert not User.objects.exists()


def test_without_a_group_that_has_a_role_nobody_is_made(
    client: Client, provider: Saml
) -> None:
    answer = sign_in(client, groups=("marketing",))

    assert "None of your groups has a role in Bowline." in text(answer)
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "times",
    [{"ends": -400}, {"starts": 400, "ends": 700}, {"ends": -2}],
    ids=["behind", "ahead", "just over"],
)
def test_a_clock_that_is_off_is_said(
    client: Client,
    provider: Saml,
    caplog: pytest.LogCaptureFixture,
    times: dict[str, int],
) -> None:
    with caplog.at_level(logging.WARNING):
        answer = sign_in(client, **times)

    assert answer.status_code == 403
    assert "the clock of Bowline's host" in text(answer)
    assert "SAML failed: " in caplog.text


def test_a_provider_that_refuses_is_a_sentence(
    client: Client, provider: Saml, caplog: pytest.LogCaptureFixture
) -> None:
    answer = sign_in(client, status="Responder")

    assert "Corp didn't complete the sign-in." in text(answer)
    assert "STATUS_CODE_IS_NOT_SUCCESS" in caplog.text


def test_a_name_that_changes_each_time_is_refused(
    client: Client, provider: Saml
) -> None:
    format = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"

    assert "a transient NameID" in text(sign_in(client, format=format))


def test_a_sign_in_that_begins_at_the_provider_is_told_where_to_begin(
    provider: Saml,
) -> None:
    answer = post(Answer("").xml())

    assert answer.status_code == 403
    assert f"Start the sign-in at Bowline, not at the provider. Open {SITE}" in text(
        answer
    )


def test_while_the_provider_is_down_the_emergency_account_gets_in(
    client: Client, provider: Saml, settings
) -> None:
    """Nothing is asked of the provider but by the browser."""
    settings.PASSWORDS_FOR = ["emergency"]
    person("administrator", username="emergency")

    page = text(client.get(reverse("sign-in")))

    assert "Emergency user" in page
    assert "Your groups at Corp determine whether you can sign in." in page
    typed = {"username": "emergency", "password": PASSWORD}
    assert client.post(reverse("sign-in"), typed).status_code == 302
    entry = Activity.objects.filter(what=What.SIGN_IN).first()
    assert entry is not None
    assert (entry.who, entry.detail["by"]) == ("emergency", "password")


@pytest.mark.parametrize("path", ["/sign-in/", "/admin/login/"])
def test_the_others_have_no_password(
    client: Client, provider: Saml, settings, path: str
) -> None:
    settings.PASSWORDS_FOR = ["emergency"]
    person("administrator", username="olga")

    client.post(path, {"username": "olga", "password": PASSWORD}, follow=True)

    assert who(client) == ""
    assert client.get("/admin/").status_code == 302


# Confirmation


def settings_page(client: Client) -> str:
    policy = {"environment": "", "second_approver": "on"}
    answer = client.post(reverse("accounts:second-approver"), policy)
    return str(answer["Location"])


def test_roles_and_settings_need_the_provider_to_ask_again(
    client: Client, provider: Saml
) -> None:
    sign_in(client, groups=("admins",))

    asked = settings_page(client)

    assert asked.startswith(reverse("confirm"))
    page = text(client.get(asked))
    assert "Confirm with Corp" in page
    assert f'href="{reverse("saml")}?confirm' in page
    answer = sign_in(client, groups=("admins",), confirm="", next="/settings/", id="_2")
    assert answer["Location"] == "/settings/"
    assert not settings_page(client).startswith(reverse("confirm"))


def test_an_answer_by_a_session_at_the_provider_confirms_nothing(
    client: Client, provider: Saml
) -> None:
    sign_in(client, groups=("admins",))

    answer = sign_in(client, groups=("admins",), confirm="", asked=-600, id="_2")

    assert answer.status_code == 403
    assert "The provider didn't ask you to sign in again" in text(answer)
    assert settings_page(client).startswith(reverse("confirm"))


def test_nobody_confirms_for_somebody_else(client: Client, provider: Saml) -> None:
    sign_in(Client(), subject="bob", groups=("admins",))
    sign_in(client, groups=("admins",), id="_2")

    answer = sign_in(client, subject="bob", groups=("admins",), confirm="", id="_3")

    assert "returned a different user" in text(answer)
    assert who(client) == "ann"
    assert settings_page(client).startswith(reverse("confirm"))


def test_what_nobody_came_for_is_forgotten(client: Client, provider: Saml) -> None:
    late = datetime.fromtimestamp(time.time() - 1, UTC)
    SamlAnswer.objects.create(assertion="a", request="r", claims={}, until=late)

    sign_in(client)

    assert SamlAnswer.objects.count() == 1


def test_who_comes_too_late_begins_again(client: Client, provider: Saml) -> None:
    post(Answer(begin(client).attrib["ID"]).xml())
    SamlAnswer.objects.update(until=datetime.fromtimestamp(time.time() - 1, UTC))

    answer = client.get(FINISH)

    assert "The provider didn't respond to this sign-in." in text(answer)
    assert who(client) == ""
