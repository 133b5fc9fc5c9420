"""What is handed off goes into the bucket, where one is set."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import HandOff, ManagedAccount
from accounts.models.states import Status
from accounts.runs.owners.publishing import template_bucket
from script.emulated_organization import MANAGING, Credentials
from tests.accounts.runs.carried import done, planned
from tests.accounts.runs.carried import root as owner_of
from tests.accounts.runs.owners.owning import owned, ready_to_hand_off
from tests.rows import person

pytestmark = pytest.mark.django_db(transaction=True)

BUCKET = "bowline-templates"


def upload_policy() -> str:
    bucket = template_bucket()
    assert bucket is not None
    return json.dumps(bucket.upload_policy("aws"))


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
    assert "There is no link to the console" in text
    assert "console.aws.amazon.com" not in text


def test_without_a_bucket_nothing_is_put_anywhere(here: Credentials) -> None:
    ready_to_hand_off(here)

    run = done(planned(owned()))

    last = HandOff.objects.get(account=run.account)
    assert (last.urls, last.unpublished) == ([], "")
