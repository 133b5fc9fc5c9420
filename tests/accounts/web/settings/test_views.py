"""The settings page: who Bowline is in AWS, and who may do what."""

from __future__ import annotations

import re
from unittest.mock import patch

import pytest

from accounts.models import Run
from accounts.models.states import Status
from accounts.web.settings.views import RuleForm
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Caller, Sessions
from tests.accounts.web.answers import looked
from tests.rows import managing_row, person

pytestmark = pytest.mark.django_db

SITE = "/settings/?tab=site"

CALLER = Caller(
    "911111111111",
    "arn:aws:sts::911111111111:assumed-role/Bowline/i-0",
    "arn:aws:iam::911111111111:role/Bowline",
)


def test_the_page_comes_before_aws_answers(viewer) -> None:
    page = viewer.get(SITE).content.decode()

    assert "Getting Bowline's identity from STS…" in page
    assert 'hx-trigger="load"' in page


def test_it_says_who_bowline_is(viewer) -> None:
    managing_row(partition="aws")
    with patch.object(Sessions, "whoami", autospec=True, return_value=CALLER):
        page = looked(viewer, "/settings/", {"tab": "site"}).content.decode()

    assert 'data-copy="911111111111"' in page
    assert f'data-copy="{CALLER.principal}"' in page


def test_htmx_gets_that_part_alone(viewer) -> None:
    with patch.object(Sessions, "whoami", autospec=True, return_value=CALLER):
        page = looked(
            viewer, "/settings/", {"tab": "site"}, headers={"HX-Request": "true"}
        )

    assert page.content.decode().startswith('<div id="caller">')


def test_bad_credentials_are_told_with_what_to_do(viewer) -> None:
    error = AwsError("", "sts:GetCallerIdentity", "Nothing was found.", "Renew them.")
    with patch.object(Sessions, "whoami", autospec=True, side_effect=error):
        page = looked(viewer, "/settings/", {"tab": "site"}).content.decode()

    assert "Nothing was found." in page
    assert "<b>To do:</b> Renew them." in page


def test_it_names_who_has_which_role(viewer) -> None:
    person("administrator", username="ada")

    page = viewer.get("/settings/").content.decode()

    assert "<td>administrator</td><td>ada</td>" in page
    assert '<td>approver</td><td><span class="soft">No one</span></td>' in page


def test_it_notices_that_nobody_works(viewer) -> None:
    Run.objects.create(account_name="staging", status=Status.PLANNING)

    page = viewer.get(SITE).content.decode()

    assert "1 run that no worker processes" in page


def test_it_names_three_and_counts_the_others_and_nobody_who_left(viewer) -> None:
    for name in ("a", "b", "c", "d", "e"):
        person("approver", username=name)
    person("approver", username="0", is_active=False)

    page = viewer.get("/settings/").content.decode()

    assert "<td>approver</td><td>a, b, c, and 2 others</td>" in page


def test_only_administrators_are_led_to_the_people(client) -> None:
    client.force_login(person("administrator"))

    page = client.get("/settings/").content.decode()

    client.force_login(person("viewer"))
    of_a_viewer = client.get("/settings/").content.decode()

    assert 'href="/settings/people/"' in page
    assert "/settings/people/" not in of_a_viewer


def test_it_says_whether_mail_is_sent(viewer, settings) -> None:
    without = viewer.get(SITE).content.decode()

    settings.EMAIL_HOST = "mail.example.com"
    settings.EMAIL_HOST_PASSWORD = "a-password-of-mail"
    settings.SITE_URL = "https://bowline.example.com"
    page = viewer.get(SITE).content.decode()

    assert "Not sent. <code>EMAIL_HOST</code>" in without
    assert 'through <span class="mono">mail.example.com</span>' in page
    assert "https://bowline.example.com" in page
    assert "a-password-of-mail" not in page


def side(client, path: str) -> list[str]:
    """Name the pages at the side, the current one in brackets."""
    page = client.get(path).content.decode()
    _, found, rest = page.partition('<nav class="side"')
    entries = (
        re.findall(r"<a [^>]*>[^<]+</a>", rest.partition("</nav>")[0]) if found else []
    )
    names = [re.sub(r"<[^>]*>", "", one) for one in entries]
    return [
        f"[{name}]" if "aria-current" in entry else name
        for name, entry in zip(names, entries, strict=True)
    ]


def test_the_pages_of_settings_stand_at_the_side_of_each(client) -> None:
    client.force_login(person("administrator"))
    pages = ["Roles", "People", "Approval rules"]
    pages += ["Notifications", "API tokens", "This site"]

    for path, current in (
        ("/settings/", "Roles"),
        ("/settings/?tab=rules", "Approval rules"),
        ("/settings/?tab=nonsense", "Roles"),
        (SITE, "This site"),
        ("/settings/people/", "People"),
        ("/settings/notifications/", "Notifications"),
    ):
        expected = [f"[{one}]" if one == current else one for one in pages]
        assert side(client, path) == expected, path
    assert side(client, "/settings/activity/") == []


def test_nobody_is_led_to_a_page_that_is_for_administrators(viewer) -> None:
    assert side(viewer, "/settings/") == [
        "[Roles]",
        "Approval rules",
        "This site",
    ]


def test_a_rules_pattern_has_no_character_that_nobody_sees() -> None:
    given = {"by": "name", "environment": "live"}

    assert RuleForm({**given, "value": "prod-*"}).is_valid()
    assert [*RuleForm({**given, "value": "prod\u200b-*"}).errors] == ["value"]
