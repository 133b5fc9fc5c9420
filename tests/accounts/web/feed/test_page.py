"""The page of the feed: tokens are shown once, and what it cannot carry is named."""

from __future__ import annotations

import html
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
import yaml
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Activity, FeedRow, FeedToken
from accounts.spinnaker.feed.keeping import keep_current
from accounts.spinnaker.feed.tokens import MOST, token_digest
from accounts.tasks import sweep
from accounts.web.feed.setup import configuration
from accounts.web.you.confirmation import CONFIRMED
from tests.accounts.spinnaker.feed.test_keeping import verified
from tests.rows import person

pytestmark = pytest.mark.django_db
PAGE = "/settings/feed/"
GATEWAY = "https://a1b2.execute-api.eu-west-1.amazonaws.com/prod/feed/accounts"
TOKEN = re.compile(r"bowline-feed-[\w-]{43}")


def create(client: Client, **fields: str) -> Any:
    plain = {"pk": str(uuid.uuid4()), "name": "prod", "lasts": "", "gateway": ""}
    return client.post(f"{PAGE}token/", {**plain, **fields})


def shown(page: Any) -> str:
    """Return what the page says, without its markup."""
    text = re.sub(r"<[^>]*>", "", page.content.decode())
    return re.sub(r"\s+", " ", html.unescape(text))


def test_a_token_is_shown_once_and_opens_the_feed(administrator):
    page = create(administrator)
    (text,) = {*TOKEN.findall(page.content.decode())}
    later = administrator.get(PAGE)

    pulled = Client().get("/feed/accounts", {"token": text})

    assert page["Cache-Control"] == "no-store"
    assert pulled.status_code == 200
    assert not TOKEN.search(later.content.decode())
    assert FeedToken.objects.get().digest == token_digest(text)
    (entry,) = Activity.objects.filter(about="feed token prod")
    assert (entry.who, entry.what) == ("administrator", "settings")
    assert text not in str(entry.detail)


def test_the_same_form_creates_one_token(administrator):
    pk = str(uuid.uuid4())

    create(administrator, pk=pk)
    again = create(administrator, pk=pk)

    assert again.status_code == 302
    assert FeedToken.objects.count() == 1


def test_a_revoked_token_opens_nothing_and_stays_on_record(administrator):
    text = TOKEN.findall(create(administrator).content.decode())[0]
    token = FeedToken.objects.get()

    for _ in range(2):
        administrator.post(f"{PAGE}{token.pk}/revoke/")

    pulled = Client().get("/feed/accounts", {"token": text})
    assert pulled.status_code == 403
    assert "revoked" in shown(administrator.get(PAGE))
    details = [entry.detail for entry in Activity.objects.order_by("number")]
    assert [one["feed token"] for one in details] == ["created", "revoked"]


def test_a_token_can_expire(administrator):
    before = timezone.now()

    create(administrator, lasts="30")

    expires = FeedToken.objects.get().expires_at
    assert expires is not None
    assert before <= expires - timedelta(days=30) <= timezone.now()


def test_there_is_a_most_of_tokens(administrator):
    FeedToken.objects.bulk_create(
        FeedToken(name=f"t-{n}", digest=f"{n}") for n in range(MOST)
    )

    create(administrator)

    assert FeedToken.objects.count() == MOST
    assert "Revoke a token first" in shown(administrator.get(PAGE))


def test_without_a_recent_password_nothing_is_created(administrator):
    session = administrator.session
    session[CONFIRMED] = (timezone.now() - timedelta(hours=1)).isoformat()
    session.save()

    assert create(administrator).status_code == 302
    assert not FeedToken.objects.exists()


@pytest.mark.parametrize("role", ["viewer", "operator", "approver"])
def test_only_administrators_see_the_page(client, role):
    client.force_login(person(role))

    assert client.get(PAGE).status_code == 403


@pytest.mark.parametrize(
    "url",
    [
        "http://a1b2.example.com/feed",
        "https://a1b2.example.com",
        "https://a1b2.example.com/feed?x=1",
        "https://a1b2.example.com/f%20",
        "https://me@a1b2.example.com/feed",
        "javascript:alert(1)",
    ],
)
def test_a_gateway_that_no_signature_fits_is_refused(administrator, url):
    page = create(administrator, gateway=url)

    assert "Enter an https:// URL with a path and no query" in shown(page)
    assert not FeedToken.objects.exists()


def test_the_page_says_what_the_feed_holds_and_what_it_cannot(administrator, managing):
    verified("fits", account_id="1" * 12)
    unfit = verified("needs-id", account_id="2" * 12, uses_external_id=True)
    text = TOKEN.findall(create(administrator).content.decode())[0]
    before = shown(administrator.get(PAGE))
    Client().get("/feed/accounts", {"token": text})

    page = administrator.get(PAGE)

    assert "Accounts1, as the next bundle would have it" in shown(page)
    assert "none yet" in before
    assert "just now with the token prod: 1 record sent" in shown(page)
    assert "The feed has no external ID, and its role requires one." in shown(page)
    assert f'href="{unfit.get_absolute_url()}"' in page.content.decode()


def test_the_page_asks_as_often_for_many_accounts(administrator):
    verified("a-0", account_id="1" * 12, uses_external_id=True)
    keep_current()
    with CaptureQueriesContext(connection) as few:
        administrator.get(PAGE)
    for number in range(60):
        account_id = f"{100_000_000_000 + number}"
        verified(f"b-{number}", account_id=account_id, uses_external_id=True)
    keep_current()

    with CaptureQueriesContext(connection) as many:
        page = administrator.get(PAGE)

    assert len(few) == len(many)
    assert "1–50 of 61 accounts" in shown(page)


def test_a_look_at_the_page_writes_nothing(administrator):
    verified()

    page = administrator.get(PAGE)

    assert "The feed is off" in shown(page)
    assert not FeedRow.objects.exists()


def test_the_sweep_keeps_the_feed_current_if_somebody_may_pull_it():
    verified()
    sweep()
    without = FeedRow.objects.count()
    FeedToken.objects.create(name="prod", digest="d")

    sweep()

    assert without == 0
    assert FeedRow.objects.count() == 1


def test_trap_the_configuration_has_every_setting_that_the_plugin_needs():
    url = "https://bowline.example.com/feed/accounts"

    text = configuration(url, role="r", token="t")

    read = yaml.safe_load(text)
    assert read["accountProvision"] == {"url": f"{url}?token=t", "iamAuth": False}
    assert read["ecs"] == {"enabled": True, "accounts": []}
    assert read["aws"]["accounts"] == []
    assert read["aws"]["defaultAssumeRole"] == "role/r"
    assert read["credentials"]["poller"]["enabled"]
    assert {*read["credentials"]["poller"]["types"]} == {"aws", "ecs"}
    assert not read["account"]["storage"]["enabled"]
    (plugin,) = read["spinnaker"]["extensibility"]["plugins"].values()
    assert plugin["version"] == "2.0.0"


def test_behind_api_gateway_the_configuration_holds_no_token(administrator):
    page = create(administrator, gateway=GATEWAY)
    text = html.unescape(page.content.decode())
    read = yaml.safe_load(configuration("", role="r", token="t", gateway=GATEWAY))

    assert f"url: {GATEWAY} iamAuth: true" in text
    assert len(TOKEN.findall(text)) == 2  # to read and to copy
    assert read["accountProvision"] == {
        "url": GATEWAY,
        "iamAuth": True,
        "iamAuthRegion": "eu-west-1",
    }
