"""Groups whose roles are for some environments only, as administrators decide it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from accounts.models import Activity, GroupRoles, Identity, RoleLimit
from accounts.people.role_limits.limits import limit, limit_by_groups, limits_of
from accounts.people.roles import OPERATOR, roles_of
from accounts.web.groups.changing import sign_out
from accounts.web.single_sign_on.people import Said, person_of
from tests.accounts.api.calling import Caller, token_of
from tests.accounts.web.groups.changes import PAGE, chosen
from tests.accounts.web.single_sign_on.provider import PROVIDER, Emulated, sign_in, text
from tests.accounts.web.single_sign_on.provider import who as signed_in_as
from tests.rows import account_row, person
from tests.two_at_once import second_waits

pytestmark = pytest.mark.django_db


@pytest.fixture
def accounts(managing) -> None:
    for number, name in enumerate(("staging", "test", "production"), 2):
        account_row(name, account_id=str(number) * 12, environment=name)


@pytest.fixture
def administrator(client: Client, decided_here: Emulated, accounts: None) -> Client:
    client.force_login(person("administrator", username="local"))
    return client


def save(client: Client, group: str, *roles: str, **limits: str) -> Any:
    typed = {"group": group, "roles": list(roles), **limits}
    return client.post(f"{PAGE}save/", typed, follow=True)


def came(provider: Emulated, name: str, *groups: str) -> Client:
    client = Client()
    assert sign_in(client, provider.of(name, *groups)).status_code == 302
    return client


def limits_now(name: str) -> Any:
    return limits_of(User.objects.get(username=name))


def test_a_group_is_for_some_environments(
    administrator: Client, decided_here: Emulated
) -> None:
    page = save(
        administrator,
        "a & b",
        *("viewer", "operator", "approver"),
        operator_in="test, staging, -",
        approver_in="production",
    )

    assert chosen() == {
        "a & b": [
            *("viewer", "operator@-", "operator@staging", "operator@test"),
            "approver@production",
        ]
    }
    operates = "operator in staging, test, and accounts without an environment only"
    assert f"viewer, {operates}, approver in production only" in text(page)
    entry = Activity.objects.get(about="group a & b")
    assert entry.detail["changed"][1] == [
        "viewer",
        operates,
        "approver in production only",
    ]
    settings = text(administrator.get("/settings/"))
    assert "the group a & b, in production only" in settings
    form = administrator.get(PAGE, {"group": "a & b"}).context["form"]
    assert form.initial["roles"] == ["viewer", "operator", "approver"]
    assert form["operator_in"].value() == "-, staging, test"
    came(decided_here, "ann", "a & b")
    assert limits_of(User.objects.get(username="ann")) == {
        "operator": {"", "staging", "test"},
        "approver": {"production"},
    }


@pytest.mark.parametrize(
    ("roles", "typed", "said"),
    [
        (
            ["operator"],
            "stagin",
            "No account is in stagin. Accounts are in production,",
        ),
        (["viewer"], "staging", "Select the operator role also"),
        (["operator"], "operator@staging", "operator@staging"),
        (["operator"], "a\u202eb", "‹U+202E›"),
        (["operator"], "<script>", "<script>"),
        (["operator"], "a\0b", "Use 1 to 60 letters"),
        (["operator"], "x" * 61, "x" * 20),
        (
            ["operator"],
            ",".join(f"e{n}" for n in range(501)),
            "501 values are too many",
        ),
    ],
)
def test_what_is_no_environment_is_refused(
    administrator: Client, roles: list[str], typed: str, said: str
) -> None:
    page = save(administrator, "platform", *roles, operator_in=typed)

    assert said in text(page)
    assert chosen() == {}


def test_an_environment_that_lost_its_accounts_may_stay(administrator: Client) -> None:
    GroupRoles.objects.create(group="old", roles=["operator@gone"])

    page = text(administrator.get(PAGE))
    save(administrator, "old", "operator", operator_in="gone, staging")

    assert "No account is in gone yet" in page
    assert chosen() == {"old": ["operator@gone", "operator@staging"]}


def test_the_page_shows_what_the_environment_decides(
    administrator: Client, settings
) -> None:
    settings.SINGLE_SIGN_ON = replace(PROVIDER, roles={"ops": ("operator@staging",)})

    assert "operator in staging only" in text(administrator.get(PAGE))


@pytest.mark.parametrize(
    ("typed", "where"),
    [("staging, production", "production"), ("", "every environment")],
)
def test_nobody_gives_environments_to_themselves(
    administrator: Client, decided_here: Emulated, typed: str, where: str
) -> None:
    save(administrator, "admins", "administrator")
    save(administrator, "staging", "operator", operator_in="staging")
    ann = came(decided_here, "ann", "admins", "staging", "others")

    for group in ("staging", "others"):
        page = text(save(ann, group, "operator", operator_in=typed))
        assert f"You're a member of the group {group}" in page
        assert f"the operator role in {where}." in page
    assert chosen()["staging"] == ["operator@staging"]
    # Removed first, it is not given back wider either.
    ann.post(f"{PAGE}remove/", {"group": "staging"})
    assert "Ask another" in text(save(ann, "staging", "operator", operator_in=typed))
    save(ann, "staging", "operator", operator_in="staging")
    assert chosen()["staging"] == ["operator@staging"]


def test_what_another_administrator_limited_counts_for_that(
    administrator: Client, decided_here: Emulated
) -> None:
    save(administrator, "admins", "administrator")
    save(administrator, "staging", "operator", operator_in="staging, test")
    ann = came(decided_here, "ann", "admins", "staging")
    limit(User.objects.get(username="ann"), OPERATOR, ["staging", "production"], None)

    refused = text(save(ann, "staging", "operator", operator_in=""))
    narrower = text(save(ann, "staging", "operator", operator_in="staging"))

    assert "would give you the operator role in production." in refused
    assert "are changed" in narrower


def test_signing_out_takes_environments_away_and_gives_none(
    administrator: Client, decided_here: Emulated
) -> None:
    save(administrator, "ops", "operator", operator_in="staging, test")
    save(administrator, "all", "operator", "viewer")
    ann, bob = came(decided_here, "ann", "ops"), came(decided_here, "bob", "all", "ops")
    save(administrator, "ops", "operator", operator_in="test, production")
    save(administrator, "all", "viewer")
    limits = {
        name: limits_of(User.objects.get(username=name)) for name in ("ann", "bob")
    }
    assert limits == {"ann": {"operator": {"staging", "test"}}, "bob": {}}

    administrator.post(f"{PAGE}sign-out/", {"group": "ops"})

    assert (signed_in_as(ann), signed_in_as(bob)) == ("", "")
    limits = {
        name: limits_of(User.objects.get(username=name)) for name in ("ann", "bob")
    }
    assert limits == {
        "ann": {"operator": {"test"}},
        "bob": {"operator": {"test", "production"}},
    }
    entry = Activity.objects.filter(about="ann").latest("number")
    assert (entry.who, entry.detail["environments by groups"]) == (
        "local",
        [["staging", "test"], ["test"]],
    )


def test_signing_out_takes_a_role_of_which_nothing_is_left(
    administrator: Client, decided_here: Emulated
) -> None:
    save(administrator, "ops", "operator", operator_in="staging")
    came(decided_here, "ann", "ops")
    save(administrator, "ops", "operator", operator_in="production")

    administrator.post(f"{PAGE}sign-out/", {"group": "ops"})

    assert roles_of(User.objects.get(username="ann")) == ()
    assert not RoleLimit.objects.exists()


def test_a_token_does_what_the_groups_still_allow(
    administrator: Client, decided_here: Emulated, settings
) -> None:
    memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    settings.CACHES = {**settings.CACHES, "api": {**memory, "LOCATION": "groups"}}
    save(administrator, "ops", "operator", operator_in="staging, test")
    came(decided_here, "ann", "ops")
    token = Caller(token_of(User.objects.get(username="ann")))
    path = "/accounts/staging/plan"
    before = token.post(path)
    save(administrator, "ops", "operator", operator_in="test")

    administrator.post(f"{PAGE}sign-out/", {"group": "ops"})
    after = token.post(path)

    assert before.status_code < 300, before.content
    assert after.status_code == 403
    assert "applies to test only" in after.json()["detail"]


def test_the_persons_page_says_what_groups_limit_and_changes_what_people_do(
    administrator: Client, decided_here: Emulated
) -> None:
    save(administrator, "ops", "operator", operator_in="staging, test")
    came(decided_here, "ann", "ops")
    ann = User.objects.get(username="ann")
    path = f"/settings/people/{ann.pk}/"

    page = administrator.get(path)
    typed = {"operator_in": "test, production"}
    administrator.post(f"{path}roles/", {**typed, "approver_in": ""})
    both = text(administrator.get(path))

    assert page.context["roles_form"].initial["operator_in"] is None
    assert "The operator role applies to staging and test only." in text(page)
    assert "The operator role applies to test only." in both
    assert "Groups give the operator role in staging and test only." in both
    kept = RoleLimit.objects.filter(person=ann).order_by("by_groups", "environment")
    assert [*kept.values_list("by_groups", "environment")] == [
        (False, "production"),
        (False, "test"),
        (True, "staging"),
        (True, "test"),
    ]


def test_without_the_provider_people_decide_what_groups_limited(
    administrator: Client, decided_here: Emulated, settings
) -> None:
    save(administrator, "ops", "operator", operator_in="staging, test")
    came(decided_here, "ann", "ops")
    ann = User.objects.get(username="ann")
    settings.SINGLE_SIGN_ON = None
    path = f"/settings/people/{ann.pk}/"

    form = administrator.get(path).context["roles_form"]
    assert form.initial["operator_in"] == {"staging", "test"}
    typed = {"roles": ["operator"], "operator_in": "production", "approver_in": ""}
    administrator.post(f"{path}roles/", typed)

    assert limits_of(User.objects.get(pk=ann.pk)) == {"operator": {"production"}}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("signs_in_first", [True, False])
def test_a_sign_in_and_a_change_at_once_leave_what_the_groups_give_now(
    settings, signs_in_first: bool
) -> None:
    """Either waits for the other one, so none writes what the groups gave before."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time.")
    settings.SINGLE_SIGN_ON = here = replace(PROVIDER, roles=None)
    local, ann = person("administrator", username="local"), person("operator")
    Identity.objects.create(
        person=ann,
        issuer=here.issuer,
        subject="ann",
        seen_at="2026-01-01T00:00Z",
        groups=["ops"],
    )
    GroupRoles.objects.create(group="ops", roles=["operator@staging"])
    limit_by_groups("Example", ann, {"operator": frozenset({"staging"})})
    said = Said("ann", "ann", "", "", "", ("ops",), None)
    session = Client().session

    def enter() -> None:
        person_of(said, here, session)

    def narrow() -> None:
        GroupRoles.objects.update(roles=["operator@test"])
        sign_out(local, "ops", session)

    steps = [enter, narrow] if signs_in_first else [narrow, enter]
    assert second_waits(*steps)
    given = limits_of(User.objects.get(pk=ann.pk))
    # The change takes the role, whose environment is gone; a sign-in gives the new one.
    assert given == ({} if signs_in_first else {"operator": {"test"}})
    assert roles_of(User.objects.get(pk=ann.pk)) == (
        () if signs_in_first else ("operator",)
    )
