"""What Slack and Teams read, and how it is sent: in bounded time, to nowhere else."""

from __future__ import annotations

import json
import socket
from http.server import BaseHTTPRequestHandler

import pytest

from accounts.models import Notification, Target
from accounts.notify.channels import (
    BODIES,
    HOSTS,
    SLACK_LONGEST,
    NotDelivered,
    Place,
    body_of,
    escaped,
    post,
)
from accounts.notify.texts import Text
from onboarding.delivery.addresses import Allowed
from tests.accounts.notify.channels.receiving import Receiver, receiving, status
from tests.onboarding.delivery.reaching import resolving

HERE = Allowed(networks=("127.0.0.0/8",), plain_http=True)


def place_at(receiver: Receiver) -> Place:
    port = int(receiver.url.rpartition(":")[2].partition("/")[0])
    return Place("127.0.0.1", port, "/bowline", is_https=False, allowed=HERE)


def refused(place: Place, whole: float = 15.0) -> NotDelivered:
    with pytest.raises(NotDelivered) as caught:
        post(place, b"{}", {}, whole=whole)
    return caught.value


@pytest.mark.parametrize("code", [200, 202, 204])
def test_it_is_sent_as_json(code) -> None:
    with receiving(status(code)) as receiver:
        post(place_at(receiver), b'{"a": 1}', {"webhook-id": "7"})

    assert receiver.bodies == [b'{"a": 1}']
    (headers,) = receiver.headers
    assert headers["Content-Type"] == "application/json"
    assert headers["webhook-id"] == "7"


def test_a_redirect_is_not_followed() -> None:
    with (
        receiving() as elsewhere,
        receiving(status(307, Location=elsewhere.url)) as receiver,
    ):
        error = refused(place_at(receiver))

    assert "redirect (307)" in str(error)
    assert error.permanent
    assert elsewhere.bodies == []


@pytest.mark.parametrize(
    ("code", "permanent"),
    [(400, True), (403, True), (410, True), (404, False), (429, False), (503, False)],
)
def test_what_is_worth_trying_again_is_tried_again(code, permanent) -> None:
    with receiving(status(code)) as receiver:
        error = refused(place_at(receiver))

    assert error.permanent is permanent
    assert f"answered {code}" in str(error)


def drip(handler: BaseHTTPRequestHandler) -> None:
    """Answer with a head that never ends."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    endless(handler)


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.settimeout(0.01)
    while True:
        try:
            handler.wfile.write(b"x")
            if handler.connection.recv(1) == b"":
                return
        except TimeoutError:
            continue
        except OSError:
            return


@pytest.mark.parametrize("answer", [drip, endless])
def test_an_answer_that_does_not_end_is_hung_up_on(answer) -> None:
    with receiving(answer) as receiver:
        error = refused(place_at(receiver), whole=0.2)

    assert "didn't answer within 0.2 seconds" in str(error)
    assert not error.permanent


def test_an_endless_body_is_not_read() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        endless(handler)

    with receiving(answer) as receiver:
        post(place_at(receiver), b"{}", {})

    assert len(receiver.bodies) == 1


def test_who_says_no_status_is_named_by_the_kind_of_failure() -> None:
    def garbage(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"secret of others\r\n\r\n")

    with receiving(garbage) as receiver:
        error = refused(place_at(receiver))

    assert str(error) == "127.0.0.1 could not be reached (BadStatusLine)."


def test_nobody_listening_is_worth_trying_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        place = Place("127.0.0.1", taken.getsockname()[1], "/", False, HERE)
        error = refused(place)

    assert "could not be reached" in str(error)
    assert not error.permanent


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::ffff:127.0.0.1"]
)
def test_a_name_that_leads_to_no_public_address_is_refused(
    address, monkeypatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving(address))
    allowed = Allowed(public_only=True)

    error = refused(Place("hooks.example.com", 443, "/", True, allowed))

    assert "resolves to an address that Bowline doesn't connect to" in str(error)
    assert error.permanent


def test_a_name_that_nobody_knows_is_worth_trying_again(monkeypatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = refused(Place("hooks.example.com", 443, "/", True, Allowed()))

    assert not error.permanent


HOSTILE = "<!channel> @here <https://evil|log in> & *bold* `code`"


def text(**fields: object) -> Text:
    plain = Text("Rollout 7 failed", (HOSTILE, "Fix it."), "Rollout 7", "/runs/7", "")
    return plain._replace(**fields)


def test_every_channel_has_its_message_and_its_hosts() -> None:
    secret = {*Target.Channel.values} - {Target.Channel.WEBHOOK}

    assert {*BODIES} == {*HOSTS} == secret


def test_slack_shows_foreign_text_as_text(settings) -> None:
    settings.SITE_URL = "https://bowline.example.com"

    body = body_of(Target(channel="slack"), Notification(), text(title=HOSTILE))

    said = [block["text"]["text"] for block in json.loads(body)["blocks"]]
    assert said[1].startswith("&lt;!channel&gt; @here &lt;https://evil|log in&gt; &amp")
    assert "<!" not in body
    assert "<https://evil" not in body
    assert said[-1] == "<https://bowline.example.com/runs/7|Open in Bowline>"


def test_slack_formats_nothing_of_foreign_text(settings) -> None:
    settings.SITE_URL = "https://bowline.example.com"
    foreign = "*bold* _slanted_ ~struck~ `code` :tada:"
    said = text(title=foreign, paragraphs=(foreign, foreign))

    body = json.loads(body_of(Target(channel="slack"), Notification(), said))

    formatting = [
        block["text"]
        for block in body["blocks"]
        if block["text"]["type"] != "plain_text" or block["text"]["emoji"]
    ]
    assert [one["text"] for one in formatting] == [
        "<https://bowline.example.com/runs/7|Open in Bowline>"
    ]
    assert all(one["verbatim"] for one in formatting)
    assert body["mrkdwn"] is False  # of its text, which notifications show


def test_slack_takes_a_title_of_any_length() -> None:
    body = json.loads(
        body_of(Target(channel="slack"), Notification(), text(title="&" * 999))
    )

    assert len(body["blocks"][0]["text"]["text"]) <= 150


def test_slack_takes_long_text_cut_between_characters() -> None:
    cut = escaped("&" * 9_999, SLACK_LONGEST)

    assert cut.endswith("&amp;…")
    assert len(cut) <= SLACK_LONGEST + 1


def test_teams_shows_foreign_text_without_formatting(settings) -> None:
    settings.SITE_URL = "https://bowline.example.com"

    body = json.loads(body_of(Target(channel="teams"), Notification(), text()))

    (attachment,) = body["attachments"]
    card = attachment["content"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    runs = [one for block in card["body"] for one in block["inlines"]]
    assert [one["text"] for one in runs] == ["Rollout 7 failed", HOSTILE, "Fix it."]
    assert {one["type"] for one in runs} == {"TextRun"}
    assert card["actions"][0]["url"] == "https://bowline.example.com/runs/7"


def test_teams_takes_no_more_than_it_accepts() -> None:
    long = text(paragraphs=tuple("日" * 3_000 for _ in range(50)))

    body = body_of(Target(channel="teams"), Notification(), long)

    assert len(body.encode()) < 28 * 1024
