"""/metrics is there for whoever has the token or calls from an allowed network."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from django.conf import settings as site
from django.test import Client
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from tests.rows import account_row, managing_row

pytestmark = pytest.mark.django_db

TOKEN = "a-token-of-the-tests-0123"


@pytest.fixture
def with_token(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_there_is_no_such_page_by_default(client: Client) -> None:
    assert (site.METRICS_TOKEN, site.METRICS_NETWORKS) == ("", ())
    assert client.get("/metrics", headers=bearer("")).status_code != 200


def test_the_token_opens_it(client: Client, with_token: None) -> None:
    answer = client.get("/metrics", headers=bearer(TOKEN))

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert answer.headers["Cache-Control"] == "no-store"
    names = {one.name for one in text_string_to_metric_families(answer.text)}
    assert "bowline_accounts" in names


@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer(""),
        bearer(TOKEN[:-1]),
        bearer(TOKEN + "x"),
        bearer("ключ"),
        {"authorization": f"Basic {TOKEN}"},
        {"authorization": TOKEN},
        {"x-forwarded-for": "10.1.2.3"},
    ],
)
def test_anything_else_is_refused_without_a_word_of_the_site(
    client: Client, settings: Any, with_token: None, headers: dict[str, str]
) -> None:
    settings.METRICS_NETWORKS = [ip_network("10.0.0.0/8")]

    answer = client.get("/metrics", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "bowline_" not in answer.text
    assert TOKEN not in answer.text


@pytest.mark.parametrize(
    ("address", "status"),
    [("10.1.2.3", 200), ("::ffff:10.1.2.3", 200), ("11.1.2.3", 401), ("", 401)],
)
def test_an_allowed_network_needs_no_token(
    client: Client, settings: Any, address: str, status: int
) -> None:
    settings.METRICS_NETWORKS = [ip_network("10.0.0.0/8")]

    answer = client.get("/metrics", REMOTE_ADDR=address)

    assert answer.status_code == status


def test_networks_alone_leave_no_token_that_opens_it(
    client: Client, settings: Any
) -> None:
    settings.METRICS_NETWORKS = [ip_network("10.0.0.0/8")]

    assert client.get("/metrics", headers=bearer("")).status_code == 401


def test_a_scraper_calls_by_an_address_without_tls(
    client: Client, settings: Any, with_token: None
) -> None:
    settings.SECURE_SSL_REDIRECT = True

    answer = client.get("/metrics", headers={**bearer(TOKEN), "host": "10.1.2.3:8000"})

    assert answer.status_code == 200


def test_a_scrape_takes_a_place_so_that_healthz_is_left_some() -> None:
    places = site.MIDDLEWARE.index("bowline.places.Places")

    assert site.MIDDLEWARE[places + 1] == "bowline.operations.metrics.Metrics"


def test_nothing_is_told_that_only_the_answering_process_knows(
    client: Client, with_token: None
) -> None:
    """Each scrape may meet another process: its numbers would jump."""
    of_process = {family.name for family in REGISTRY.collect()}

    answer = client.get("/metrics", headers=bearer(TOKEN))

    told = {one.name for one in text_string_to_metric_families(answer.text)}
    assert of_process
    assert not told & of_process


def test_no_account_is_named(client: Client, with_token: None) -> None:
    managing_row(name="very-secret-core")
    account_row("very-secret-prod", account_id="922222222229", environment="hush")

    text = client.get("/metrics", headers=bearer(TOKEN)).text

    for name in ("very-secret", "922222222229", "911111111111", "hush"):
        assert name not in text
