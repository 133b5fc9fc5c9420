"""What the environment says becomes settings, or a sentence."""

from __future__ import annotations

import logging
import re
import sqlite3
import subprocess
import sys
import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.api.api import api
from bowline.client_address import ClientAddress, client_address
from bowline.environment.variables import FORGETS_CLIENTS, database
from bowline.sqlite3.base import make_private
from onboarding import VERSION
from tests.rows import managing_row, person


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


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("bucket", "said"),
    [("templates", "s3://templates/bowline/"), ("", "Downloaded. No bucket")],
)
def test_the_settings_page_says_where_templates_go(
    client: Client, settings, bucket: str, said: str
) -> None:
    managing_row()
    settings.TEMPLATE_BUCKET = (bucket, "us-east-1", "bowline/")
    client.force_login(person("operator"))

    page = client.get(reverse("accounts:settings"), {"tab": "site"})
    assert said in page.content.decode()


TRUSTED = [ip_network("10.0.1.0/28"), ip_network("2001:db8:1::/64")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.7", "", "192.0.2.7"),
        ("192.0.2.7", "203.0.113.1", "192.0.2.7"),
        ("10.0.1.5", "", "10.0.1.5"),
        ("10.0.1.5", "203.0.113.1", "203.0.113.1"),
        ("10.0.1.5", "198.51.100.9, 203.0.113.1", "203.0.113.1"),
        ("10.0.1.5", "203.0.113.1,10.0.1.6", "203.0.113.1"),
        ("10.0.1.5", "203.0.113.1, 10.0.9.9", "10.0.9.9"),
        ("10.0.1.5", "203.0.113.1, unknown", "10.0.1.5"),
        ("10.0.1.5", "203.0.113.1, <script>, 10.0.1.6", "10.0.1.6"),
        ("::ffff:10.0.1.5", "203.0.113.1", "203.0.113.1"),
        ("2001:db8:1::5", "2001:DB8::1", "2001:db8::1"),
        ("", "203.0.113.1", ""),
    ],
)
def test_the_client_is_the_first_address_that_no_proxy_vouches_for(
    peer: str, forwarded: str, client: str
) -> None:
    assert client_address(peer, forwarded, TRUSTED) == client


def test_a_long_header_ends_at_the_first_stranger() -> None:
    forwarded = "10.0.1.6, " * 1000 + "203.0.113.1, 10.0.1.6"

    assert client_address("10.0.1.5", forwarded, TRUSTED) == "203.0.113.1"


def test_nothing_further_in_sees_the_header(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.TRUSTED_PROXIES = []
    seen = []

    def further_in(request: HttpRequest) -> HttpResponse:
        seen.append(request.META)
        return HttpResponse()

    middleware = ClientAddress(further_in)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            request = HttpRequest()
            request.META = {
                "REMOTE_ADDR": "10.0.1.5",
                "HTTP_X_FORWARDED_FOR": "203.0.113.1",
            }
            middleware(request)

    assert seen == [{"REMOTE_ADDR": "10.0.1.5"}] * 3
    assert len(caplog.records) == 1
    assert "name the proxy in TRUSTED_PROXIES" in caplog.text


ROOT = Path(__file__).parents[2]


def test_the_bill_of_materials_and_the_changelog_have_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    versions = re.findall(r"^## (\d\S*)", (ROOT / "CHANGELOG.md").read_text(), re.M)

    assert project["version"] == VERSION
    assert VERSION in versions


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/sign-in/", "/admin/", "/nothing/"])
def test_a_page_shows_it_at_its_foot(client: Client, path: str) -> None:
    if path != "/sign-in/":
        client.force_login(person("administrator", is_staff=True, is_superuser=True))

    page = client.get(path).content.decode()

    foot = page.rpartition("<footer")[2].partition("</footer>")[0]
    assert f"Bowline {VERSION}" in foot


def test_the_description_of_the_api_has_it() -> None:
    assert api.get_openapi_schema()["info"]["version"] == VERSION


def test_the_command_line_prints_it_without_any_setting() -> None:
    for argument in ("version", "--version"):
        done = subprocess.run(
            [sys.executable, ROOT / "manage.py", argument],
            env={"DJANGO_SETTINGS_MODULE": "nowhere"},
            capture_output=True,
            text=True,
        )

        assert (done.stdout, done.stderr) == (f"Bowline {VERSION}\n", "")


PROGRAM = """
import sys
from bowline.celery import app
app.loader.import_default_modules()
assert "accounts.tasks" in sys.modules
late = ("accounts.api.api", "accounts.web.urls")
print([name for name in late if name in sys.modules])
"""


def test_a_worker_starts_without_the_pages_and_the_api() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"


WRITE = """\
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
database.execute("BEGIN IMMEDIATE")
"""


def test_another_process_still_meets_the_lock(tmp_path: Path) -> None:
    file = tmp_path / "bowline.sqlite3"
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("CREATE TABLE kept (number)")
    holder.execute("BEGIN IMMEDIATE")

    make_private(file)
    other = subprocess.run(
        [sys.executable, "-c", WRITE, str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    holder.close()

    assert "database is locked" in other.stderr


def test_a_file_that_is_missing_is_made_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "bowline.sqlite3"

    make_private(file)

    assert file.stat().st_mode & 0o777 == 0o600
