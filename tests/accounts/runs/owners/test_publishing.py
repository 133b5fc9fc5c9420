"""What is handed off goes into the bucket, where one is set."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock, patch

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import (
    HandOff,
    HandOffText,
    ManagedAccount,
    ManagingAccount,
    Run,
)
from accounts.models.states import State, Status
from accounts.runs.owners import looking
from accounts.runs.owners.looking import publish
from accounts.runs.scope import Scope
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from script.emulated_organization import MANAGING, Credentials
from tests.accounts.runs.carried import done, planned
from tests.accounts.runs.carried import root as owner_of
from tests.accounts.runs.owners.owning import owned, ready_to_hand_off
from tests.rows import account_row, hand_off_row, managing_row, person, run_row

pytestmark = pytest.mark.django_db(transaction=True)

BUCKET = "bowline-templates"
DOCS = Path("docs/onboard/hand-off.md")


def upload_policy() -> str:
    """Return the policy of the document, for this bucket."""
    blocks = re.findall(r"```json\n(.*?)```", DOCS.read_text(), re.DOTALL)
    (found,) = (one for one in blocks if "s3:PutObject" in one)
    return found.replace("BUCKET", BUCKET)


def page_of(client: Client, account: ManagedAccount) -> str:
    client.force_login(person("operator"))
    page = client.get(reverse("accounts:hand-off", args=[account.pk]))
    return page.content.decode()


def test_the_template_is_put_there_and_the_page_links_to_the_console(
    here: Credentials, settings, client: Client
) -> None:
    ready_to_hand_off(here)
    settings.TEMPLATE_BUCKET = (BUCKET, "us-east-1", "bowline/")
    s3 = owner_of(here, MANAGING, "s3")
    s3.create_bucket(Bucket=BUCKET)
    iam = owner_of(here, MANAGING, "iam")
    iam.put_user_policy(
        UserName="bowline",
        PolicyName="templates",
        PolicyDocument=upload_policy(),
    )

    run = done(planned(owned()))

    assert run.status == Status.HANDED_OFF, run.error
    last = HandOff.objects.get(account=run.account)
    assert last.unpublished == ""
    (url,) = last.urls
    key = url.partition(".com/")[2]
    stored = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()
    assert stored == last.text.text
    assert run.account is not None
    text = page_of(client, run.account)
    assert "https://us-east-1.console.aws.amazon.com/cloudformation/home" in text
    assert f"param_ExternalId={run.account.external_id}" in text
    assert "Create the stack" in text


def test_a_refusal_fails_no_run_and_is_shown(
    here: Credentials, settings, client: Client
) -> None:
    ready_to_hand_off(here)
    settings.TEMPLATE_BUCKET = ("missing", "us-east-1", "bowline/")

    run = done(planned(owned()))

    assert run.status == Status.HANDED_OFF, run.error
    last = HandOff.objects.get(account=run.account)
    assert last.urls == []
    assert "put a template into the bucket missing" in last.unpublished
    assert run.account is not None
    text = page_of(client, run.account)
    assert "There's no link to the console" in text
    assert "console.aws.amazon.com" not in text


def test_without_a_bucket_nothing_is_put_anywhere(here: Credentials) -> None:
    ready_to_hand_off(here)

    run = done(planned(owned()))

    last = HandOff.objects.get(account=run.account)
    assert (last.urls, last.unpublished) == ([], "")


@pytest.fixture
def put(settings) -> Iterator[Mock]:
    settings.TEMPLATE_BUCKET = (BUCKET, "us-east-1", "bowline/")
    with patch.object(looking, "put_template") as put:
        yield put


def of_owners(**fields: Any) -> Run:
    """Hand off an account and the managing account to their owners."""
    managing = managing_row(
        made_by="owner",
        verification=State.VERIFIED,
        bowline_principal="arn:aws:iam::1:user/b",
    )
    account = account_row(made_by="owner")
    for row in (managing, account):
        hand_off_row(row)
    return run_row(Status.HANDED_OFF, account=account, **fields)


def published(run: Run) -> int:
    """Count those of which there are links to the console."""
    publish(run, Scope.load(run), Sessions("owners"))
    return HandOff.objects.exclude(urls=[]).count()


@pytest.mark.parametrize(
    ("changed", "count"),
    [({}, 2), ({"alone": True}, 1), ({"kind": Run.Kind.REMOVE}, 0)],
    ids=["both", "of a rollout", "none to remove"],
)
def test_what_the_run_hands_off_is_put_there(
    put: Mock, changed: dict[str, Any], count: int
) -> None:
    assert published(of_owners(**changed)) == put.call_count == count


@pytest.mark.parametrize("of", [ManagedAccount, ManagingAccount])
def test_what_nobody_hands_off_is_put_nowhere(put: Mock, of: Any) -> None:
    run = of_owners()
    of.objects.update(made_by="bowline")
    run.account.refresh_from_db()

    assert published(run) == 1


def test_what_is_not_handed_off_yet_is_put_nowhere(put: Mock) -> None:
    run = of_owners()
    earlier = HandOffText.objects.create(digest="d" * 64, text="Resources: {}")
    HandOff.objects.update(text=earlier)

    assert published(run) == 0
    HandOff.objects.all().delete()
    assert published(run) == 0


def test_a_refusal_takes_back_the_links_of_before(put: Mock) -> None:
    run = of_owners(alone=True)
    put.side_effect = AwsError("1" * 12, "PutObject", "AWS refused it.")

    HandOff.objects.update(urls=["https://b/t.yml"])
    refused = published(run)
    said = HandOff.objects.get(account=run.account).unpublished
    put.side_effect = None
    again = published(run)

    assert (refused, said, again) == (1, "AWS refused it.", 2)
    assert HandOff.objects.get(account=run.account).unpublished == ""
