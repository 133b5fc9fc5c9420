"""The page for an account's owner, its zip and its files."""

from __future__ import annotations

import io
import zipfile
from html import unescape
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import (
    Activity,
    HandOff,
    HandOffText,
    ManagedAccount,
    ManagingAccount,
    Run,
)
from accounts.models.states import State, Status
from onboarding.access_role import Command
from onboarding.handoff.words import Way
from onboarding.topology import READER_ROLE, MadeBy
from tests.rows import account_row, hand_off_row, managing_row, person, run_row

pytestmark = pytest.mark.django_db

BOWLINE = "arn:aws:iam::911111111111:user/bowline"


def ready_row(**fields: Any) -> ManagedAccount:
    managing_row(verification=State.VERIFIED, bowline_principal=BOWLINE)
    plain = {"made_by": MadeBy.OWNER.value, "reader_role": READER_ROLE}
    return account_row(**{**plain, **fields})


def read(
    client: Client, account: ManagedAccount | ManagingAccount, role: str = "operator"
) -> str:
    client.force_login(person(role))
    page = client.get(reverse("accounts:hand-off", args=[account.pk]))
    assert page.status_code == 200
    return page.content.decode()


def test_it_calls_the_run_as_its_own_page_does(client: Client) -> None:
    account = ready_row(granted_at=timezone.now(), state=State.HANDED_OFF)
    run = run_row(Status.HANDED_OFF, account=account)

    text = read(client, account)

    assert f">Run {run.number}: Change staging</a>" in text


def test_it_names_the_account_and_each_way_in_order(client: Client) -> None:
    text = read(client, ready_row())

    places = [
        text.index(f"<summary>{way}</summary>")
        for way in ("AWS CLI", "CloudFormation console", "Terraform")
    ]
    assert places == sorted(places)
    assert "<summary>StackSet</summary>" not in text
    order = [
        text.index(f">{title}</h2>") for title in ("State", "Information for the owner")
    ]
    assert order[0] < text.index("Send this to the owner") < order[1]
    assert order[1] < text.rindex("You create them yourself")
    assert 'data-copy="http://testserver/' in text
    assert "922222222222" in text
    assert "aws cloudformation deploy" in text
    assert "Send this to the owner" in text
    assert "BowlineReader" in text


def test_only_a_long_command_is_set_apart() -> None:
    steps = [Command("Run this", "echo\n" * lines) for lines in (20, 21)]
    way = Way("AWS CLI", "Quick", tuple(steps))

    page = render_to_string("handoff/_ways.html", {"ways": [way], "name": "way"})

    assert 'data-copy-from="way-aws-cli-1"' not in page
    assert 'data-copy-from="way-aws-cli-2"' in page
    assert 'id="way-aws-cli-2"' in page


def test_the_organization_gets_a_stack_set(client: Client) -> None:
    account = ready_row(
        made_by=MadeBy.ORGANIZATION.value, external_id_prefix="bow-7f3a"
    )

    text = read(client, account)

    assert "<summary>StackSet</summary>" in text
    assert (
        '"ParameterKey": "ExternalIdPrefix", "ParameterValue": "bow-7f3a'
        in unescape(text)
    )


def test_before_the_plan_is_approved_nothing_is_to_be_sent(client: Client) -> None:
    text = read(client, ready_row())

    assert "Don't send this yet" in text
    assert "Troubleshooting" not in text


def test_while_it_waits_it_says_since_when_and_what_aws_said(client: Client) -> None:
    account = ready_row(state=State.HANDED_OFF)
    run_row(
        Status.HANDED_OFF,
        account=account,
        handed_off_at=timezone.now(),
        looked_at=timezone.now(),
        waiting="AWS denies it: the role doesn't exist yet.",
    )

    text = read(client, account)

    assert "Waiting since" in text
    assert "AWS denies it: the role doesn&#x27;t exist yet." in text
    assert "Check now" in text
    assert "Don't send this yet" not in text
    assert "Troubleshooting" in text
    assert "aws cloudformation describe-stacks" in text


def test_it_waits_until_the_managing_account_is_verified(client: Client) -> None:
    managing_row()
    account = account_row(made_by=MadeBy.OWNER.value)

    text = read(client, account)

    assert "You can't hand off the roles yet" in text
    assert "aws cloudformation" not in text
    assert f'href="{reverse("accounts:managing")}">Go to the managing account' in text
    archive = client.get(reverse("accounts:hand-off-archive", args=[account.pk]))
    assert archive.status_code == 404


def test_an_account_that_bowline_makes_has_no_such_page(operator) -> None:
    account = ready_row(made_by=MadeBy.BOWLINE.value)

    for name in ("hand-off", "hand-off-archive"):
        page = operator.get(reverse(f"accounts:{name}", args=[account.pk]))
        assert page.status_code == 404


