"""What the environment says becomes values, or a sentence for each that can't be."""

from __future__ import annotations

import re
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from bowline.environment.variables import Environment, read_environment

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "onboarding" / "spinnaker" / "bundle" / "formats" / "hal"
"""Runs where hal is, and not in Bowline: what it reads is no setting."""
BY_NAME = re.compile(r"""environ(?:\.get\(|\[)"([A-Z_]+)"[\],)](?! = )""")
NOT_AT_START = {"AWS_DEFAULT_REGION", "DJANGO_SETTINGS_MODULE"}
"""What boto3 and Django read for themselves, and pages show."""


ANY_TEXT = {
    "EMAIL_HOST_PASSWORD",
    "EMAIL_HOST_USER",
    "OIDC_CLIENT_ID",
    "OIDC_CLIENT_SECRET",
    "OIDC_GROUPS_CLAIM",
    "OIDC_NAME",
    "OIDC_ROLES",  # read in bowline/single_sign_on.py
    "SAML_ENTITY_ID",
    "SAML_METADATA_FILE",
    "STATIC_ROOT",
}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Environment.model_fields:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("HTTPS", "true", True),
        ("HTTPS", "1", True),
        ("HTTPS", "False", False),
        ("HTTPS", "0", False),
        ("HTTPS", "", True),
        ("KEEP_CHECKS_DAYS", "", 90),
        ("KEEP_CHECKS_DAYS", "0", 0),
        ("KEEP_CHECKS_DAYS", "365", 365),
        ("ALLOWED_HOSTS", "a.example.com, b.example,", ("a.example.com", "b.example")),
        ("NOTICE_HOSTS", "chat.internal, ::1", ("chat.internal", "::1")),
        ("NOTICE_SECRET_VARIABLES", "A_B,C", ("A_B", "C")),
        ("NOTICE_SECRET_VARIABLES", "", ("SLACK_WEBHOOK_URL", "TEAMS_WEBHOOK_URL")),
        ("NOTICE_SECRET_DIRECTORY", "/srv/s", "/srv/s"),
        ("NOTICE_SECRET_DIRECTORY", "", "/run/secrets/notices"),
        (
            "TRUSTED_PROXIES",
            "192.0.2.7, 10.0.1.0/24,2001:db8::/64",
            tuple(map(ip_network, ("192.0.2.7", "10.0.1.0/24", "2001:db8::/64"))),
        ),
        ("TEMPLATES_BUCKET", "", ""),
        ("LOG_LEVEL", "", "INFO"),
        ("METRICS_TOKEN", "a" * 20, "a" * 20),
    ],
)
def test_a_value_is_read(
    name: str, text: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, text)

    assert getattr(read_environment(), name) == value


