from __future__ import annotations

import pytest

from accounts.web.bundles.views import readable


def test_headings_are_below_those_of_the_page() -> None:
    assert readable("# One\n\n## Two\n") == "<h3>One</h3>\n<h4>Two</h4>\n"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "[press](javascript:alert(1))",
        "[press](https://evil.example/)",
        "![seen](https://evil.example/x.png)",
        "<https://evil.example/>",
        "[press]\n\n[press]: https://evil.example/",
        "| <b>a</b> |\n|---|\n| <i>1</i> |",
        '```"><script>\n</code></pre><script>\n```',
        "# <svg onload=alert(1)>",
    ],
)
def test_nothing_becomes_a_tag_or_a_link(text: str) -> None:
    html = readable(text)

    for tag in ("<script", "<img", "<a ", "<b>", "<i>", "<svg"):
        assert tag not in html


def test_what_quotes_would_end_stays_inside() -> None:
    assert "&quot;" in readable('a " b')