def test_the_zip_is_for_an_owner_without_a_login(operator) -> None:
    account = ready_row()

    answer = operator.get(reverse("accounts:hand-off-archive", args=[account.pk]))

    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert {"README.md", "create.sh", "bowline-staging.yml"} <= set(names)
    assert 'filename="bowline-staging.zip"' in answer["Content-Disposition"]
    assert Activity.objects.filter(what=Activity.What.DOWNLOAD).count() == 1


@pytest.mark.parametrize(
    ("path", "status"), [("terraform/main.tf.json", 200), ("../settings.py", 404)]
)
def test_each_file_can_be_downloaded_alone(operator, path: str, status: int) -> None:
    account = ready_row()

    answer = operator.get(reverse("accounts:hand-off-file", args=[account.pk, path]))

    assert answer.status_code == status


def test_the_stack_keeps_its_first_name(client: Client) -> None:
    account = ready_row(name="renamed")
    text = HandOffText.objects.create(digest="d" * 64, text="Resources: {}")
    for number, name in ((1, "bowline-staging"), (2, "bowline-other")):
        HandOff.objects.create(
            account=account, text=text, number=number, stack_name=name, region="r"
        )

    shown = read(client, account)

    assert "--stack-name bowline-staging" in shown
    assert "bowline-renamed" not in shown


def test_an_account_that_is_removed_has_only_what_deletes_the_stack(
    client: Client,
) -> None:
    account = ready_row(state=State.HANDED_OFF)
    ManagingAccount.objects.update(verification="")
    run_row(
        Status.HANDED_OFF,
        kind=Run.Kind.REMOVE,
        account=account,
        handed_off_at=timezone.now(),
    )

    text = read(client, account)

    assert text.count("aws cloudformation delete-stack") == 3
    assert "Spinnaker no longer deploys to the AWS account staging" in text
    assert "aws cloudformation deploy" not in text
    assert "create.sh" not in text


def test_an_account_of_the_organization_is_taken_out_of_its_stack_set(
    client: Client,
) -> None:
    account = ready_row(state=State.HANDED_OFF, made_by=MadeBy.ORGANIZATION.value)
    prefix = ManagingAccount.objects.get().external_id_prefix
    ManagedAccount.objects.update(external_id_prefix=prefix)
    hand_off_row(ManagedAccount.objects.get())
    run = run_row(Status.HANDED_OFF, kind=Run.Kind.REMOVE, account=account)

    text = read(client, account)

    assert text.count("aws cloudformation delete-stack-instances") == 6
    assert "delete-stack --" not in text
    assert "Send this to the administrator" in text
    shown = client.get(run.get_absolute_url()).content.decode()
    assert "the administrator removes it from the StackSet" in shown
    assert "delete-stack --" not in shown


def test_what_the_owner_had_is_sent_again_where_aws_shows_something_else(
    client: Client,
) -> None:
    now = timezone.now()
    account = ready_row(state=State.FAILED, missed=2, granted_at=now)
    hand_off_row(account)

    shown = read(client, account)

    assert "Send the template again" in shown
    assert "Don't send this yet" not in shown
    ManagingAccount.objects.update(base_role="OtherBase")
    edited = client.get(reverse("accounts:hand-off", args=[account.pk]))
    assert "Don't send this yet" in edited.content.decode()


@pytest.mark.parametrize(
    ("fields", "handed_off"),
    [
        ({"state": State.FAILED, "granted_at": None}, {}),
        ({"state": State.FAILED}, {"removed_at": timezone.now()}),
        ({"state": State.EVALUATED}, {}),
    ],
    ids=["removed", "removed and described again", "nothing is wrong"],
)
def test_what_aws_need_not_show_is_not_sent_again(
    client: Client, fields: dict[str, Any], handed_off: dict[str, Any]
) -> None:
    account = ready_row(**{"granted_at": timezone.now(), **fields})
    hand_off_row(account, **handed_off)

    assert "Send the template again" not in read(client, account)


def test_only_what_waits_now_and_for_this_account_is_waited_for(client: Client) -> None:
    account = ready_row()
    hand_off_row(account)
    run_row(Status.VERIFIED, account=account, handed_off_at=timezone.now())
    other = account_row("other", account_id="1" * 12)
    run_row(Status.HANDED_OFF, account=other, handed_off_at=timezone.now())

    text = read(client, account)

    assert "Waiting since" not in text
    assert "waits for this version" not in text


@pytest.mark.parametrize(
    ("published", "says"),
    [
        (
            {"urls": ["https://b.s3.amazonaws.com/t.yml"]},
            "console.aws.amazon.com",
        ),
        ({"unpublished": "AWS refused it."}, "no link to the console: AWS refused it."),
    ],
    ids=["link", "none"],
)
def test_a_link_to_the_console_is_for_what_was_handed_off(
    client: Client, published: dict[str, Any], says: str
) -> None:
    account = ready_row()
    hand_off_row(account, **published)

    before = read(client, account)
    ManagingAccount.objects.update(base_role="OtherBase")
    edited = client.get(reverse("accounts:hand-off", args=[account.pk]))

    assert says in before
    assert says not in edited.content.decode()
