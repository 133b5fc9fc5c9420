"""Notices go to public addresses by https, and secret URLs to their own hosts only."""

from __future__ import annotations

import socket

import pytest

from accounts.notify.channels import (
    HTTPS,
    NO_SECRETS,
    PRIVATE,
    NoPlace,
    place_of,
    problem,
)
from onboarding.delivery.addresses import ForbiddenAddress
from tests.accounts.notify.channels.receiving import (
    PUBLIC,
    REACH,
    SLACK_URL,
    target_row,
)
from tests.onboarding.delivery.reaching import resolving

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def public(settings) -> None:
    settings.NOTIFICATIONS = PUBLIC


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com",
        "https://hooks.example.com/a/b-c_d.e",
        "https://hooks.example.com:8443/bowline",
        "https://8.8.8.8/bowline",
        "https://[2606:4700::1111]/bowline",
    ],
)
def test_a_public_https_url_is_taken(url) -> None:
    assert problem("webhook", url) == ""


@pytest.mark.parametrize(
    ("url", "why"),
    [
        *(
            (f"https://{host}/bowline", PRIVATE)
            for host in (
                *("127.0.0.1", "169.254.169.254", "10.1.2.3", "192.168.1.1"),
                *("0.0.0.0", "224.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[fd00::1]"),
                *("[64:ff9b::a9fe:a9fe]", "localhost", "web.localhost", "LOCALHOST"),
                "100.64.0.1",
            )
        ),
        ("https://ann:pass@hooks.example.com/", NO_SECRETS),
        ("https://hooks.example.com/?token=secret", NO_SECRETS),
        ("https://hooks.example.com/#secret", NO_SECRETS),
        ("https://hooks.example.com@127.0.0.1/", NO_SECRETS),
    ],
)
def test_what_is_not_public_or_usually_holds_a_secret_is_refused(url, why) -> None:
    assert problem("webhook", url) == why


@pytest.mark.parametrize(
    "url",
    [
        *("", "hooks.example.com", "ftp://hooks.example.com/", "https:///path"),
        *("https://hooks.example.com:0/", "https://hooks.example.com:65536/"),
        *("https://hooks.example.com/a b", "https://hooks.example.com/\n"),
        *("https://hooks.example.com\\@127.0.0.1/", "https://[::1/", "file:///etc"),
        *("https://hööks.example.com/", "https://hooks.example.com/\r\nX: y"),
        *("https://2130706433/bowline", "https://0x7f000001/bowline"),
        *("https://127.1/bowline", "https://0177.0.0.1/bowline"),
    ],
)
def test_what_is_no_url_is_refused(url) -> None:
    assert problem("webhook", url)


def test_plain_http_is_for_hosts_that_the_operator_allows(settings) -> None:
    url = "http://hooks.internal/bowline"

    assert problem("webhook", url) == HTTPS
    settings.NOTIFICATIONS = PUBLIC._replace(hosts=("hooks.internal",))
    assert problem("webhook", url) == ""


def test_an_allowed_host_may_be_private_and_still_not_be_this_machine(
    settings, monkeypatch
) -> None:
    settings.NOTIFICATIONS = PUBLIC._replace(hosts=("hooks.internal",))
    allowed = place_of(target_row(place="https://Hooks.internal/")).allowed
    others = place_of(target_row(name="b", place="https://other.internal/")).allowed

    monkeypatch.setattr(socket, "getaddrinfo", resolving("10.1.2.3"))
    assert allowed.addresses("hooks.internal", 443) == ("10.1.2.3",)
    with pytest.raises(ForbiddenAddress):
        others.addresses("other.internal", 443)
    monkeypatch.setattr(socket, "getaddrinfo", resolving("169.254.169.254"))
    with pytest.raises(ForbiddenAddress):
        allowed.addresses("hooks.internal", 443)


def slack(**fields: str) -> str:
    with pytest.raises(NoPlace) as caught:
        place_of(target_row(channel="slack", place="env:SLACK_WEBHOOK_URL", **fields))
    return str(caught.value)


def test_a_secret_url_is_read_where_it_is_used(monkeypatch) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK_URL", f"{SLACK_URL}\n")

    place = place_of(target_row(channel="slack", place="env:SLACK_WEBHOOK_URL"))

    assert (place.host, place.path) == ("hooks.slack.com", "/services/T0/B0/secret")


@pytest.mark.parametrize(
    "host",
    [
        "prod-1.westeurope.logic.azure.com",
        "contoso.webhook.office.com",
        "a.b.environment.api.powerplatform.com",
    ],
)
def test_teams_has_hosts_of_its_own(host, monkeypatch) -> None:
    monkeypatch.setenv("TEAMS_WEBHOOK_URL", f"https://{host}:443/x?sig=secret%2F&sv=1")

    place = place_of(target_row(channel="teams", place="env:TEAMS_WEBHOOK_URL"))

    assert (place.host, place.path) == (host, "/x?sig=secret%2F&sv=1")


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.slack.com.evil.example.com/secret",
        "https://evilhooks.slack.com/secret",
        "https://logic.azure.com/secret",
        "http://hooks.slack.com/secret",
        "https://127.0.0.1/secret",
        "https://ann:secret@hooks.slack.com/",
        "xoxb-secret",
    ],
)
def test_a_secret_url_that_leads_elsewhere_is_refused_and_not_repeated(
    url, monkeypatch
) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK_URL", url)

    sentence = slack()

    assert sentence
    assert "secret" not in sentence


def test_the_operator_may_allow_another_host_for_slack(monkeypatch, settings) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "http://chat.internal/hooks/1")
    settings.NOTIFICATIONS = PUBLIC._replace(hosts=("chat.internal",))

    place = place_of(target_row(channel="slack", place="env:SLACK_WEBHOOK_URL"))

    assert place.host == "chat.internal"


def test_only_what_the_operator_allows_is_read(monkeypatch, settings, tmp_path) -> None:
    settings.NOTIFICATIONS = REACH._replace(directory=str(tmp_path))
    monkeypatch.delenv("SLACK_WEBHOOK_URL", raising=False)

    assert "can read" in problem("slack", "env:SECRET_KEY")
    assert "can read only files" in problem("slack", "file:/etc/passwd")
    assert "never the secret" in problem("slack", SLACK_URL)
    assert problem("slack", f"file:{tmp_path}/slack") == ""
    assert "isn't set where Bowline's workers run" in slack()
