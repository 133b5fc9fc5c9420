"""What Slack and Teams read: foreign text mentions nobody and formats nothing."""

from __future__ import annotations

import json

from accounts.models import Notification, Target
from accounts.notify.channels.bodies import BODIES, SLACK_LONGEST, body_of, escaped
from accounts.notify.channels.places import HOSTS
from accounts.notify.written import Text

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
