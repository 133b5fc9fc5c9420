"""What the environment says becomes settings, or a sentence."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from bowline.environment import FORGETS_CLIENTS
from bowline.settings import (
    database,
    env_bool,
    env_days,
    env_email,
    env_list,
    env_networks,
    env_site_url,
    secret_key,
    web_threads,
)


def test_database_reads_a_path_of_sqlite() -> None:
    sqlite = database("sqlite:////srv/bow%20line/b.sqlite3")

    assert sqlite["NAME"] == "/srv/bow line/b.sqlite3"
    assert sqlite["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_database_reads_every_part_of_postgresql() -> None:
    url = "postgresql://user:p%40ss@db.example.com:6432/bowline?sslmode=require"

    postgresql = database(url)

    assert postgresql["NAME"] == "bowline"
    assert postgresql["USER"] == "user"
    assert postgresql["PASSWORD"] == "p@ss"
    assert postgresql["HOST"] == "db.example.com"
    assert postgresql["PORT"] == "6432"
    assert postgresql["OPTIONS"]["sslmode"] == "require"


def test_database_gives_up_a_postgresql_that_is_gone_after_seconds() -> None:
    plain = database("postgresql://db.example.com/bowline")["OPTIONS"]
    chosen = database("postgresql://db.example.com/bowline?connect_timeout=30")

    assert plain == {
        "connect_timeout": "5",
        "keepalives_idle": "10",
        "keepalives_interval": "5",
        "tcp_user_timeout": "10000",
        "options": FORGETS_CLIENTS,
    }
    assert chosen["OPTIONS"]["connect_timeout"] == "30"


def test_database_reads_the_folder_of_a_socket() -> None:
    assert database("postgresql:///bowline?host=/run/pg")["HOST"] == "/run/pg"


def test_database_refuses_another_kind() -> None:
    with pytest.raises(ImproperlyConfigured, match="must begin with"):
        database("mysql://localhost/bowline")


def test_secret_key_has_no_default_outside_debugging(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SECRET_KEY")

    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY isn't set"):
        secret_key(debug=False)
    assert secret_key(debug=True)


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("1", True), ("False", False), ("0", False), ("", True)],
)
def test_env_bool_reads_words(
    text: str, value: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS", text)

    assert env_bool("HTTPS", default=True) is value


def test_env_bool_refuses_what_is_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS", "perhaps")

    with pytest.raises(ImproperlyConfigured, match="HTTPS must be true or false"):
        env_bool("HTTPS", default=True)


@pytest.mark.parametrize(("text", "days"), [("", 90), ("0", 0), ("365", 365)])
def test_env_days_reads_a_number(
    text: str, days: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEEP_CHECKS_DAYS", text)

    assert env_days("KEEP_CHECKS_DAYS", default=90) == days


@pytest.mark.parametrize("text", ["-1", "1.5", "a week", "１", "999999"])
def test_env_days_refuses_what_is_no_number_of_days(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEEP_CHECKS_DAYS", text)

    with pytest.raises(ImproperlyConfigured, match="KEEP_CHECKS_DAYS must be a number"):
        env_days("KEEP_CHECKS_DAYS", default=90)


def test_env_list_reads_names_between_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "a.example.com, b.example.com,")

    assert env_list("ALLOWED_HOSTS") == ["a.example.com", "b.example.com"]


def test_env_networks_reads_addresses_and_networks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", "192.0.2.7, 10.0.1.0/24,2001:db8::/64")

    networks = [str(network) for network in env_networks("TRUSTED_PROXIES")]

    assert networks == ["192.0.2.7/32", "10.0.1.0/24", "2001:db8::/64"]


@pytest.mark.parametrize("text", ["1", "proxy", "10.0.1.5/24", "*"])
def test_env_networks_refuses_what_is_no_network(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", text)

    with pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXIES must be addresses"):
        env_networks("TRUSTED_PROXIES")


@pytest.mark.parametrize("text", ["3", "0", "-4", "many", "1000"])
def test_web_threads_leaves_two_beside_the_pages(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEB_THREADS", text)

    with pytest.raises(ImproperlyConfigured, match="WEB_THREADS must be a number"):
        web_threads()


@pytest.mark.parametrize(
    ("text", "hosts", "url"),
    [
        ("https://a.example.com:8443/", [], "https://a.example.com:8443"),
        ("", ["*", ".b.example.com", "c.example.com"], "https://c.example.com"),
        ("", ["*"], ""),
    ],
)
def test_env_site_url_is_given_or_the_first_name(
    text: str, hosts: list[str], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SITE_URL", text)

    assert env_site_url("SITE_URL", hosts=hosts, https=True) == url


@pytest.mark.parametrize(
    "text", ["a.example.com", "https://a/path", "https://u@a", "https://a\n", "ftp://a"]
)
def test_env_site_url_refuses_what_links_cannot_begin_with(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SITE_URL", text)

    with pytest.raises(ImproperlyConfigured, match="SITE_URL must be an address"):
        env_site_url("SITE_URL", hosts=[], https=True)


def test_env_email_refuses_a_second_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEFAULT_FROM_EMAIL", "a@example.com\nBcc: b@example.com")

    with pytest.raises(ImproperlyConfigured, match="must be an email address"):
        env_email("DEFAULT_FROM_EMAIL", default="")


def settings_said(code: str, **environment: str) -> str:
    """Evaluate the expression with the settings `s` that the environment makes."""
    return subprocess.run(
        [sys.executable, "-c", f"from bowline import settings as s;print({code})"],
        env={"SECRET_KEY": "x" * 50, **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_a_port_and_a_url_say_what_follows_from_them() -> None:
    """TLS from the start on 465; forms of the site's own URL behind any proxy."""
    code = "s.EMAIL_USE_SSL, s.EMAIL_USE_TLS, s.CSRF_TRUSTED_ORIGINS"
    said = [
        settings_said(code, **environment)
        for environment in (
            {"EMAIL_PORT": "465", "SITE_URL": "https://bowline.example.com"},
            {"EMAIL_PORT": "587"},
        )
    ]

    assert said == [
        "True False ['https://bowline.example.com']\n",
        "False True []\n",
    ]


@pytest.mark.parametrize(
    ("https", "said"),
    [
        ("true", "True True __Host-session __Host-csrf\n"),
        ("false", "False False sessionid csrftoken\n"),
    ],
)
def test_with_tls_cookies_are_bound_to_the_host(https: str, said: str) -> None:
    """Without it, browsers would take no cookie of such a name."""
    names = "getattr(s, 'SESSION_COOKIE_NAME', 'sessionid'), " + (
        "getattr(s, 'CSRF_COOKIE_NAME', 'csrftoken')"
    )
    code = f"s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, {names}"

    assert settings_said(code, HTTPS=https) == said
