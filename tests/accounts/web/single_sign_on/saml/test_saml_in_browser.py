"""Sign-in by SAML in a browser, under the site's own policy, at a provider that is on
another site: what it sends comes without the session.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from django.urls import reverse
from playwright.sync_api import ConsoleMessage, Page, expect

from tests.accounts.web.browsing import assert_axe_finds_nothing
from tests.accounts.web.single_sign_on.provider import PROVIDER
from tests.accounts.web.single_sign_on.saml.provider import ENTITY_ID, Answer, saml

FORM = """<!doctype html><title>Provider</title><h1>Provider</h1>
<p>{again}</p><form method="post" action="{acs}">
<input type="hidden" name="SAMLResponse" value="{answer}">
<input type="hidden" name="RelayState" value="https://evil.example.com/">
<button>Continue</button></form>"""


class Provider(BaseHTTPRequestHandler):
    """Answers whoever comes with a request, as soon as they press the button."""

    counted = 0
    site = ""

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        if "SAMLRequest" not in asked:
            self.send_error(404)
            return
        xml = zlib.decompress(base64.b64decode(asked["SAMLRequest"][0]), -15)
        request = ElementTree.fromstring(xml)
        type(self).counted += 1
        acs = request.attrib["AssertionConsumerServiceURL"]
        answer = Answer(
            request.attrib["ID"],
            id=f"_{self.counted}",
            groups=("admins",),
            audience=f"{self.site}/sign-in/saml/metadata/",
            recipient=acs,
            destination=acs,
        )
        page = FORM.format(
            acs=acs,
            answer=base64.b64encode(answer.xml().encode()).decode(),
            again=escape("Asked again." if "ForceAuthn" in request.attrib else ""),
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def other_site(live_server: Any, settings) -> Iterator[str]:
    """Run the provider at 127.0.0.1, which is another site than localhost."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    url = f"http://127.0.0.1:{server.server_port}"
    assert urlsplit(live_server.url).hostname == "localhost"
    Provider.site = settings.SITE_URL = live_server.url
    settings.SAML = saml(sso_url=f"{url}/sso", issuer=f"saml:{ENTITY_ID}")
    settings.SINGLE_SIGN_ON = PROVIDER
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield url
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.smoke
@pytest.mark.django_db(transaction=True)
def test_sign_in_then_confirm_by_the_form_of_another_site(
    page: Page, live_server: Any, other_site: str
) -> None:
    wrong: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.location["url"].startswith(live_server.url):
            wrong.append(message.text)

    page.on("console", hear)

    page.goto(f"{live_server.url}{reverse('sign-in')}?next=/accounts/")
    expect(page.get_by_role("link", name="Sign in with Example")).to_be_visible()
    page.get_by_role("link", name="Sign in with Corp").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Provider")
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Accounts")
    assert page.url == f"{live_server.url}/accounts/"

    page.goto(f"{live_server.url}/settings/?tab=rules")
    page.get_by_role("button", name="Turn on for no environment").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm who you are")
    page.get_by_role("link", name="Confirm with Corp").click()
    expect(page.get_by_text("Asked again.")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Approval rules")
    page.get_by_role("button", name="Turn on for no environment").click()
    told = "In no environment, plans now require a second approver."
    expect(page.get_by_text(told)).to_be_visible()
    assert wrong == []


@pytest.mark.django_db(transaction=True)
def test_an_answer_twice_is_a_sentence(
    page: Page, live_server: Any, other_site: str
) -> None:
    page.goto(f"{live_server.url}{reverse('saml')}")
    page.get_by_role("button", name="Continue").click()
    welcome = "Onboard AWS accounts into Spinnaker"
    expect(page.get_by_role("heading", level=1)).to_have_text(welcome)

    page.go_back()
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Not signed in")
    expect(page.get_by_text("This sign-in was already used.")).to_be_visible()
    assert_axe_finds_nothing(page)
