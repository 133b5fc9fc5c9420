"""What the environment says becomes settings, or a sentence."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bowline.environment.databases import FORGETS_CLIENTS, database


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
