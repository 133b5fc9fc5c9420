"""The review says what AWS had, when, and whose it is; nothing else is said of AWS."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from accounts.models import EnabledProvider, FoundRoles, ManagedAccount
from accounts.models.checks import today
from accounts.models.states import State
from accounts.runs.foreign.keeping import MOST_DIFFERING
from onboarding.resources.foreign import Boundary
from onboarding.resources.policy import Policy
from tests.accounts.api.calling import caller
from tests.accounts.web.permissions.found import (
    AT,
    EVERYTHING,
    FOUND,
    attached,
    of_managed,
    read_roles,
)
from tests.rows import account_row, managing_row, person

pytestmark = pytest.mark.django_db

CAP = "arn:aws:iam::922222222222:policy/Cap"
ANYBODY = Policy.allowing({"Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"})
LATER = AT + timedelta(days=2, minutes=1)
ACCEPTED: dict[str, Any] = {
    "accepted_at": AT,
    "accepted_by_name": "paul",
    "asked_by_name": "olga",
    "reason": "Until the agents are gone.",
    "until": today() + timedelta(days=30),
}


@pytest.fixture
def account(managing) -> ManagedAccount:
    return account_row(state=State.VERIFIED)


def page(client: Client, account: ManagedAccount) -> str:
    """Read the page's text, in one line."""
    vera = User.objects.filter(username="vera").first()
    client.force_login(vera or person("viewer", username="vera"))
    answer = client.get(reverse("accounts:permissions", args=[account.pk]))
    assert answer.status_code == 200
    return " ".join(unescape(strip_tags(answer.content.decode())).split())


def test_where_nothing_was_read_it_is_as_planned(client: Client, managing) -> None:
    text = page(client, account_row())

    assert "As planned. Bowline hasn't read AWS yet." in text
    assert " actions as planned, " in text
    assert "s found on" not in text
    assert "ound exactly" not in text


@pytest.mark.parametrize("has_others", [False, True])
def test_the_contents_are_in_the_order_of_the_page(
    client: Client, account: ManagedAccount, has_others: bool
) -> None:
    read_roles(account, *([attached(account)] if has_others else []))
    page(client, account)

    answer = client.get(reverse("accounts:permissions", args=[account.pk]))

    _, _, after = answer.content.decode().partition('aria-label="On this page"')
    contents, _, parts = after.partition("</nav>")
    linked = re.findall(r'<li><a href="#([a-z-]+)">', contents)
    assert "of-others" in linked
    assert linked == sorted(linked, key=lambda anchor: parts.index(f'id="{anchor}"'))


def test_where_aws_had_what_is_planned_the_moment_is_said(
    client: Client, account: ManagedAccount
) -> None:
    read_roles(account)

    text = page(client, account)

    assert f"{FOUND}: exactly what Bowline planned." in text
    assert " actions as found on 12 May 2026, 10:14 UTC, 20," in text
    assert "fewer than AWS" in text
    assert "None found on 12 May 2026, 10:14 UTC." in text
    assert f"{FOUND}: the trust policy is as planned." in text


def test_an_administrators_policy_means_more_and_not_fewer(
    client: Client, account: ManagedAccount
) -> None:
    read_roles(account, attached(account))

    text = page(client, account)

    found = "what Bowline planned and 1 policy of others that no one accepted."
    assert f"{FOUND}: {found}" in text
    assert "more than AWS" in text
    assert "fewer than" not in text
    assert "exactly" not in text
    assert "not approved AdministratorAccess attached to role spinnakerManaged" in text
    assert "Administrator It can do everything" in text
    assert "Not an administrator" not in text
    assert "Bowline plans " in text
    # What else is said first is of Bowline's own policies.
    assert "Passes roles to 1 service As planned: ec2" in text
    assert "can read secrets As planned: in user data" in text


def test_the_file_has_policies_of_others_whatever_it_is_asked_for(
    client: Client, account: ManagedAccount
) -> None:
    deny = {"Effect": "Deny", "NotAction": ["s3:*", "ec2:*"], "Resource": "*"}
    both = Policy.of({"Statement": [*EVERYTHING.document["Statement"], deny]})
    read_roles(account, attached(account, document=both, **ACCEPTED))
    unread = attached(account, "BaseIAMRole", document=None, digest="e" * 64)
    assert unread.document is None
    client.force_login(person("viewer", username="vera"))
    address = reverse("accounts:permissions-csv", args=[account.pk])

    answer = client.get(f"{address}?only=pass")

    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    others = [row for row in rows if row["for"] == "Policies of others"]
    assert [(row["role"], row["access"], row["action"]) for row in others] == [
        ("BaseIAMRole", "not approved", "not read"),
        ("spinnakerManaged", "accepted", "*"),
        ("spinnakerManaged", "accepted", "Deny NotAction ec2:*"),
        ("spinnakerManaged", "accepted", "Deny NotAction s3:*"),
    ]
    assert others[1]["resources"] == "*"
    assert "paul accepted it" in others[1]["reason"]
    assert "olga asked for it: Until the agents" in others[1]["reason"]
    assert others[1]["in_power_user_access"] == ""
    assert [row["action"] for row in rows if row not in others] == ["iam:PassRole"]


