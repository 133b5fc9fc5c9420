"""The bucket for templates, as the environment and the settings page say it."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse

from bowline.environment import env_text
from tests.rows import managing_row, person


def test_a_value_that_does_not_match_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEMPLATES_BUCKET", "s3://templates")

    with pytest.raises(ImproperlyConfigured, match="TEMPLATES_BUCKET can't be"):
        env_text("TEMPLATES_BUCKET", "[a-z-]+")


def test_without_a_value_it_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEMPLATES_BUCKET", raising=False)

    assert env_text("TEMPLATES_BUCKET", "[a-z-]+") == ""


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