WRONG = pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("HTTPS", "perhaps", "must be true or false, not 'perhaps'."),
        ("KEEP_CHECKS_DAYS", "-1", "must be a number of days, 0 to 99999, not '-1'."),
        ("KEEP_CHECKS_DAYS", "1.5", "must be a number of days"),
        ("KEEP_CHECKS_DAYS", "a week", "must be a number of days"),
        ("KEEP_CHECKS_DAYS", "１", "must be a number of days"),
        ("KEEP_CHECKS_DAYS", "999999", "must be a number of days"),
        ("KEEP_BUNDLES_DAYS", "-1", "must be a number of days"),
        *(
            ("TRUSTED_PROXIES", text, "must be comma-separated addresses or networks")
            for text in ("1", "proxy", "10.0.1.5/24", "*", "10.0.1.0/24,x")
        ),
        (
            "TRUSTED_PROXIES",
            "10.0.0.0/8, 10.0.0.1/24",
            "must be comma-separated addresses or networks, such as 192.0.2.7 or "
            "10.0.1.0/24, not '10.0.0.1/24'. It has host bits set: use 10.0.0.0/24 for "
            "the network, or 10.0.0.1 for the address.",
        ),
        *(
            ("AWS_ENDPOINT_URL", text, "must be the emulator's address, such as http")
            for text in ("127.0.0.1:4566", "ftp://a", "http://a:port", "http://a/?b=c")
        ),
        *(
            ("WEB_THREADS", text, "must be a number of threads, 4 to 999")
            for text in ("3", "0", "-4", "many", "1000")
        ),
        *(
            ("SITE_URL", text, "must be a URL without a path")
            for text in ("a.example.com", "https://a/path", "https://u@a", "ftp://a")
        ),
        ("SITE_URL", "https://a\n", "must be a URL without a path"),
        ("DEFAULT_FROM_EMAIL", "a@example.com\nBcc: b@c.d", "must be an email address"),
        ("TEMPLATES_BUCKET", "s3://templates", "must be the name of a bucket"),
        *(
            (f"{which}_REGION", "eu-nowhere-1", "must be an AWS Region")
            for which in ("AWS", "TEMPLATES")
        ),
        ("PASSWORDS_FOR", ",", "must be a comma-separated list, not ','."),
        ("NOTICE_HOSTS", "https://chat.internal", "must be comma-separated host names"),
        ("NOTICE_HOSTS", "chat.internal:8080", "must be comma-separated host names"),
        ("NOTICE_NETWORKS", "chat.internal", "must be comma-separated addresses"),
        ("NOTICE_SECRET_VARIABLES", "A-B", "must be comma-separated names"),
        ("NOTICE_SECRET_DIRECTORY", "secrets", "must be an absolute path"),
        ("LOG_FORMAT", "xml", "must be line or json, not 'xml'."),
        *(
            ("LOG_LEVEL", text, "must be DEBUG, INFO, WARNING, ERROR or CRITICAL")
            for text in ("LOUD", "info")
        ),
        *(
            ("EMAIL_PORT", text, "must be a port, 1 to 65535")
            for text in ("0", "65536", "99999", "smtp")
        ),
        ("EMAIL_HOST", "smtp://a.example.com", "must be a host name"),
        ("EMAIL_HOST", "a.example.com:25", "must be a host name"),
        *(
            ("ALLOWED_HOSTS", text, "must be comma-separated host names")
            for text in ("https://a.example.com", "a.example.com:443", "a b", "a/b")
        ),
        ("SPINNAKER_ALLOWED_HOSTS", "https://gate", "must be comma-separated host"),
        ("SITE_URL", "https://a:70000", "must be a URL without a path"),
        ("TLS_ADDRESS", "nginx", "must be a host and a port"),
        ("TLS_ADDRESS", "https://nginx:8443", "must be a host and a port"),
        ("OIDC_ISSUER", "https://[a", "must be the provider's address"),
        ("OIDC_SCOPES", "profile email", "must be scopes with spaces between"),
        ("SECOND_FACTOR", "yes", "must be optional or required"),
        ("SESSION_IDLE_MINUTES", "2h", "must be a number of minutes"),
        ("VERIFICATION_MAX_AGE", "7d", "must be a number of days"),
        ("API_RATE", "0", "must be a number, 1 to 9999"),
        ("TEMPLATES_PREFIX", "a b", "must be a prefix of keys"),
        *(
            (name, "perhaps", "must be true or false")
            for name, field in Environment.model_fields.items()
            if field.annotation is bool
        ),
        *(
            (name, "many", "must be a number")
            for name in (
                "RUN_THREADS",
                "SCHEDULE_THREADS",
                "SCHEDULE_ASSUMES_A_SECOND",
                "STOP_SECONDS",
            )
        ),
        *(
            (name, "10.0.0.1/8", "must be comma-separated addresses")
            for name in ("METRICS_NETWORKS", "SPINNAKER_ALLOWED_NETWORKS")
        ),
        ("SPINNAKER_SECRET_VARIABLES", "$A", "must be comma-separated names"),
        ("SPINNAKER_SECRET_DIRECTORY", "secrets", "must be an absolute path"),
    ],
)


@WRONG
def test_what_can_not_be_is_a_sentence(
    name: str, text: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, text)

    with pytest.raises(ImproperlyConfigured, match=re.escape(f"{name} {says}")):
        read_environment()


SECRETS = [
    *(
        ("METRICS_TOKEN", text)
        for text in ("short", "a" * 19, "with a space in it, so not", "é" * 30)
    ),
    ("SECRET_KEY", "changeme"),
    ("SECRET_KEY_FALLBACKS", "hunter2"),
    ("SECRET_KEY_FALLBACKS", f"{'x' * 50}, hunter2"),
    *(
        ("DATABASE_URL", rest)
        for rest in (
            "mysql://u:hunter2@db/bowline",
            "postgresql://u:hunter2#word@db/bowline",
            "postgresql://u:hunter2/word@db/bowline",
            "postgresql://u:hunter2@db:port/bowline",
            "postgresql://u:hunter2@db:99999/bowline",
            "postgresql://u:hunter2@db",
            "postgresql://u:hunter2@db/bowline?sslmode=on",
            "postgresql://u:hunter2@db/bowline?connect_timeout=9&sslmode=",
            "postgresql://u:hunter2@db/bowline?connect_timeout=soon",
            "postgresql://u:hunter2@db/bowline?sslmod=require",
            "postgresql://u:hunter2@db/bowline?pool=true",
            "postgresql://u:hunter2@db/bowline?sslmode",
            "hunter2",
        )
    ),
    *(
        ("REDIS_URL", rest)
        for rest in (
            "http://:hunter2@redis:6379/0",
            "redis://:hunter2#word@redis:6379/0",
            "redis://:hunter2@redis:port/0",
            "redis://:hunter2@redis:6379/bowline",
            "redis://:hunter2@redis:6379/0?ssl_cert_reqs=required",
            "rediss://:hunter2@redis:6379/0?ssl_cert_reqs=CERT_REQUIRED",
            "rediss://:hunter2@redis:6379/0?health_check_interval=30",
            "rediss://:hunter2@redis:6379/0?ssl_bogus=1",
            "hunter2",
        )
    ),
]


