"""A person's page: what an administrator changes there, and what nobody may."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from accounts.models import Activity
from accounts.people.role_limits.limits import limit
from accounts.people.roles import APPROVER, OPERATOR
from accounts.web.you.confirmation import CONFIRMED
from accounts.web.you.unsent import KEPT
from tests.accounts.web.answers import messages_of
from tests.accounts.web.people.rows import of_provider
from tests.accounts.web.single_sign_on.provider import PROVIDER
from tests.rows import PASSWORD, account_row, person

pytestmark = pytest.mark.django_db

What = Activity.What
DECISIONS = ("roles", "active", "sign-out", "describe", "link")


def url(user: User, action: str = "") -> str:
    return f"/settings/people/{user.pk}/{action}{'/' if action else ''}"


def roles(user: User) -> list[str]:
    return sorted(user.groups.values_list("name", flat=True))


def entry() -> tuple[str, str, str, Any]:
    last = Activity.objects.first()
    return (last.who, last.what, last.about, last.detail) if last else ("", "", "", {})


@pytest.fixture
def olga() -> User:
    return person("operator", username="olga")


def test_roles_are_given_and_taken_on_record(ada: Client, olga: User) -> None:
    ada.post(url(olga, "roles"), {"roles": ["approver", "viewer"]})

    assert roles(olga) == ["approver", "viewer"]
    changed = {"changed": [["operator"], ["approver", "viewer"]]}
    assert entry() == ("ada", What.ROLES, "olga", changed)


def test_the_same_roles_are_no_decision(ada: Client, olga: User) -> None:
    answer = ada.post(url(olga, "roles"), {"roles": ["operator"]})

    assert "same as before" in messages_of(answer)
    assert not Activity.objects.exists()


def test_a_role_that_there_is_not_changes_nothing(ada: Client, olga: User) -> None:
    answer = ada.post(url(olga, "roles"), {"roles": ["root"]})

    assert "Select a valid choice" in answer.content.decode()
    assert roles(olga) == ["operator"]


def test_somebody_is_deactivated_and_out_at_once(ada: Client, olga: User) -> None:
    theirs = Client()
    theirs.force_login(olga)

    ada.post(url(olga, "active"), {"active": "off"})

    assert theirs.get("/accounts/").status_code == 302
    assert not User.objects.get(pk=olga.pk).is_active
    assert entry()[3] == {"changed": {"is_active": [True, False]}}
    assert ada.get(url(olga)).context["person"].sessions == 0


def test_somebody_is_activated_again(ada: Client, olga: User) -> None:
    User.objects.filter(pk=olga.pk).update(is_active=False)

    ada.post(url(olga, "active"), {"active": "on"})

    assert User.objects.get(pk=olga.pk).is_active
    assert User.objects.get(pk=olga.pk).check_password(PASSWORD)


def test_all_sessions_end_and_nobody_elses(ada: Client, olga: User) -> None:
    theirs, others = Client(), Client()
    theirs.force_login(olga)
    others.force_login(person("viewer"))

    ada.post(url(olga, "sign-out"))

    assert theirs.get("/accounts/").status_code == 302
    assert others.get("/accounts/").status_code == 200
    assert entry() == ("ada", What.SIGN_OUT, "olga", {"sessions": 1})


def test_names_and_mail_are_changed_on_record(ada: Client, olga: User) -> None:
    said = {"first_name": "Olga", "last_name": "P", "email": "olga@example.com"}

    ada.post(url(olga, "describe"), said)

    assert User.objects.get(pk=olga.pk).get_full_name() == "Olga P"
    assert entry()[3]["changed"]["email"] == ["", "olga@example.com"]


def test_a_mail_address_that_is_none_is_refused(ada: Client, olga: User) -> None:
    page = ada.post(url(olga, "describe"), {"email": "olga"}).content.decode()

    assert "Enter a valid email address." in page
    assert not Activity.objects.exists()


@pytest.mark.parametrize("action", ["roles", "active", "sign-out", "link"])
def test_nobody_changes_themselves(ada: Client, action: str) -> None:
    me = User.objects.get(username="ada")

    said = {"roles": ["operator"], "operator_in": "lab", "active": "off"}
    answer = ada.post(url(me, action), said)

    assert "You can't change your own account. Ask" in messages_of(answer)
    assert limits(me) == []
    assert (roles(me), User.objects.get(pk=me.pk).is_active) == (
        ["administrator"],
        True,
    )
    assert [one.what for one in Activity.objects.all()] == ["refused"]


def test_the_page_of_oneself_has_no_such_buttons(ada: Client) -> None:
    me = User.objects.get(username="ada")

    page = ada.get(url(me)).content.decode()

    assert "Ask another administrator" in page
    assert not any(url(me, action) in page for action in DECISIONS[:3])


def test_one_writes_ones_own_mail_address(ada: Client) -> None:
    me = User.objects.get(username="ada")

    ada.post(url(me, "describe"), {"email": "ada@example.com"})

    assert User.objects.get(pk=me.pk).email == "ada@example.com"


@pytest.mark.parametrize("action", DECISIONS)
def test_only_a_superuser_changes_a_superuser(ada: Client, action: str) -> None:
    root = User.objects.create_superuser("root", password=PASSWORD)

    said = {"roles": ["viewer"], "active": "off", "email": "x@example.com"}
    answer = ada.post(url(root, action), said)

    assert "Only a superuser can change a superuser." in messages_of(answer)
    assert not Activity.objects.exclude(what="refused").exists()
    assert "Only a superuser" in ada.get(url(root)).content.decode()


def test_the_provider_decides_the_roles_of_its_people(
    ada: Client, settings: Any
) -> None:
    settings.SINGLE_SIGN_ON = PROVIDER
    sam = of_provider("sam")

    page = ada.get(url(sam)).content.decode()
    answers = [
        ada.post(url(sam, "roles"), {"roles": ["administrator"]}),
        ada.post(url(sam, "describe"), {"email": "x@example.com"}),
        ada.post(url(sam, "link")),
    ]

    assert f"The groups at {PROVIDER.name} determine" in page
    assert 'name="roles"' not in page
    assert url(sam, "link") not in page
    assert roles(sam) == ["operator"]
    assert "Single sign-on manages this person's roles." in messages_of(answers[0])
    assert "can't sign in with a password" in messages_of(answers[2])
    assert not Activity.objects.exists()


def test_somebody_of_the_provider_is_kept_out_here(ada: Client, settings: Any) -> None:
    settings.SINGLE_SIGN_ON = PROVIDER
    sam = of_provider("sam")

    ada.post(url(sam, "active"), {"active": "off"})

    assert not User.objects.get(pk=sam.pk).is_active


@pytest.mark.parametrize("action", DECISIONS)
def test_each_decision_asks_for_the_password_again(
    ada: Client, olga: User, action: str
) -> None:
    session = ada.session
    del session[CONFIRMED]
    session.save()

    answer = ada.post(url(olga, action), {"roles": ["viewer"], "active": "off"})

    assert answer.url == "/you/confirm/?next=%2Fyou%2Funsent%2F"
    assert ada.session[KEPT]["page"] == f"/settings/people/{olga.pk}/"
    assert roles(olga) == ["operator"]
    assert not Activity.objects.exists()


def test_it_says_for_which_environments_a_role_is(ada: Client, olga: User) -> None:
    limit(olga, OPERATOR, {"lab", ""}, "ada")
    me = User.objects.get(username="ada")
    limit(me, APPROVER, {"lab"}, "bob")

    form = ada.get(url(olga)).context["roles_form"]

    assert form["operator_in"].value() == "-, lab"
    assert form["approver_in"].value() is None
    assert ("The approver role applies to lab only.") in ada.get(
        url(me)
    ).content.decode()


def test_the_menu_names_ones_own_roles(ada: Client, olga: User) -> None:
    page = ada.get(url(olga)).content.decode()

    assert '<p class="soft small menu-roles">Role: administrator</p>' in page
    assert page.count('name="operator_in"') == 1


def limits(user: User) -> list[tuple[str, str]]:
    return list(
        user.role_limits.order_by("role", "environment").values_list(
            "role", "environment"
        )
    )


def test_roles_are_limited_with_the_roles_on_record(ada: Client, olga: User) -> None:
    account_row(environment="staging")
    said = {"roles": ["operator", "approver"], "operator_in": "staging, -"}

    answer = ada.post(url(olga, "roles"), said)

    assert messages_of(answer) == "The roles of olga are changed."
    assert roles(olga) == ["approver", "operator"]
    assert limits(olga) == [("operator", ""), ("operator", "staging")]
    detail = {
        "role": "operator",
        "environments": ["every environment", ["no environment", "staging"]],
    }
    assert entry() == ("ada", What.ROLES, "olga", detail)
    assert Activity.objects.count() == 2


def test_an_empty_field_ends_the_limit(ada: Client, olga: User) -> None:
    limit(olga, OPERATOR, {"lab"}, "bob")

    ada.post(url(olga, "roles"), {"roles": ["operator"], "operator_in": " "})

    assert limits(olga) == []


def test_the_same_limit_is_no_decision(ada: Client, olga: User) -> None:
    limit(olga, OPERATOR, {"lab"}, "bob")
    said = {"roles": ["operator"], "operator_in": "lab"}

    answer = ada.post(url(olga, "roles"), said)

    assert "same as before" in messages_of(answer)
    assert Activity.objects.count() == 1


def test_an_environment_without_accounts_is_pointed_out(
    ada: Client, olga: User
) -> None:
    account_row(environment="staging")
    said = {"roles": ["operator"], "operator_in": "staging stagin"}

    answer = ada.post(url(olga, "roles"), said)

    assert "No account is in stagin yet." in messages_of(answer)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"roles": ["operator"], "operator_in": "no such name!"}, "such"),
        ({"roles": ["viewer"], "operator_in": "lab"}, "Select the operator role also"),
        (
            {"roles": ["operator"], "approver_in": "lab"},
            "the approver role also",
        ),
    ],
)
def test_a_limit_that_means_nothing_is_refused(
    ada: Client, olga: User, said: dict[str, Any], sentence: str
) -> None:
    page = ada.post(url(olga, "roles"), said)

    assert page.status_code == 200
    assert "Nothing is saved yet." in page.content.decode()
    assert sentence in page.content.decode()
    assert (roles(olga), limits(olga)) == (["operator"], [])
    assert not Activity.objects.exists()


def test_a_role_that_is_taken_leaves_its_limit_for_when_it_is_given_back(
    ada: Client, olga: User
) -> None:
    limit(olga, OPERATOR, {"lab"}, "bob")

    ada.post(url(olga, "roles"), {"roles": ["viewer"], "operator_in": "lab"})

    assert (roles(olga), limits(olga)) == (["viewer"], [("operator", "lab")])


def test_roles_of_the_provider_are_limited_here(ada: Client, settings: Any) -> None:
    settings.SINGLE_SIGN_ON = PROVIDER
    sam = of_provider("sam")

    page = ada.get(url(sam)).content.decode()
    ada.post(url(sam, "roles"), {"operator_in": "lab"})

    assert 'name="operator_in"' in page
    assert (roles(sam), limits(sam)) == (["operator"], [("operator", "lab")])