def test_what_was_accepted_is_marked_apart_and_comes_last(
    client: Client, account: ManagedAccount
) -> None:
    read_roles(account, attached(account, **ACCEPTED))
    attached(account, "BaseIAMRole", policy="zealous", digest="e" * 64)

    text = page(client, account)

    counts = "1 policy of others that no one accepted, and 1 that someone accepted."
    assert counts in text
    assert "paul accepted it until" in text
    assert "olga asked for it: Until the agents are gone." in text
    assert text.index("not approved zealous") < text.index("accepted AdministratorAcc")


def test_an_acceptance_that_is_over_is_none(
    client: Client, account: ManagedAccount
) -> None:
    over = {**ACCEPTED, "until": today() - timedelta(days=1)}
    read_roles(account, attached(account, **over))

    assert "1 policy of others that no one accepted." in page(client, account)


def test_a_policy_that_may_not_be_read_leaves_the_number_open(
    client: Client, account: ManagedAccount
) -> None:
    read_roles(account, attached(account, document=None))

    text = page(client, account)

    assert "At least " in text
    assert "Permissions that AdministratorAccess might add weren't read." in text
    assert "an administrator Bowline couldn't read all of its permissions" in text
    assert "fewer than" not in text


def test_what_was_found_before_this_was_kept_is_listed_and_not_counted(
    client: Client, account: ManagedAccount
) -> None:
    attached(account)

    text = page(client, account)

    assert "As planned. The next verification records what it finds in AWS." in text
    assert "Found before: 1 policy of others that no one accepted." in text
    assert "actions as planned" in text


def test_roles_that_were_never_read_say_why(
    client: Client, account: ManagedAccount
) -> None:
    denied = {"unread": "AWS denied sts:AssumeRole.", "unread_at": LATER}
    FoundRoles.objects.create(account=account, **denied)

    text = page(client, account)

    why = "On 14 May 2026, 10:15 UTC, Bowline couldn't read AWS: AWS denied"
    assert f"As planned. {why}" in text
    assert "nothing was read" not in text.split("Spinnaker's identity in")[0]


def test_roles_that_could_not_be_read_again_say_so_too(
    client: Client, account: ManagedAccount
) -> None:
    read_roles(account, unread="AWS denied it.", unread_at=LATER)

    text = page(client, account)

    again = "On 14 May 2026, 10:15 UTC, Bowline couldn't read it: AWS denied it."
    assert f"{FOUND}: exactly what Bowline planned. {again}" in text


def test_what_was_edited_since_is_not_what_was_found(
    client: Client, account: ManagedAccount
) -> None:
    read_roles(account)
    EnabledProvider.objects.update(details={"access": "read"})

    text = page(client, account)

    edited = "Bowline's plan has changed since then."
    assert f"{FOUND}: what Bowline planned. {edited}" in text


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (1, "1 difference from"),
        (2, "2 differences from"),
        (MOST_DIFFERING + 1, "more than 20 differences from"),
    ],
)
def test_what_differed_is_counted_and_listed(
    client: Client, account: ManagedAccount, count: int, told: str
) -> None:
    read_roles(account, differs=["update policy BowlineEc2"] * count)

    text = page(client, account)

    assert f"{FOUND}: {told} what Bowline planned." in text
    assert "update policy BowlineEc2" in text


def test_before_its_first_run_aws_has_none_of_it(
    client: Client, account: ManagedAccount
) -> None:
    read_roles(account, roles=[], differs=["create role spinnakerManaged"])

    text = page(client, account)

    none = "As planned. On 12 May 2026, 10:14 UTC, AWS had none of its roles."
    assert none in text
    assert "As planned. On 12 May 2026, 10:14 UTC, AWS had no such role." in text


