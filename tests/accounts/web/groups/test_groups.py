"""Groups of the provider, and the roles that an administrator gives them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from accounts.models import Activity, GroupRoles, Identity
from accounts.people.roles import roles_of
from accounts.web.groups import changing
from accounts.web.you.confirmation import CONFIRMED
from tests.accounts.web.groups.changes import PAGE, chosen, remove, save
from tests.accounts.web.single_sign_on.provider import Emulated, sign_in, text, who
from tests.rows import person

pytestmark = pytest.mark.django_db
What = Activity.What


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(person("administrator", username="local"))
    return client


def test_a_group_gets_roles_and_its_people_have_them_at_the_next_sign_in(
    administrator: Client, decided_here: Emulated
) -> None:
    provider = decided_here.of("ann", "platform")
    assert sign_in(Client(), provider).status_code == 403

    page = save(administrator, "platform", "operator", "approver")

    assert "They apply at each person's next sign-in." in text(page)
    ann = Client()
    assert sign_in(ann, provider).status_code == 302
    assert roles_of(User.objects.get(username="ann")) == ("operator", "approver")
    entry = Activity.objects.get(about="group platform")
    assert (entry.who, entry.what) == ("local", What.ROLES)
    assert entry.detail["changed"] == [[], ["operator", "approver"]]


def test_a_change_replaces_the_roles_and_the_same_again_is_none(
    administrator: Client, decided_here: Emulated
) -> None:
    save(administrator, "platform", "operator")

    save(administrator, "platform", "viewer")
    again = save(administrator, "platform", "viewer")

    assert chosen() == {"platform": ["viewer"]}
    assert "has these roles" in text(again)
    assert Activity.objects.filter(about="group platform").count() == 2


def test_what_is_changed_is_in_the_form(
    administrator: Client, decided_here: Emulated
) -> None:
    save(administrator, "a & b", "viewer", "operator")

    page = administrator.get(PAGE, {"group": "a & b"})

    form = page.context["form"]
    assert {name: form.initial[name] for name in ("group", "roles")} == {
        "group": "a & b",
        "roles": ["viewer", "operator"],
    }
    assert "?group=a%20%26%20b#form" in page.content.decode()


def test_a_removed_group_opens_nothing_any_more(
    administrator: Client, decided_here: Emulated
) -> None:
    save(administrator, "platform", "operator")

    page = remove(administrator, "platform")

    assert "Its members keep their roles until they next sign in" in text(page)
    assert chosen() == {}
    assert sign_in(Client(), decided_here.of("ann", "platform")).status_code == 403
    assert "This group doesn't exist" in text(remove(administrator, "platform"))


@pytest.mark.parametrize(
    ("group", "roles", "said"),
    [
        ("", ["viewer"], "This field is required"),
        ("x" * 256, ["viewer"], "at most 255"),
        ("a\u202eb", ["viewer"], "‹U+202E›"),
        ("platform", [], "Choose at least one role"),
        ("platform", ["root"], "root is not one of the available choices"),
    ],
)
def test_what_is_no_group_or_no_role_is_said(
    administrator: Client, group: str, roles: list[str], said: str
) -> None:
    page = save(administrator, group, *roles)

    assert said in text(page)
    assert chosen() == {}


def test_the_environment_rules_where_it_says_so(
    administrator: Client, provider: Emulated
) -> None:
    GroupRoles.objects.create(group="marketing", roles=["administrator"])

    page = text(administrator.get(PAGE))

    assert "Read-only: the variable <code>OIDC_ROLES</code> of the environment" in page
    assert "platform" in page
    assert "Save group" not in page
    save(administrator, "others", "viewer")
    remove(administrator, "marketing")
    assert chosen() == {"marketing": ["administrator"]}
    assert sign_in(Client(), provider.of("ann", "marketing")).status_code == 403


def test_without_a_provider_the_page_prepares_one(administrator: Client) -> None:
    page = text(administrator.get(PAGE))

    assert "Single sign-on isn't configured yet" in page
    save(administrator, "platform", "viewer")
    assert chosen() == {"platform": ["viewer"]}


def test_settings_say_which_groups_have_which_roles(
    administrator: Client, decided_here: Emulated
) -> None:
    save(administrator, "platform", "operator")

    page = text(administrator.get("/settings/"))

    assert "the group platform" in page
    assert f'href="{PAGE}"' in page


def test_people_of_a_group_are_signed_out_and_lose_what_it_gave(
    administrator: Client, decided_here: Emulated
) -> None:
    save(administrator, "platform", "operator", "approver")
    save(administrator, "security", "viewer")
    ann, bob = Client(), Client()
    sign_in(ann, decided_here.of("ann", "platform", "security"))
    sign_in(bob, decided_here.of("bob", "security"))
    save(administrator, "platform", "operator")
    assert roles_of(User.objects.get(username="ann")) == ("operator", "approver")

    page = administrator.post(f"{PAGE}sign-out/", {"group": "platform"}, follow=True)

    assert "1 person of the group platform must sign in again." in text(page)
    assert (who(ann), who(bob), who(administrator)) == ("", "bob", "local")
    assert roles_of(User.objects.get(username="ann")) == ("operator",)
    changed = Activity.objects.filter(what=What.ROLES, about="ann").first()
    assert changed is not None
    assert (changed.who, changed.detail["changed"][1]) == (
        "local",
        ["operator", "viewer"],
    )


def test_signing_out_gives_nobody_a_role(
    administrator: Client, decided_here: Emulated
) -> None:
    """Whether somebody is still in a group is what the provider says, not the past."""
    save(administrator, "platform", "viewer")
    sign_in(Client(), decided_here.of("ann", "platform"))
    save(administrator, "platform", "administrator")

    administrator.post(f"{PAGE}sign-out/", {"group": "platform"})

    assert roles_of(User.objects.get(username="ann")) == ()


def test_nobody_came_by_a_group_that_there_is_not(
    administrator: Client, decided_here: Emulated
) -> None:
    page = administrator.post(f"{PAGE}sign-out/", {"group": "none"}, follow=True)

    assert "No other members of the group none are signed in." in text(page)
    assert not Activity.objects.filter(what=What.ROLES).exists()


def test_a_group_keeps_what_every_database_takes(
    administrator: Client, decided_here: Emulated
) -> None:
    save(administrator, "platform", "viewer")

    sign_in(Client(), decided_here.of("ann", "platform", "a\0b"))

    assert Identity.objects.get().groups == ["platform", "a‹U+0000›b"]


def test_without_a_recent_confirmation_nothing_is_changed(
    administrator: Client,
) -> None:
    session = administrator.session
    session[CONFIRMED] = (timezone.now() - timedelta(hours=1)).isoformat()
    session.save()

    for path in ("save", "remove", "sign-out"):
        answer = administrator.post(f"{PAGE}{path}/", {"group": "a", "roles": "viewer"})
        assert answer["Location"].startswith("/you/confirm/")
    assert chosen() == {}


def test_there_is_a_most_of_groups(
    administrator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changing, "MOST", 1)
    save(administrator, "a", "viewer")

    page = save(administrator, "b", "viewer")

    assert "You've reached the maximum of 1 groups. Remove a group first." in text(page)
    assert chosen() == {"a": ["viewer"]}


@pytest.mark.parametrize("role", ["viewer", "operator", "approver"])
def test_only_administrators_see_the_page(client: Client, role: str) -> None:
    client.force_login(person(role))

    assert client.get(PAGE).status_code == 403
    assert PAGE not in text(client.get("/settings/"))
