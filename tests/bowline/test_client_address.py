"""Whose word is taken for the address of a client."""

from __future__ import annotations

import logging
from ipaddress import ip_network
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

from bowline.client_address import ClientAddress, client_address

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
