from __future__ import annotations

import pytest

from accounts.web.bundles.views import readable


def test_headings_are_below_those_of_the_page() -> None:
    assert readable("# One\n\n## Two\n") == "<h3>One</h3>\n<h4>Two</h4>\n"


def test_code_is_coloured_and_can_be_scrolled_by_keyboard() -> None:
    html = readable("```sh\necho '<b>'\n```\n")

    assert '<pre class="code" tabindex="0"><code>' in html
    assert '<span class="nb">echo</span>' in html
    assert "&lt;b&gt;" in html


def test_a_table_is_one_of_ours() -> None:
    html = readable("| a | b |\n|---|---|\n| 1 | 2 |\n")

    assert '<div class="table-scroll" tabindex="0"><table class="table">' in html
    assert "<td>2</td>" in html


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
