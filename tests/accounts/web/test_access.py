"""Who may do what: strangers nothing, viewers see, every POST needs its role."""

from __future__ import annotations

import uuid

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from accounts.people.roles import ROLES, roles_of
from accounts.web.urls import urlpatterns
from tests.rows import PASSWORD, person

ARGUMENTS = {
    "pk": uuid.UUID(int=1),
    "upload": uuid.UUID(int=1),
    "adoption": uuid.UUID(int=1),
    "adding": uuid.UUID(int=1),
    "search": uuid.UUID(int=1),
    "number": 2,
    "person": 1,
    "since": 1,
    "path": "README.md",
    "file": "clouddriver-local.yml",
    "slug": "tutorial",
    "step": "review",
    "fingerprint": "0" * 32,
    "alike": "0" * 64,
    "question": "0" * 64,
}
NAMES = [pattern.name for pattern in urlpatterns]

pytestmark = pytest.mark.django_db


def url_of(name: str) -> str:
    pattern = next(p for p in urlpatterns if p.name == name)
    needed = pattern.pattern.converters
    kwargs = {key: value for key, value in ARGUMENTS.items() if key in needed}
    return reverse(f"accounts:{name}", kwargs=kwargs)


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_is_sent_to_sign_in(client, method: str) -> None:
    leads = {name: getattr(client, method)(url_of(name)) for name in NAMES}

    # What takes a form is no page to come back to.
    back = {name: url_of(name) if method == "get" else "/" for name in NAMES}
    assert {
        name: (answer.status_code, answer.url) for name, answer in leads.items()
    } == {name: (302, f"/sign-in/?next={url}") for name, url in back.items()}


READS = {
    "overview",
    "accounts",
    "existing-roles",
    "to-accept",
    "accounts-csv",
    "accounts-json",
    "account",
    "runs",
    "runs-csv",
    "runs-json",
    "identical-plans",
    "run",
    "run-by-number",
    "rollouts",
    "rollout",
    "rollout-group",
    "rollout-csv",
    "rollout-json",
    "bundles",
    "bundles-csv",
    "bundles-json",
    "bundle",
    "bundle-file",
    "bundle-next",
    "bundle-since",
    "foreign-alike",
    "foreign-policies",
    "foreign-policy",
    "hand-off",
    "organization-hand-off",
    "permissions",
    "permissions-csv",
    "search",
    "settings",
    "activity",
    "activity-csv",
    "activity-json",
    "deliveries",
    "delivery",
    "spinnaker",
    "spinnaker-file",
    "spinnaker-now",
    "documentation",
    "document",
    "picture",
    "tokens",
}
"""Pages that only show: they answer a POST like a GET, and change nothing."""
OWN = {"token-create", "token-revoke"}
"""What everybody does with what is theirs: see tests/accounts/web/tokens."""


def test_a_viewer_gets_403_on_every_post(viewer, managing) -> None:
    names = {*NAMES} - READS - OWN

    statuses = {name: viewer.post(url_of(name)).status_code for name in names}

    assert statuses == dict.fromkeys(names, 403)


def test_a_viewer_may_read(viewer, managing) -> None:
    statuses = {name: viewer.get(url_of(name)).status_code for name in READS}

    assert {name: one for name, one in statuses.items() if one not in {200, 404}} == {}


def test_somebody_without_a_role_sees_nothing(client) -> None:
    client.force_login(User.objects.create_user("new", password=PASSWORD))

    answers = {name: client.get(url_of(name)) for name in NAMES}

    shown = [name for name, answer in answers.items() if answer.status_code != 403]
    assert shown == []
    for name, answer in answers.items():
        assert b"You need the viewer" in answer.content, name


def test_a_refusal_says_which_role_and_who_gives_it(viewer) -> None:
    person("administrator", username="ada")

    page = viewer.post("/bundles/build/").content.decode()

    assert "You need the operator role to do this." in page
    assert "Ask an administrator (ada)." in page


def test_an_approver_may_not_plan_nor_an_operator_approve(client) -> None:
    operator, approver = person("operator"), person("approver")

    client.force_login(approver)
    planned = client.post(url_of("plan"))
    client.force_login(operator)
    approved = client.post(url_of("run-approve"))

    assert (planned.status_code, approved.status_code) == (403, 403)


@pytest.mark.parametrize(
    ("role", "does"),
    [
        ("viewer", ("viewer",)),
        ("operator", ("operator",)),
        ("approver", ("approver",)),
        ("administrator", ("administrator",)),
    ],
)
def test_a_group_gives_its_role_and_no_other(role: str, does: tuple[str]) -> None:
    assert roles_of(person(role)) == does


def test_somebody_may_have_two_roles() -> None:
    both = person("operator")
    both.groups.add(Group.objects.get(name="approver"))

    assert roles_of(both) == ("operator", "approver")


def test_the_groups_are_the_roles() -> None:
    named = {role.name for role in ROLES}

    assert set(Group.objects.values_list("name", flat=True)) == named
