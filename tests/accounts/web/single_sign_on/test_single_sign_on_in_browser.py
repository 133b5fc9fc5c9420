"""Single sign-on with a real provider, in a browser, under the site's own policy."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import ConsoleMessage, Page, expect

from accounts.models import Activity
from script.servers import free_port, listens, serving
from tests.accounts.web.browsing import (
    assert_axe_finds_nothing,
    assert_it_fits,
    at_widths,
)
from tests.accounts.web.single_sign_on.provider import PROVIDER
from tests.rows import PASSWORD, person

ROOT = Path(__file__).parent.parent.parent.parent.parent
INSTALLED = ROOT / "var" / "oidc"
SOURCE = Path(__file__).parent / "oidc"


@pytest.fixture
def groups(live_server: Any, tmp_path: Path, settings) -> Iterator[Path]:
    """Run the provider; yield the file that says who is in which groups."""
    node = shutil.which("node")
    if node is None or not INSTALLED.is_dir():
        missing = "No provider: run script/setup oidc, which needs npm"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    file, port = tmp_path / "groups.json", free_port()
    file.write_text(json.dumps({"ann": ["platform"]}))
    provider = replace(
        PROVIDER,
        issuer=f"http://127.0.0.1:{port}",
        secret="a-secret-of-the-client",
    )
    settings.SINGLE_SIGN_ON = provider
    settings.SOCIALACCOUNT_PROVIDERS = provider.for_allauth
    settings.PASSWORDS_FOR = ["emergency"]
    back = live_server.url + reverse("openid_connect_callback")
    # The module resolves what it imports from where it was installed.
    script = tmp_path / "provider.mjs"
    shutil.copy(SOURCE / "provider.mjs", script)
    with serving(
        [
            *("sh", "-c", 'cd "$0" && exec "$@"', str(INSTALLED)),
            *(node, str(script), str(port), provider.secret, back, str(file)),
        ],
        environment={"PATH": os.environ["PATH"]},
        log=tmp_path / "provider.log",
        ready=lambda: listens(port),
    ):
        yield file


def sign_in(page: Page, url: str) -> None:
    """Sign in at the provider, which asks who it is and whether it may say so."""
    page.goto(f"{url}{reverse('sign-in')}?next=/accounts/")
    page.get_by_role("link", name="Sign in with Example").click()
    page.locator("[name=login]").fill("ann")
    page.locator("[name=password]").fill("anything")
    page.locator("[type=submit]").click()
    page.get_by_role("button", name="Continue").click()


@pytest.mark.smoke
@pytest.mark.django_db(transaction=True)
def test_the_first_sign_in_then_without_the_group_then_the_emergency_account(
    page: Page, live_server: Any, groups: Path
) -> None:
    person("administrator", username="emergency")
    wrong: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        ours = message.location["url"].startswith(live_server.url)
        if message.type == "error" and ours:
            wrong.append(message.text)

    page.on("console", hear)

    sign_in(page, live_server.url)

    expect(page.get_by_role("heading", level=1)).to_have_text("Accounts")
    page.goto(f"{live_server.url}{reverse('you')}")
    expect(page.get_by_role("heading", level=1)).to_have_text("ann")
    expect(page.get_by_text("Your role is operator, approver.")).to_be_visible()
    page.context.clear_cookies()
    groups.write_text("{}")
    sign_in(page, live_server.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Not signed in")
    expect(page.get_by_text("None of your groups has a role")).to_be_visible()

    page.goto(f"{live_server.url}/admin/")
    page.get_by_text("Emergency user").click()
    for name, heading in (("ann", "Sign in"), ("emergency", "Bowline's records")):
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    (last,) = Activity.objects.filter(who="emergency", what=Activity.What.SIGN_IN)
    assert last.detail["by"] == "password"
    # The page that refuses is a 403, which Chromium writes down.
    assert [text for text in wrong if "403" not in text] == []


@pytest.mark.django_db(transaction=True)
def test_a_password_is_a_way_in_without_a_provider(
    page: Page, live_server: Any
) -> None:
    person("viewer", username="vera")
    page.goto(f"{live_server.url}/accounts/")

    for password, heading in (("not-this-one", "Sign in"), (PASSWORD, "Accounts")):
        page.get_by_label("Name").fill("vera")
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)

    assert page.url == f"{live_server.url}/accounts/"


@at_widths(1440, 390)
@pytest.mark.django_db(transaction=True)
def test_people_shows_the_roles_of_groups(
    signed_in: Any, settings, look: dict[str, Any]
) -> None:
    person("administrator")
    given = ("viewer", "operator@staging", "operator@test")
    roles = {"platform": given, "x" * 255: given}
    settings.SINGLE_SIGN_ON = replace(PROVIDER, roles=roles)
    page = signed_in("administrator", **look)

    page.goto("/settings/people/")

    table = page.get_by_role("region", name="Groups of Example")
    expect(table.get_by_role("row", name="platform")).to_contain_text(
        "operator in staging and test only"
    )
    assert_it_fits(page, look)
    assert_axe_finds_nothing(page)
