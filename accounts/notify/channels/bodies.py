"""What each channel reads: Slack's blocks, an adaptive card for Teams, plain JSON.

Names are foreign text. None of it can mention anybody, become a link or format
anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from accounts.models import Notification, Target
from accounts.notify.written import Text

Channel = Target.Channel

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
