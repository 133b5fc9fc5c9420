"""What the environment says becomes values, or a sentence for each that can't be."""

from __future__ import annotations

import re
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
NOT_AT_START = {
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "DJANGO_SETTINGS_MODULE",
}
"""What boto3 and Django read for themselves, and pages show."""


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


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("HTTPS", "perhaps", "must be true or false, not 'perhaps'."),
        ("KEEP_CHECKS_DAYS", "-1", "must be a number of days, 0 to 99999, not '-1'."),
        ("KEEP_CHECKS_DAYS", "1.5", "must be a number of days"),
        ("KEEP_CHECKS_DAYS", "a week", "must be a number of days"),
        ("KEEP_CHECKS_DAYS", "１", "must be a number of days"),
        ("KEEP_CHECKS_DAYS", "999999", "must be a number of days"),
        *(
            ("TRUSTED_PROXIES", text, "must be comma-separated addresses or networks")
            for text in ("1", "proxy", "10.0.1.5/24", "*", "10.0.1.0/24,x")
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
        ("TEMPLATES_REGION", "eu-nowhere-1", "must be an AWS Region"),
        ("NOTICE_HOSTS", "https://chat.internal", "must be comma-separated host names"),
        ("NOTICE_HOSTS", "chat.internal:8080", "must be comma-separated host names"),
        ("NOTICE_NETWORKS", "chat.internal", "must be comma-separated addresses"),
        ("NOTICE_SECRET_VARIABLES", "A-B", "must be comma-separated names"),
        ("NOTICE_SECRET_DIRECTORY", "secrets", "must be an absolute path"),
        ("LOG_FORMAT", "xml", "must be line or json, not 'xml'."),
        ("LOG_LEVEL", "LOUD", "must be DEBUG, INFO, WARNING, ERROR or CRITICAL"),
    ],
)
def test_what_can_not_be_is_a_sentence(
    name: str, text: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, text)

    with pytest.raises(ImproperlyConfigured, match=re.escape(f"{name} {says}")):
        read_environment()


@pytest.mark.parametrize(
    "text", ["short", "a" * 19, "with a space in it, so not", "é" * 30]
)
def test_a_weak_token_is_refused_and_not_repeated(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METRICS_TOKEN", text)

    with pytest.raises(ImproperlyConfigured, match="METRICS_TOKEN must be") as raised:
        read_environment()

    assert text not in str(raised.value)
    assert raised.value.__context__ is None


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
