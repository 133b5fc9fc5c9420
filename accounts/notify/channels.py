"""The channels of notices, a class each, and what administrators decide about
targets.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.crypto import salted_hmac
from standardwebhooks.webhooks import Webhook
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError

from accounts.decisions.decision import setting
from accounts.models import Activity, Notification, Target
from accounts.models.people import MovedMeanwhile
from accounts.notifications.notifying import note
from accounts.notify.texts import Text
from accounts.people.activity import record
from accounts.secrets import NoSecret, refusal, secret_of
from onboarding.delivery.addresses import (
    Allowed,
    CheckedHTTP,
    CheckedHTTPS,
    ForbiddenAddress,
    Watchdog,
)
from onboarding.delivery.connection import (
    FILE,
    SECRET_RULE,
    VARIABLE,
    is_reference,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST = 50
"""Of targets, each of which a worker may have to wait for."""


@setting("add a target of notifications")
def add(by: User, target: Target) -> None:
    target.created_by = by
    target.save(force_insert=True)
    record_of(by, target, "added", **target_detail(target))


@setting("change a target of notifications")
def change(by: User, target: Target) -> None:
    """Keep what was described; what is known of another place is forgotten."""
    before = Target.objects.get(pk=target.pk)
    columns = {name: getattr(target, name) for name in DESCRIBED}
    if target.place != before.place:
        columns |= {"sent_at": None, "failed_at": None, "failure": ""}
    Target.objects.filter(pk=target.pk).update(**columns)
    record_of(
        by, target, "changed", before=target_detail(before), after=target_detail(target)
    )


DESCRIBED = ("name", "place", "kinds", "environments")


@setting("pause a target of notifications, or resume it")
def pause(target: Target, by: User, *, pauses: bool = True) -> bool:
    """Send it nothing for now, or something again; return whether that is news."""
    if pauses == bool(target.paused_at):
        return False
    target.paused_at = timezone.now() if pauses else None
    target.save(update_fields=["paused_at"])
    return record_of(by, target, "paused" if pauses else "resumed")


@setting("give a webhook a new secret")
def rotate(target: Target, by: User, seen: int) -> None:
    """Sign with another secret than the one of the page that was seen, once; raise
    MovedMeanwhile where it has another one.
    """
    if target.rotation != seen:
        raise MovedMeanwhile(
            f"{target} already has a new secret, which is shown only once. If you "
            "didn't copy it, open the target and create another secret."
        )
    target.rotation += 1
    target.save(update_fields=["rotation"])
    record_of(by, target, "given a new secret", rotation=target.rotation)


@setting("remove a target of notifications")
def remove(target: Target, by: User) -> None:
    record_of(by, target, "removed", **target_detail(target))
    target.delete()


@setting("send a test to a target of notifications")
def send_test(target: Target, by: User) -> Notification:
    """Let a worker send a message, as it sends all others."""
    notification = Notification(target=target, what=Notification.What.TEST)
    note(notification)
    record_of(by, target, "tested")
    return notification


def target_detail(target: Target) -> dict[str, Any]:
    """Describe it without the path of a URL, which nobody may guess."""
    where = target.place
    if target.channel == Target.Channel.WEBHOOK:
        where = urlsplit(target.place).hostname or ""
    return {
        "channel": target.channel,
        "where": where,
        "kinds": target.kinds,
        "environments": target.environments,
    }


def record_of(by: User, target: Target, done: str, **detail: Any) -> bool:
    about = f"notifications to {target}"
    record(by, Activity.What.SETTINGS, about, {"target": done, **detail})
    return True


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


SALT = "bowline.notifications"


def signing_secret(target: Target) -> str:
    """Return the secret that the receiver verifies messages with."""
    of = f"{target.pk}:{target.rotation}"
    key = salted_hmac(SALT, of, algorithm="sha256")
    return f"whsec_{base64.b64encode(key.digest()).decode()}"


def signed(target: Target, message: str, body: str) -> dict[str, str]:
    """Return the headers that sign the body, now."""
    now = datetime.now(UTC)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(signing_secret(target)).sign(message, now, body),
    }


SLACK_TITLE = 140
"""Slack refuses messages with a header of over 150 characters."""
SLACK_LONGEST = 2900
"""Of one block; Slack refuses messages with a block of over 3,000 characters."""
MOST_PARAGRAPHS = 20
TEAMS_LONGEST = 4000
"""Of all; Teams refuses messages of over 28 KB."""
MORE = "…"


def body_of(target: Target, notification: Notification, text: Text) -> str:
    if target.channel == Channel.WEBHOOK:
        body = webhook(notification, text)
    else:
        body = BODIES[target.channel](text)
    return json.dumps(body, ensure_ascii=False)


def slack(text: Text) -> dict[str, Any]:
    """Format nothing but Bowline's own link: in mrkdwn, `*`, `_`, `~` and “`” do."""
    blocks = [block("header", escaped(text.title, SLACK_TITLE))]
    for one in text.paragraphs[:MOST_PARAGRAPHS]:
        blocks.append(block("section", escaped(one, SLACK_LONGEST)))
    if text.url:
        link = {"type": "mrkdwn", "verbatim": True}
        link["text"] = f"<{text.url}|Open in Bowline>"
        blocks.append({"type": "section", "text": link})
    return {
        "text": escaped(text.title, 300),
        "mrkdwn": False,
        "blocks": blocks,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def block(kind: str, text: str) -> dict[str, Any]:
    return {"type": kind, "text": {"type": "plain_text", "text": text, "emoji": False}}


def escaped(text: str, most: int) -> str:
    """Escape what Slack reads as the beginning of a link or a mention, and cut it."""
    written: list[str] = []
    length = 0
    for sign in text:
        safe = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(sign, sign)
        length += len(safe)
        if length > most:
            return "".join(written) + MORE
        written.append(safe)
    return "".join(written)


def teams(text: Text) -> dict[str, Any]:
    """Make a card of text runs, which know no formatting, unlike text blocks."""
    said = [run(text.title[:300], weight="Bolder", size="Medium")]
    left = TEAMS_LONGEST
    for one in text.paragraphs[:MOST_PARAGRAPHS]:
        for line in one.split("\n"):
            if left <= 0:
                break
            said.append(run(line if len(line) <= left else line[:left] + MORE))
            left -= len(line)
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": said,
    }
    if text.url:
        card["actions"] = [
            {"type": "Action.OpenUrl", "title": "Open in Bowline", "url": text.url}
        ]
    content = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [content]}


