"""The security reviewer's page, and the rotation of an external ID."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.mapping.entries import keep_verified
from accounts.models import Bundle, ManagedAccount, ManagingAccount, Run
from accounts.models.states import State
from accounts.spinnaker.bundles import build
from tests.factories import image_key
from tests.rows import account_row, approve_entries, person, run_row

pytestmark = pytest.mark.usefixtures("managing")


def signed_in(client: Client, role: str = "viewer") -> Client:
    client.force_login(person(role))
    return client


def page_context(client: Client, account: ManagedAccount) -> Any:
    return client.get(reverse("accounts:permissions", args=[account.pk])).context


def said(answer: Any) -> str:
    """Return the last message: those before it are of what came before."""
    return str([*answer.context["messages"]][-1])


def read(client: Client, account: ManagedAccount) -> str:
    page = signed_in(client).get(reverse("accounts:permissions", args=[account.pk]))
    assert page.status_code == 200
    return page.content.decode()


def test_it_says_who_gets_in_what_is_granted_and_why(client: Client) -> None:
    account = account_row(providers={"ec2": {}, "lambda": {}})

    text = read(client, account)

    assert "DescribeInstances" in text
    assert "UpdateFunctionCode" in text
    assert "sts:ExternalId" in text
    assert "AmazonSubnetCachingAgent.groovy:" in text
    assert "spinnaker-release-2026.0.1/clouddriver/" in text
    assert "AmazonSubnetCachingAgent.groovy#L" in text
    assert "Might lead to more permissions" in text


def get(client: Client, account: ManagedAccount, query: str, name: str) -> Any:
    return client.get(reverse(f"accounts:{name}", args=[account.pk]) + query)


def test_what_a_security_reviewer_asks_first_is_said_first(client: Client) -> None:
    account = account_row(
        providers={"ec2": {}, "ecs": {}, "lambda": {}}, uses_external_id=False
    )

    text = " ".join(read(client, account).split())

    for said in (
        "150 actions</b>",
        "Not an administrator</b>",
        "Passes roles to 3 services</b>",
        "Only ec2, ecs-tasks, lambda<",
        "5 writes on *</b>",
        "3 of them with a condition",
        "6 can read secrets</b>",
        "In user data, console output, environment variables<",
    ):
        assert said in text


def test_nothing_of_it_is_said_where_it_is_not_so(client: Client) -> None:
    text = " ".join(read(client, account_row(providers={"lambda": {}})).split())
    of_ec2 = account_row("read", account_id="1" * 12, providers={"ec2": READS})
    read_only = get(client, of_ec2, "", "permissions").content.decode()

    assert "Passes roles to 1 service<" in text
    read_only = " ".join(read_only.split())
    assert "Can't pass roles</b>" in read_only
    assert "No writes on *</b>" in read_only


READS = {"access": "read"}


def test_the_filter_is_in_the_address_and_opens_what_it_finds(client: Client) -> None:
    account = account_row()
    signed_in(client)

    everything = get(client, account, "", "permissions").content.decode()
    found = get(client, account, "?text=runinst&only=open", "permissions")
    none = get(client, account, "?text=no-such-action", "permissions").content.decode()

    text = " ".join(found.content.decode().split())
    assert "ec2:<wbr>RunInstances" in text
    assert "ec2:<wbr>CreateTags" not in text
    assert "1 of " in text
    assert '<section class="permissions-fold" id="managed-1-found"' in text
    assert 'value="runinst"' in text
    assert '<option value="open" selected' in text
    assert 'id="managed-1"' in everything
    assert "managed-1-found" not in everything
    assert none.count("Nothing matches the filter.") == len(("managed", "identity"))


def test_the_file_has_a_line_an_action_as_the_filter_asks(client: Client) -> None:
    account = account_row()
    page = get(signed_in(client), account, "?only=pass", "permissions").content.decode()

    whole = get(client, account, "", "permissions-csv")
    some = get(client, account, "?only=pass", "permissions-csv")

    assert 'permissions.csv?only=pass">' in page
    assert f"permissions-{account.name}-" in whole["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(whole.content.decode())))
    assert len(rows) > 100
    assert {row["role"] for row in rows} == {"the managed role", "Spinnaker's identity"}
    (passes,) = csv.DictReader(io.StringIO(some.content.decode()))
    assert (passes["action"], passes["access"]) == ("iam:PassRole", "pass role")
    assert "ec2.amazonaws.com" in passes["condition"]
    assert passes["in_power_user_access"] == "no"
    assert ".groovy:" in passes["sources"] or ".java:" in passes["sources"]


def test_the_file_of_an_account_of_clusters_is_spinnakers_identity_alone(
    client: Client,
) -> None:
    clusters = [{"name": "apps", "region": "us-east-1"}]
    account = account_row(providers={"eks": {"clusters": clusters}})

    answer = get(signed_in(client), account, "", "permissions-csv")

    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert {row["role"] for row in rows} == {"Spinnaker's identity"}
    (cluster,) = [row for row in rows if row["for"] == "EKS cluster"]
    assert cluster["capability"] == "apps"
    assert (
        "AmazonEKSEditPolicy gives access: it deploys workloads, and reads secrets"
        in (cluster["reason"])
    )


def test_clusters_are_among_what_is_said_first(client: Client) -> None:
    clusters = [{"name": "apps", "region": "us-east-1"}]
    account = account_row(providers={"ec2": {}, "eks": {"clusters": clusters}})

    text = " ".join(read(client, account).split())

    assert "Accesses 1 cluster</b>" in text
    assert "reads secrets, in every namespace." in text


def test_there_is_no_file_of_what_cannot_be_read(client: Client) -> None:
    account = account_row(providers={"ec2": {"nonsense": 1}})

    assert get(signed_in(client), account, "", "permissions-csv").status_code == 404


def test_the_chain_is_drawn_and_told_in_words(client: Client) -> None:
    account = account_row()

    text = read(client, account)

    assert text.count('<svg class="picture') == 2
    assert f"external ID {str(account.external_id)[:8]}…</text>" in text
    assert f"Only with the external ID {account.external_id}." in text


def test_it_stands_beside_power_user_access(client: Client) -> None:
    account = account_row(providers={"ec2": {"access": "read"}})

    text = read(client, account)

    comparison = page_context(client, account)["review"].comparison
    assert f"<b>{comparison.granted} actions</b> as planned, " in text
    assert f"{comparison.fewer:,} fewer than AWS&#x27;s PowerUserAccess allows" in text
    assert "ListServerCertificates" in text
    assert "PowerUserAccess is part of the plan" not in text


def test_where_power_user_access_is_attached_nothing_is_said_to_be_fewer(
    client: Client,
) -> None:
    account = account_row(providers={"ec2": {"access": "power-user"}})

    text = read(client, account)

    review = page_context(client, account)["review"]
    both = review.comparison.power_user + len(review.lacking)
    text = " ".join(text.split())
    assert "PowerUserAccess is part of the plan</b>, chosen for EC2." in text
    assert f'<b class="bad">{both:,} actions</b> as planned' in text
    assert "fewer than" not in text


def test_the_other_roles_of_the_account_are_told(client: Client) -> None:
    account = account_row(providers={"ecs": {}}, uses_external_id=False)

    text = read(client, account)

    assert "The default role of the instances that Spinnaker launches." in text
    assert "AmazonECSTaskExecutionRolePolicy" in text


def test_the_reader_of_an_account_that_its_owner_creates_is_named(
    client: Client,
) -> None:
    own = account_row("own", account_id="1" * 12)
    owners = account_row(made_by="owner", reader_role="BowlineReader")

    signed_in(client)
    pages = [get(client, one, "", "permissions") for one in (own, owners)]
    texts = [" ".join(page.content.decode().split()) for page in pages]

    assert ["BowlineReader" in text for text in texts] == [False, True]
    assert "Other roles that Bowline creates here" in texts[0]
    assert "Other roles that the owner creates here" in texts[1]


def test_an_account_of_clusters_has_no_managed_role(client: Client) -> None:
    clusters = [{"name": "apps", "region": "us-east-1"}]
    account = account_row(providers={"eks": {"clusters": clusters}})

    text = read(client, account)

    assert "There's no managed role" in text
    assert "An access entry with AmazonEKSEditPolicy gives access" in text
    assert "fewer than" not in text


def test_an_account_without_providers_has_nothing_to_review(client: Client) -> None:
    account = account_row(providers={})

    assert "No providers yet" in read(client, account)


def test_details_that_cannot_be_read_are_said(client: Client) -> None:
    account = account_row(providers={"ec2": {"nonsense": 1}})

    assert "EC2 has no detail “nonsense”" in read(client, account)


def test_roles_that_are_kept_are_said_to_be(client: Client) -> None:
    account = account_row(adopts=True)

    assert "Existing roles are kept, with their trust" in read(client, account)


def test_an_identity_that_stood_before_is_to_be_read_in_aws(client: Client) -> None:
    user = "arn:aws:iam::911111111111:user/spinnaker"
    ManagingAccount.objects.update(identity_kind="existing", identity_arn=user)
    account = account_row()

    text = read(client, account)

    assert "To see its trust policy, use" in text
    assert "doesn't know its trust policy. To see the trust policy, use" in text


def test_without_a_managing_account_there_is_nothing_to_review(
    client, managing
) -> None:
    managing.delete()
    account = account_row()

    page = signed_in(client).get(reverse("accounts:permissions", args=[account.pk]))

    assert page.status_code == 404


def test_an_external_id_is_rotated_and_the_former_one_let_go(client: Client) -> None:
    account = account_row(granted_at=timezone.now(), state=State.VERIFIED)
    first = account.external_id
    operator = signed_in(client, "operator")

    begun = operator.post(reverse("accounts:rotate", args=[account.pk]), follow=True)
    account.refresh_from_db()
    between = (account.external_id, account.former_external_id)
    early = operator.post(reverse("accounts:rotated", args=[account.pk]), follow=True)
    approve_entries(account)
    keep_verified(account, State.VERIFIED)
    operator.post(reverse("accounts:bundle-build"))
    build(Bundle.objects.get())
    operator.post(reverse("accounts:bundle-installed", args=[1]))
    done = operator.post(reverse("accounts:rotated", args=[account.pk]), follow=True)

    account.refresh_from_db()
    assert said(begun) == (
        "A new external ID was created. Plan again, so that AWS accepts both."
    )
    assert said(done) == "Plan again. AWS then accepts only the new external ID."
    assert "Not yet: plan staging, apply the plan" in early.content.decode()
    assert "AWS denies the previous external ID" in early.content.decode()
    assert "the new one, too, once a plan is applied" in early.content.decode()
    assert between[0] != first
    assert between[1] == str(first)
    assert (account.external_id, account.former_external_id) == (between[0], "")


def test_a_rotation_is_cancelled_on_the_page(client: Client) -> None:
    account = account_row(granted_at=timezone.now(), state=State.VERIFIED)
    first = account.external_id
    operator = signed_in(client, "operator")
    operator.post(reverse("accounts:rotate", args=[account.pk]))

    done = operator.post(reverse("accounts:unrotate", args=[account.pk]), follow=True)

    account.refresh_from_db()
    assert said(done) == "Plan again. AWS then accepts only the previous external ID."
    assert (account.external_id, account.former_external_id) == (first, "")


def test_it_is_found_on_the_account_the_review_and_the_plan(client: Client) -> None:
    clusters = [{"name": "apps", "region": "us-east-1"}]
    account = account_row(
        providers={"eks": {"clusters": clusters}},
        access_role="OrganizationAccountAccessRole",
    )
    plan = run_row(account=account)
    operator = signed_in(client, "operator")

    pages = [
        operator.get(url).content.decode()
        for url in (
            account.get_absolute_url(),
            reverse("accounts:wizard", args=[account.pk, "review"]),
            plan.get_absolute_url(),
        )
    ]

    link = f'href="{reverse("accounts:permissions", args=[account.pk])}"'
    assert [link in page for page in pages] == [True, True, True]


def test_a_plan_that_removes_an_account_gives_no_rights(client: Client) -> None:
    account = account_row()
    plan = run_row(account=account, kind=Run.Kind.REMOVE)

    page = signed_in(client).get(plan.get_absolute_url()).content.decode()

    assert reverse("accounts:permissions", args=[account.pk]) not in page


def test_grants_on_image_keys_are_told_with_their_operations(client: Client) -> None:
    ManagingAccount.objects.update(bakes=True, image_keys=[image_key()])

    text = read(client, account_row())

    assert "Image keys that are" in text
    assert "ReEncryptFrom" in text


def test_what_the_policy_of_another_accounts_key_must_hold_is_shown(
    client: Client,
) -> None:
    ManagingAccount.objects.update(bakes=True, image_keys=[image_key()])
    account = account_row()

    text = read(client, account)

    assert "Required key policy statements" in text
    assert f"arn:aws:iam::{account.account_id}:root" in text
    assert "kms:GranteePrincipal" in text


def test_where_nothing_is_launched_no_key_is_told_of(client: Client) -> None:
    ManagingAccount.objects.update(bakes=True, image_keys=[image_key()])

    assert ("Image keys that are") not in read(
        client, account_row(providers={"lambda": {}})
    )
