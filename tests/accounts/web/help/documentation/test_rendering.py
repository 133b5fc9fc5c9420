"""A document becomes a page of Help: with anchors, and links that lead somewhere."""

from __future__ import annotations

import pytest

from accounts.help.documents import Document
from accounts.web.help.views import Heading, Rendered, anchor_of, rendered

KNOWN = (
    Document("delivery", "The delivery", "", "docs/spinnaker/delivery.md"),
    Document("security", "Security", "", "SECURITY.md"),
)


def page(text: str, path: str = "docs/spinnaker/delivery.md") -> Rendered:
    return rendered(path, text, KNOWN)


def test_the_title_is_the_page_s_own_and_headings_have_anchors() -> None:
    found = page("# The `delivery`\n\n## Set it up\n\nText.\n\n## Set it up\n")

    assert found.title == "The delivery"
    assert found.headings == (
        Heading(2, "Set it up", "set-it-up"),
        Heading(2, "Set it up", "set-it-up-1"),
    )
    assert "<h1" not in found.html
    anchor = '<a class="anchor" href="#set-it-up"'
    assert f'<h2 id="set-it-up">Set it up{anchor}' in found.html


@pytest.mark.parametrize(
    ("text", "anchor"),
    [
        ("OIDC_ISSUER, OIDC_CLIENT_ID", "oidc_issuer-oidc_client_id"),
        ("When an account doesn't arrive?", "when-an-account-doesnt-arrive"),
        ("AWS – a note", "aws--a-note"),
    ],
)
def test_an_anchor_is_as_github_names_it(text: str, anchor: str) -> None:
    assert anchor_of(text) == anchor


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("delivery.md", "/help/docs/delivery/"),
        ("./delivery.md#tokens", "/help/docs/delivery/#tokens"),
        ("../../SECURITY.md", "/help/docs/security/"),
        ("../README.md", "/help/docs/"),
        ("#tokens", "#tokens"),
        ("https://example.com/a?b=c", "https://example.com/a?b=c"),
    ],
)
def test_a_link_leads_to_help_or_to_another_site(link: str, url: str) -> None:
    assert f'<a href="{url}"' in page(f"See [the *page*]({link}).").html


@pytest.mark.parametrize(
    "link",
    [
        "../../ARCHITECTURE.md",
        "../../deploy/nginx.conf.template",
        "nowhere.md",
        "../../../delivery.md",
        "/docs/spinnaker/delivery.md",
        "//evil.example/a",
        "mailto:a@example.com",
        "ftp://example.com/a",
    ],
)
def test_what_help_does_not_have_is_text(link: str) -> None:
    html = page(f"See [the *page*]({link}), and [the delivery](delivery.md).").html

    assert html == (
        "<p>See the <em>page</em>, and "
        '<a href="/help/docs/delivery/">the delivery</a>.</p>\n'
    )


def test_links_of_a_document_elsewhere_are_relative_to_it() -> None:
    html = page("[a](docs/spinnaker/delivery.md) [b](delivery.md)", "SECURITY.md").html

    assert html == '<p><a href="/help/docs/delivery/">a</a> b</p>\n'


def test_another_site_does_not_learn_where_the_link_was() -> None:
    assert 'rel="noreferrer"' in page("[a](https://example.com/)").html
    assert "rel=" not in page("[a](delivery.md)").html


def test_a_picture_leads_to_itself() -> None:
    html = page("![The *overview*](../pages/overview.webp)").html

    url = "/help/docs/pictures/overview.webp"
    assert f'<a href="{url}"><img src="{url}" alt="The overview"' in html


@pytest.mark.parametrize(
    "source",
    [
        "../pages/nowhere.webp",
        "../pages/before/overview.webp",
        "../../pages/overview.webp",
        "https://example.com/overview.webp",
    ],
)
def test_another_picture_is_what_it_shows(source: str) -> None:
    assert page(f"![The overview]({source})").html == "<p>The overview</p>\n"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "[press](javascript:alert(1))",
        "[press](data:text/html,x)",
        "## <svg onload=alert(1)>",
        "a <b>b</b>",
    ],
)
def test_html_stays_text(text: str) -> None:
    html = page(text).html

    for tag in ("<script", "<img", "<svg", "<b>", 'href="javascript', 'href="data'):
        assert tag not in html


def test_code_and_tables_are_as_in_bundles() -> None:
    html = page("```sh\necho a\n```\n\n| a |\n|---|\n| 1 |\n").html

    assert '<pre class="code" tabindex="0"><code><span class="nb">echo</span>' in html
    assert '<div class="table-scroll" tabindex="0"><table class="table">' in html


def test_the_same_text_is_written_once() -> None:
    text = "# Once\n\nA text that no other test has.\n"

    assert page(text) is page(text)
    assert page(text + "More.\n") is not page(text)


def test_a_block_that_says_why_it_is_not_run_has_its_colours() -> None:
    run, not_run = (
        page(f"# T\n\n```{info}\nexport A=1\n```\n").html
        for info in ("sh", "sh (not run: needs a cluster)")
    )

    assert run == not_run
    assert "<span" in run
