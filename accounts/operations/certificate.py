"""How long the certificate is valid that browsers see: asked where it is served,
because what lies in a file may not have been loaded.
"""

from __future__ import annotations

import logging
import socket
import ssl
from urllib.parse import urlsplit

from cryptography.x509 import load_der_x509_certificate
from django.conf import settings
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

SECONDS = 2
"""How long a scrape waits for it."""
logger = logging.getLogger(__name__)


def certificate() -> Metric:
    """Tell nothing where nobody said where it is served, or where that is silent."""
    family = GaugeMetricFamily(
        "bowline_certificate_seconds_left",
        "How long the certificate that TLS_ADDRESS serves is valid.",
    )
    if settings.TLS_ADDRESS:
        try:
            family.add_metric([], seconds_left(settings.TLS_ADDRESS))
        except (OSError, ValueError) as error:
            address = settings.TLS_ADDRESS
            logger.warning("The certificate of %s can't be read: %s", address, error)
    return family


def seconds_left(address: str) -> float:
    """Return for how long what is served there is valid; negative: since when not.

    Whether anybody should trust it is not asked: browsers do that.
    """
    host, _, port = address.rpartition(":")
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    name = urlsplit(settings.SITE_URL).hostname or host
    with (
        socket.create_connection((host, int(port)), timeout=SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=name) as served,
    ):
        found = served.getpeercert(binary_form=True)
    ends = load_der_x509_certificate(found or b"").not_valid_after_utc
    return (ends - timezone.now()).total_seconds()
