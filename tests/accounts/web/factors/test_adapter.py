"""Under which name and origin passkeys work: behind a proxy, and by another name."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from django.core.exceptions import DisallowedHost
from django.test import RequestFactory

from accounts.web.factors.views import origin_of


@pytest.mark.parametrize(
    ("site_url", "host", "said", "name", "origin"),
    [
        ("", "testserver", "", "testserver", "http://testserver"),
        ("", "localhost:8000", "", "localhost", "http://localhost:8000"),
        ("https://b.example.com", "b.example.com", "https://b.example.com",
         "b.example.com", "https://b.example.com"),
        # The proxy changes the Host header.
        ("https://b.example.com", "testserver", "https://b.example.com",
         "b.example.com", "https://b.example.com"),
        # By another of the site's names.
        ("https://b.example.com", "localhost", "http://localhost",
         "localhost", "http://localhost"),
        # A stranger's page, and browsers that say nothing.
        ("https://b.example.com", "testserver", "https://evil.example",
         "b.example.com", "https://b.example.com"),
        ("https://b.example.com", "testserver", "null",
         "b.example.com", "https://b.example.com"),
        ("https://B.example.com:443", "testserver", "",
         "b.example.com", "https://b.example.com"),
    ],
)  # fmt: skip
def test_a_passkey_belongs_to_the_name_by_which_the_browser_knows_the_site(
    settings: Any, site_url: str, host: str, said: str, name: str, origin: str
) -> None:
    settings.SITE_URL = site_url
    settings.ALLOWED_HOSTS = ["testserver", "localhost", "b.example.com"]
    headers = {"HTTP_HOST": host, **({"HTTP_ORIGIN": said} if said else {})}

    request = RequestFactory().post("/", **headers)

    assert origin_of(request) == origin
    with context.request_context(request):
        assert get_adapter().get_public_key_credential_rp_entity()["id"] == name


def test_a_made_up_host_is_no_name(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    request = RequestFactory().post("/", HTTP_HOST="evil.example")

    with pytest.raises(DisallowedHost):
        origin_of(request)
