"""The bucket for templates, as the environment and the settings page say it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.rows import managing_row, person


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
