"""Groups that give roles in some environments only: what a sign-in makes of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.test import Client

from accounts.models import Activity, RoleLimit
from accounts.people.deciding import refuse
from accounts.people.reach import DecisionReach
from accounts.people.role_limits.limits import limit, limits_of, with_role_in
from accounts.people.roles import OPERATOR, roles_of
from tests.accounts.api.calling import Caller, token_of
from tests.accounts.web.single_sign_on.provider import PROVIDER, Emulated, sign_in, text
from tests.rows import account_row, person

pytestmark = pytest.mark.django_db
ROLES = {
    "everybody": ("viewer",),
    "platform": ("operator", "approver"),
    "staging": ("operator@staging", "approver@staging"),
    "test": ("operator@test", "operator@-"),
    "security": ("approver@production",),
}
Limits = dict[str, set[str]]


@pytest.fixture
def groups(provider: Emulated, settings) -> Emulated:
    settings.SINGLE_SIGN_ON = replace(PROVIDER, roles=ROLES)
    return provider


def ann() -> User:
    return User.objects.get(username="ann")


def came(provider: Emulated, *names: str) -> User:
    assert sign_in(Client(), provider.of("ann", *names)).status_code == 302
    return ann()


@pytest.mark.parametrize(
    ("names", "roles", "limits"),
    [
        (["platform"], ("operator", "approver"), {}),
        (
            ["staging"],
            ("operator", "approver"),
            {"operator": {"staging"}, "approver": {"staging"}},
        ),
        (["test"], ("operator",), {"operator": {"test", ""}}),
        (
            ["everybody", "staging", "test", "security"],
            ("operator", "approver"),
            {
                "operator": {"staging", "test", ""},
                "approver": {"staging", "production"},
            },
        ),
        # A role in every environment wins, whichever group comes first.
        (["platform", "staging"], ("operator", "approver"), {}),
        (["test", "platform", "security"], ("operator", "approver"), {}),
    ],
)
def test_groups_add_up(
    groups: Emulated, names: list[str], roles: tuple[str, ...], limits: Limits
) -> None:
    person = came(groups, *names)

    assert roles_of(person) == roles
    assert limits_of(person) == limits


def test_limits_are_those_of_each_sign_in_and_on_record(groups: Emulated) -> None:
    for names in (["staging"], ["staging"], ["security", "test"], ["platform"]):
        person = came(groups, *names)

    assert limits_of(person) == {}
    entries = Activity.objects.filter(about="ann", what="roles").order_by("number")
    by_groups = [
        (entry.detail["role"], *entry.detail["environments by groups"])
        for entry in entries
        if "role" in entry.detail
    ]
    every = "every environment"
    assert by_groups == [
        ("operator", every, ["staging"]),
        ("approver", every, ["staging"]),
        ("operator", ["staging"], ["no environment", "test"]),
        ("approver", ["staging"], ["production"]),
        ("operator", ["no environment", "test"], every),
        ("approver", ["production"], every),
    ]
    assert {entry.who for entry in entries} == {"Example"}


def test_whoever_loses_all_groups_loses_the_limits_of_groups_too(
    groups: Emulated,
) -> None:
    came(groups, "staging")

    assert sign_in(Client(), groups.of("ann", "others")).status_code == 403

    assert roles_of(ann()) == ()
    assert not RoleLimit.objects.exists()


def test_what_a_person_limited_stays_and_both_hold(groups: Emulated) -> None:
    """What groups give is limited by an administrator, and no sign-in undoes that."""
    anna = person("administrator", username="anna")
    by_hand = {"operator": {"staging", "production"}}
    limit(came(groups, "platform"), OPERATOR, by_hand["operator"], anna)

    assert limits_of(came(groups, "platform")) == {
        "operator": {"staging", "production"}
    }
    assert limits_of(came(groups, "staging")) == {
        "operator": {"staging"},
        "approver": {"staging"},
    }
    assert limits_of(came(groups, "test")) == {"operator": frozenset()}
    with pytest.raises(PermissionDenied, match="to no environment"):
        refuse(DecisionReach(frozenset([("web", "test")])), None, ann(), OPERATOR)
    assert limits_of(came(groups, "platform")) == {
        "operator": {"staging", "production"}
    }


def test_only_whoever_has_the_role_there_by_both_is_found(groups: Emulated) -> None:
    found = User.objects.filter(username="ann")

    def where() -> list[str]:
        names = ("staging", "test", "production", "")
        return [one for one in names if with_role_in(found, OPERATOR, [one]).exists()]

    came(groups, "platform")
    assert where() == ["staging", "test", "production", ""]
    limit(ann(), OPERATOR, ["staging", "production"], None)
    assert where() == ["staging", "production"]
    came(groups, "test", "staging")
    assert where() == ["staging"]
    assert not with_role_in(found, OPERATOR, ["test", "production"]).exists()
    limit(ann(), OPERATOR, None, None)
    assert where() == ["staging", "test", ""]


def test_a_local_persons_limit_stays(groups: Emulated) -> None:
    local = person("operator", username="local")
    limit(local, OPERATOR, ["staging"], None)

    came(groups, "test")

    assert limits_of(User.objects.get(username="local")) == {"operator": {"staging"}}


@pytest.mark.parametrize("role", ["viewer@staging", "administrator@staging", "root@a"])
def test_what_is_no_role_gives_none(groups: Emulated, settings, role: str) -> None:
    """Nothing writes such a mapping: if there is one, it is no role without a limit."""
    settings.SINGLE_SIGN_ON = replace(
        PROVIDER, roles={"a": (role,), "b": ("approver@test",)}
    )

    person = came(groups, "a", "b")

    assert roles_of(person) == ("approver",)
    assert limits_of(person) == {"approver": {"test"}}


def test_what_is_configured_counts_at_the_next_sign_in(
    groups: Emulated, settings
) -> None:
    came(groups, "platform")
    narrower = {"platform": ("operator@staging",)}
    settings.SINGLE_SIGN_ON = replace(PROVIDER, roles=narrower)

    person = came(groups, "platform")

    assert roles_of(person) == ("operator",)
    assert limits_of(person) == {"operator": {"staging"}}


def test_a_token_does_what_the_groups_still_allow(
    groups: Emulated, settings, managing
) -> None:
    memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    settings.CACHES = {**settings.CACHES, "api": {**memory, "LOCATION": "groups"}}
    account_row("staging", environment="staging")
    token = Caller(token_of(came(groups, "staging")))
    before = token.post("/accounts/staging/plan")

    came(groups, "test")
    after = token.post("/accounts/staging/plan")

    assert before.status_code < 300, before.content
    assert after.status_code == 403
    assert (
        "applies to test and accounts without an environment only"
        in after.json()["detail"]
    )


@pytest.fixture
def ada(client: Client, groups: Emulated) -> Client:
    client.force_login(person("administrator", username="ada"))
    return client


def test_the_persons_page_says_what_groups_limit_and_changes_what_people_do(
    ada: Client, groups: Emulated
) -> None:
    person = came(groups, "staging", "security")
    path = f"/settings/people/{person.pk}/"

    page = ada.get(path)
    typed = {"approver_in": "staging, test", "operator_in": ""}
    ada.post(f"{path}roles/", typed)
    both = text(ada.get(path))

    assert page.context["roles_form"].initial["approver_in"] is None
    assert "The approver role applies to production and staging only." in text(page)
    assert "The approver role applies to staging only." in both
    assert "Groups give the approver role in production and staging only." in both
    kept = RoleLimit.objects.filter(person=person, role="approver")
    assert {*kept.values_list("by_groups", "environment")} == {
        (False, "staging"),
        (False, "test"),
        (True, "production"),
        (True, "staging"),
    }


def test_without_the_provider_people_decide_what_groups_limited(
    ada: Client, groups: Emulated, settings
) -> None:
    person = came(groups, "staging")
    settings.SINGLE_SIGN_ON = None
    path = f"/settings/people/{person.pk}/"

    form = ada.get(path).context["roles_form"]
    assert form.initial["operator_in"] == {"staging"}
    typed = {"roles": ["operator"], "operator_in": "production", "approver_in": ""}
    ada.post(f"{path}roles/", typed)

    assert limits_of(ann()) == {"operator": {"production"}}


def test_people_shows_which_group_has_which_roles_and_changes_none(
    ada: Client, settings, managing
) -> None:
    roles = {
        "ops": ("operator@staging", "approver@gone"),
        "a & <b>": ("viewer",),
        "leads": ("approver",),
    }
    settings.SINGLE_SIGN_ON = replace(PROVIDER, roles=roles)
    account_row("staging", environment="staging")

    page = ada.get("/settings/people/")

    assert page.context["groups"] == [
        ("a & <b>", "viewer"),
        ("leads", "approver"),
        ("ops", "operator in staging only, approver in gone only"),
    ]
    said = page.content.decode()
    assert '<td class="group-name">a &amp; &lt;b&gt;</td>' in said
    shown = said[said.index('id="groups"') :]
    assert "Groups of Example" in shown
    assert "No account is in gone yet" in text(page)
    assert "<form" not in shown[: shown.index("</section>")]


def test_without_single_sign_on_people_has_no_groups(ada: Client, settings) -> None:
    settings.SINGLE_SIGN_ON = None

    assert 'id="groups"' not in text(ada.get("/settings/people/"))