def test_a_boundary_of_others_narrows(client: Client, account: ManagedAccount) -> None:
    reads = Policy.allowing({"Action": "ec2:DescribeInstances", "Resource": "*"})
    read_roles(
        account,
        change=of_managed(boundary=CAP, owned=False),
        boundaries=[Boundary(CAP, reads)],
    )

    text = page(client, account)

    assert f"{FOUND}: another permissions boundary on role spinnakerManaged." in text
    assert (
        f"narrowed by the permissions boundary {CAP}, not planned by Bowline." in text
    )
    assert "1 action as found on" in text


def test_a_boundary_that_may_not_be_read_is_said(
    client: Client, account: ManagedAccount
) -> None:
    read_roles(
        account, change=of_managed(boundary=CAP), boundaries=[Boundary(CAP, None)]
    )

    assert (
        "Bowline didn't read what the boundary allows and doesn't take it into account"
    ) in page(client, account)


def test_a_boundary_that_is_planned_is_said_as_planned_until_it_is_found(
    client: Client,
) -> None:
    managing_row(boundary="arn:aws:iam::911111111111:policy/Cap")
    account = account_row()
    before = page(client, account)
    read_roles(account)
    found = page(client, account)
    FoundRoles.objects.all().delete()
    read_roles(account, change=lambda role: replace(role, boundary=""))
    without = page(client, account)

    assert f"As planned, the permissions boundary {CAP}" in before
    assert f"narrowed by the permissions boundary {CAP}, as planned." in found
    assert f"without a permissions boundary. Bowline planned {CAP}." in without
    assert "narrowed by" not in without


def test_another_trust_than_planned_is_said_by_who_can_assume_it(
    client: Client, account: ManagedAccount
) -> None:
    read_roles(account, change=of_managed(trust=ANYBODY, owned=False))

    text = page(client, account)

    who = "another trust policy than planned. Anybody in AWS can assume it."
    assert f"{FOUND}: {who}" in text
    assert f"{FOUND}: another trust policy on role spinnakerManaged." in text


def test_a_trust_that_lets_nobody_in_says_so(
    client: Client, account: ManagedAccount
) -> None:
    nobody = {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}
    trust = Policy.of({"Statement": [nobody]})
    read_roles(account, change=of_managed(trust=trust))

    assert "No one can assume it." in page(client, account)


def test_an_adopted_role_is_listed_with_its_policies(client: Client, managing) -> None:
    account = account_row(adopts=True)
    read_roles(
        account,
        attached(account, removable=False),
        change=of_managed(owned=False),
    )

    text = page(client, account)

    assert "keeps its policies and its trust policy" in text
    assert "AdministratorAccess attached to role spinnakerManaged" in text
    assert "more than AWS" in text


def test_other_roles_of_the_account_say_what_was_found_on_them(
    client: Client, account: ManagedAccount
) -> None:
    before = page(client, account)
    read_roles(account, attached(account, "BaseIAMRole"))

    text = page(client, account)

    assert "Planned. Only ec2.amazonaws.com can assume it" in before
    assert "Of others:" not in before
    assert "Of others: AdministratorAccess." in text


def test_so_does_spinnakers_identity(client: Client, account: ManagedAccount) -> None:
    read_roles(account)
    identity = "SpinnakerAuthRole"
    read_roles(None, attached(None, identity))

    text = page(client, account)

    mine, others = text.split("Spinnaker's identity in core", 1)
    assert f"{FOUND}: exactly what Bowline planned." in mine
    found = "what Bowline planned and 1 policy of others that no one accepted."
    assert f"{FOUND}: {found}" in others
    assert f"AdministratorAccess attached to role {identity}" in others


def test_a_user_as_identity_is_not_said_to_be_read(client: Client) -> None:
    user = "arn:aws:iam::911111111111:user/spinnaker"
    managing_row(identity_kind="existing", identity_arn=user)
    account = account_row()
    read_roles(None)

    text = page(client, account)

    assert "Bowline doesn't read policies that others attached" in text
    assert "had no such role" not in text


@pytest.mark.parametrize("attach", [False, True])
def test_page_and_api_say_the_same(
    client: Client, account: ManagedAccount, attach: bool
) -> None:
    read_roles(account, *([attached(account)] if attach else []))

    shown = caller("viewer").read(f"/accounts/{account.name}/permissions").json()
    text = page(client, account)

    assert shown["is_as_verified"] is not attach
    found = shown["found"]
    assert len(found["policies_of_others"]) == attach
    sentences = [
        found["sentence"],
        found["size"],
        found["trust"]["sentence"],
        shown["identity_found"]["sentence"],
        *(link["sentence"] for link in shown["chain"]),
    ]
    assert [one for one in sentences if one not in text] == []