@pytest.mark.parametrize(("name", "text"), SECRETS)
def test_a_wrong_secret_is_refused_and_not_repeated(
    name: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, text)

    with pytest.raises(ImproperlyConfigured, match=f"{name} must be") as raised:
        read_environment()

    said = str(raised.value).removeprefix(name)
    assert text not in said
    assert "hunter2" not in said
    assert raised.value.__context__ is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DATABASE_URL", "sqlite:////srv/bow%20line/b.sqlite3"),
        ("DATABASE_URL", "postgresql://u:p%40ss@db.example.com:6432/b?sslmode=require"),
        ("DATABASE_URL", "postgresql://bowline@/bowline?host=/run/pg"),
        ("DATABASE_URL", "postgresql://db/b?options=-c%20a%3Db&host=a,b&port=1,2"),
        ("DATABASE_URL", "postgres://db/bowline"),
        ("DATABASE_URL", "postgresql://u:p@[::1]:5432/bowline"),
        ("REDIS_URL", "redis://127.0.0.1:6379/0"),
        ("REDIS_URL", "rediss://:p%23@redis.example.com:6379/0?ssl_cert_reqs=required"),
        ("REDIS_URL", "rediss://redis?ssl_cert_reqs=none&ssl_ca_certs=/etc/ca.pem"),
        ("REDIS_URL", "redis://redis"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
        ("OIDC_ISSUER", "https://login.example.com/realms/company/"),
        ("OIDC_SCOPES", "openid profile email groups"),
        ("EMAIL_HOST", "smtp.example.com"),
        ("SECRET_KEY", "x" * 50),
    ],
)
def test_a_text_that_fits_is_left_as_it_is(
    name: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, text)

    assert getattr(read_environment(), name) == text


def test_each_variable_is_refused_where_it_can_be_wrong() -> None:
    tried = {name for name, *_ in [*WRONG.args[1], *SECRETS]}

    assert {*Environment.model_fields} - tried == ANY_TEXT


def test_all_that_is_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS", "perhaps")
    monkeypatch.setenv("EMAIL_PORT", "smtp")

    with pytest.raises(ImproperlyConfigured) as raised:
        read_environment()

    assert "HTTPS must be" in str(raised.value)
    assert "EMAIL_PORT must be" in str(raised.value)


def test_the_secret_key_has_no_default_outside_debugging(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY isn't set"):
        read_environment().secret_key()
    monkeypatch.setenv("DEBUG", "true")
    assert read_environment().secret_key()


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({"SITE_URL": "https://a.example.com:8443/"}, "https://a.example.com:8443"),
        (
            {"ALLOWED_HOSTS": "*,.b.example.com,c.example.com"},
            "https://c.example.com",
        ),
        ({"ALLOWED_HOSTS": "c.example.com", "HTTPS": "0"}, "http://c.example.com"),
        ({"ALLOWED_HOSTS": "*"}, ""),
        ({}, ""),
    ],
)
def test_the_url_of_the_site_is_given_or_the_first_name(
    given: dict[str, str], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    assert read_environment().site_url() == url


def test_nothing_else_of_the_environment_is_read_by_its_name() -> None:
    """Such a variable would be in no document, and checked by nobody."""
    read = {
        (name, str(path.relative_to(ROOT)))
        for part in ("accounts", "bowline", "deploy", "onboarding")
        for path in (ROOT / part).rglob("*.py")
        if SHIPPED not in path.parents
        for name in BY_NAME.findall(path.read_text())
    }

    assert ("WEB_THREADS", "deploy/gunicorn.conf.py") in read
    assert {
        one for one in read if one[0] not in {*Environment.model_fields, *NOT_AT_START}
    } == set()


@pytest.mark.parametrize(
    "program",
    [
        ("gunicorn", "bowline.wsgi", "--config=deploy/gunicorn.conf.py"),
        ("celery", "--app", "bowline", "worker"),
    ],
    ids=lambda program: program[0],
)
def test_a_program_ends_with_the_sentence_and_no_traceback(
    program: tuple[str, ...],
) -> None:
    ended = subprocess.run(
        [Path(sys.executable).with_name(program[0]), *program[1:]],
        cwd=ROOT,
        env={"SECRET_KEY": "x" * 50, "WEB_THREADS": "many"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        "WEB_THREADS must be a number of threads, 4 to 999, not 'many'."
    ]
