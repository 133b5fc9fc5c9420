"""Syntax colours: classes only, and nothing of the text is markup."""

from __future__ import annotations

import re

import pytest

from accounts.web.highlighting import (
    highlighted,
    highlighted_file,
    highlighted_json,
    highlighted_json_line,
)


def test_text_is_escaped() -> None:
    html = highlighted_file("x.sh", "echo '<script>alert(1)</script>' & true")

    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_colours_are_classes() -> None:
    html = highlighted("name: 'x' # why", "yaml")

    assert "style=" not in html
    assert '<span class="c1"># why</span>' in html


@pytest.mark.parametrize(
    "path", ["README.md", "hal/apply.sh", "a.yml", "b.json", "s.js", "p.py", "LICENSE"]
)
def test_the_text_itself_stays_whole(path: str) -> None:
    text = "\n\n# one\n  two: [1]\n\n"

    plain = re.sub(r"<[^>]*>", "", highlighted_file(path, text))

    assert plain == text


def test_a_document_is_written_over_several_lines() -> None:
    html = highlighted_json({"name": "ä"})

    assert re.sub(r"<[^>]*>", "", html).strip() == '{\n  "name": "ä"\n}'


@pytest.mark.parametrize(
    ("line", "html"),
    [
        ('  "a": [', '  <span class="nt">&quot;a&quot;</span>: ['),
        ('"<b>",', '<span class="s2">&quot;&lt;b&gt;&quot;</span>,'),
        ("12, true", '<span class="mi">12</span>, <span class="kc">true</span>'),
        (
            '"\\"x": 1',
            '<span class="nt">&quot;\\&quot;x&quot;</span>: <span class="mi">1</span>',
        ),
        ("<}", "&lt;}"),
    ],
)
def test_a_line_of_json_is_coloured_by_itself(line: str, html: str) -> None:
    assert highlighted_json_line(line) == html
