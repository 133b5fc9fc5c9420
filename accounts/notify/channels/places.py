"""Where notices may go: public addresses by https, and what the operator allows."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from django.conf import settings

from accounts.models import Target
from accounts.notify.channels.posting import Place
from accounts.secrets.references import NoSecret, refusal, secret_of
from onboarding.delivery.addresses import Allowed
from onboarding.delivery.connection import (
    FILE,
    SECRET_RULE,
    VARIABLE,
    is_reference,
)

Channel = Target.Channel

HOSTS = {
    Channel.SLACK: ("hooks.slack.com",),
    Channel.TEAMS: (
        ".logic.azure.com",
        ".webhook.office.com",
        ".api.powerplatform.com",
    ),
}
"""Who may receive a secret URL's messages; with a dot first, every name below."""

URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>/[\w.~%!$&'()*+,;=:@/-]*)?(?P<query>\?[\w.~%!$&'()*+,;=:@/?-]*)?",
    re.ASCII,
)
NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")
"""A host that ends so is an address, however it is spelled."""

RULE = "Enter an https:// URL, such as https://hooks.example.com/bowline."
NO_SECRETS = (
    "Remove the user, the query, and the fragment: they usually contain a secret, "
    "which Bowline doesn't store. Each message is signed instead."
)
HTTPS = (
    "Use https, or ask the administrator of Bowline's host to add the host to "
    "NOTICE_HOSTS: otherwise anyone on the network path could read the messages."
)
PRIVATE = (
    "Bowline sends notifications to public addresses only, unless the administrator of "
    "Bowline's host allows the host in NOTICE_HOSTS."
)
NO_URL = "The value of {reference} isn't the https:// URL of a webhook."
WRONG_HOST = (
    "The URL in {reference} isn't on a host of {channel}. The administrator of "
    "Bowline's host can allow other hosts in NOTICE_HOSTS."
)


class NoPlace(Exception):
    """Nothing can be sent there; the sentence says what to change."""


def problem(channel: str, place: str) -> str:
    """Say why a target may not be there, without resolving or reading anything; empty
    where it may.
    """
    if channel != Channel.WEBHOOK:
        if not any(is_reference(pattern, place) for pattern in (VARIABLE, FILE)):
            return SECRET_RULE
        return refusal(place, settings.NOTIFICATIONS)
    try:
        if urlsplit(place).username is not None or set(place) & {"?", "#", "@"}:
            return NO_SECRETS
        place_of_url(place)
    except NoPlace as error:
        return str(error)
    except ValueError:
        return RULE
    return ""


def place_of(target: Target) -> Place:
    """Read where the target is; raise NoPlace. Nothing is sent."""
    if found := problem(target.channel, target.place):
        raise NoPlace(found)
    if target.channel == Channel.WEBHOOK:
        return place_of_url(target.place)
    try:
        url = secret_of(target.place, settings.NOTIFICATIONS)
    except NoSecret as error:
        raise NoPlace(str(error)) from None
    try:
        place = place_of_url(url)
    except NoPlace as error:
        # No part of the URL may be in the sentence.
        known = str(error) if str(error) in (HTTPS, PRIVATE) else ""
        raise NoPlace(known or NO_URL.format(reference=target.place)) from None
    if not is_of(Channel(target.channel), place.host):
        raise NoPlace(
            WRONG_HOST.format(
                reference=target.place, channel=target.get_channel_display()
            )
        )
    return place


def place_of_url(url: str) -> Place:
    """Take a URL apart, and say how to connect there; raise NoPlace."""
    parts = URL.fullmatch(url)
    if parts is None or int(parts["port"] or 1) > 65535:
        raise NoPlace(RULE)
    host = parts["host"].strip("[]").lower()
    allowed = allowed_at(host)
    if parts["scheme"] == "http" and not allowed.plain_http:
        raise NoPlace(HTTPS)
    check_literal(host, allowed)
    is_https = parts["scheme"] == "https"
    return Place(
        host=host,
        port=int(parts["port"] or (443 if is_https else 80)),
        path=(parts["path"] or "/") + (parts["query"] or ""),
        is_https=is_https,
        allowed=allowed,
    )


def allowed_at(host: str) -> Allowed:
    named = is_named(host)
    return Allowed(
        networks=settings.NOTIFICATIONS.networks,
        plain_http=named,
        public_only=not named,
    )


def is_named(host: str) -> bool:
    """Return whether the operator names the host."""
    return host in {name.lower() for name in settings.NOTIFICATIONS.hosts}


def check_literal(host: str, allowed: Allowed) -> None:
    """Refuse an address that may not be connected to; what a name leads to is checked
    when connecting.
    """
    try:
        address: IPv4Address | IPv6Address = ip_address(host)
    except ValueError:
        labels = host.rstrip(".").split(".")
        if NUMBER.fullmatch(labels[-1]):
            raise NoPlace(
                "Enter a host name, or an IPv4 address as four numbers."
            ) from None
        if labels[-1] == "localhost" and not allowed.networks:
            raise NoPlace(PRIVATE) from None
        return
    if not allowed.allows(address):
        raise NoPlace(PRIVATE)


def is_of(channel: Target.Channel, host: str) -> bool:
    """Return whether a secret URL of the channel may lead to the host."""
    return is_named(host) or any(
        host.endswith(known) if known.startswith(".") else host == known
        for known in HOSTS[channel]
    )


def hosts_of_secret_urls() -> dict[str, str]:
    """Write, of each channel, which hosts its secret URLs may lead to."""
    return {
        channel.label: ", ".join(f"*{one}" if one[0] == "." else one for one in known)
        for channel, known in HOSTS.items()
    }