def run(text: str, **looks: str) -> dict[str, Any]:
    inline = {"type": "TextRun", "text": text, **looks}
    return {"type": "RichTextBlock", "inlines": [inline]}


BODIES: Mapping[str, Callable[[Text], dict[str, Any]]] = {
    Channel.SLACK: slack,
    Channel.TEAMS: teams,
}


def webhook(notification: Notification, text: Text) -> dict[str, Any]:
    return {
        "type": notification.type,
        "time": notification.created_at.isoformat(),
        "data": {
            "title": text.title,
            "text": "\n\n".join(text.paragraphs),
            "url": text.url,
            **text.about,
        },
    }


WHOLE = 15.0
"""Seconds from connecting to the answer's status. Others' notices wait meanwhile."""
AGAIN = {404, 408, 425, 429}
"""Statuses, other than a server's errors, after which it is worth trying again: what
receives may be deployed just now.
"""


class NotDelivered(Exception):
    """It was not taken; the sentence says why, and holds nothing that others wrote."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent
        """Trying again would give the same."""


@dataclass(frozen=True, slots=True)
class Place:
    """A URL taken apart, and which addresses it may lead to."""

    host: str
    port: int
    path: str
    is_https: bool
    allowed: Allowed


def post(
    place: Place, body: bytes, headers: Mapping[str, str], *, whole: float = WHOLE
) -> None:
    """Send it; raise NotDelivered where it was not taken."""
    connection = connection_to(place, whole)
    watchdog = Watchdog(whole)
    try:
        with watchdog:
            connection.request(
                "POST",
                place.path,
                body=body,
                headers={
                    "Content-Type": "application/json",
                    "User-Agent": "Bowline",
                    **headers,
                },
                preload_content=False,
            )
            status = connection.getresponse().status
        if watchdog.over:
            raise TimeoutError
    except ForbiddenAddress:
        raise NotDelivered(
            f"{place.host} resolves to an address that Bowline doesn't connect to, "
            "unless the administrator of Bowline's host allows the host in "
            "NOTICE_HOSTS.",
            permanent=True,
        ) from None
    except (HTTPError, HTTPException, OSError) as error:
        if watchdog.over or isinstance(error, TimeoutError):
            raise NotDelivered(
                f"{place.host} didn't answer within {whole:g} seconds."
            ) from None
        # Of the cause, only the class is kept: texts of others stay out.
        raise NotDelivered(
            f"{place.host} could not be reached ({type(error).__name__})."
        ) from None
    finally:
        connection.close()
    check(status, place.host)


def connection_to(place: Place, whole: float) -> HTTPConnection:
    if place.is_https:
        return CheckedHTTPS(
            place.host,
            place.port,
            timeout=whole,
            allowed=place.allowed,
            ssl_context=ssl.create_default_context(),
        )
    return CheckedHTTP(place.host, place.port, timeout=whole, allowed=place.allowed)


def check(status: int, host: str) -> None:
    """Raise NotDelivered unless the status says that the message was taken."""
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise NotDelivered(
            f"{host} answered with a redirect ({status}), which Bowline doesn't "
            "follow. Enter the URL that it redirects to.",
            permanent=True,
        )
    if status == 410:
        raise NotDelivered(
            f"{host} answered 410: this webhook no longer exists.", permanent=True
        )
    permanent = status < 500 and status not in AGAIN
    raise NotDelivered(f"{host} answered {status}.", permanent=permanent)


def send_to_target(target: Target, notification: Notification, text: Text) -> None:
    """Send it, or raise NotDelivered; either way the target says so."""
    try:
        body = body_of(target, notification, text)
        headers: dict[str, str] = {}
        if target.channel == Target.Channel.WEBHOOK:
            headers = signed(target, str(notification.pk), body)
        try:
            post(place_of(target), body.encode(), headers)
        except NoPlace as error:
            raise NotDelivered(str(error)) from None
    except NotDelivered as error:
        update_target(target, failed_at=Now(), failure=str(error)[:300])
        raise
    update_target(target, sent_at=Now())


def update_target(target: Target, **fields: object) -> None:
    Target.objects.filter(pk=target.pk).update(**fields)
