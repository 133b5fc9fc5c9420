"""The rows of a diff: both sides or one, and never anything that a document says."""

from __future__ import annotations

from django.utils.safestring import mark_safe

from accounts.web.runs.review.diff import DiffLine, DiffRow
from accounts.web.runs.review.plans import rows_html

COLOURED = DiffLine(7, "1", mark_safe('<span class="mi">1</span>'))


def test_a_changed_row_has_both_sides_with_their_signs() -> None:
    html = rows_html([DiffRow("changed", DiffLine(6, "x", "x"), COLOURED)], "both")

    assert html == (
        '<div class="diff-row diff-changed">'
        '<span class="diff-old"><span class="diff-number">6</span>'
        '<span class="diff-sign">−</span><code>x</code></span>'
        '<span class="diff-new"><span class="diff-number">7</span>'
        '<span class="diff-sign">+</span><code><span class="mi">1</span></code></span>'
        "</div>"
    )


def test_a_row_that_is_the_same_has_no_sign_and_one_without_a_side_is_void() -> None:
    html = rows_html(
        [DiffRow("same", COLOURED, COLOURED), DiffRow("added", None, COLOURED)], "both"
    )

    assert html.count('<span class="diff-sign"></span>') == 3
    assert html.count("+") == 1
    assert '<span class="diff-old diff-void"><span class="diff-number"></span>' in html


def test_only_the_side_that_there_is_is_written() -> None:
    assert "diff-old" not in rows_html([DiffRow("added", None, COLOURED)], "new")
    assert "diff-new" not in rows_html([DiffRow("removed", COLOURED, None)], "old")


def test_what_is_not_marked_safe_is_escaped() -> None:
    line = DiffLine(1, "<b>", "<b>")

    assert "<code>&lt;b&gt;</code>" in rows_html([DiffRow("added", None, line)], "new")


def test_an_arn_breaks_after_its_colons_and_slashes_and_no_tag_does() -> None:
    html = mark_safe('<span class="s2">"arn:aws:iam::9:role/a/b"</span>')
    line = DiffLine(1, "not read", html)

    written = rows_html([DiffRow("added", None, line)], "new")

    assert (
        '<code><span class="s2">"arn:<wbr>aws:<wbr>iam:<wbr>:<wbr>9:<wbr>role/<wbr>a/'
        '<wbr>b"</span></code>'
    ) in written
    action = rows_html([DiffRow("added", None, DiffLine(1, "", "ec2:Run/a"))], "new")
    assert "<code>ec2:Run/a</code>" in action


def test_an_arn_that_breaks_is_escaped_like_any_other_text() -> None:
    hostile = DiffLine(1, "", "arn:aws:<b>:</b>")

    assert "arn:<wbr>aws:&lt;b&gt;:&lt;/<wbr>b&gt;" in rows_html(
        [DiffRow("added", None, hostile)], "new"
    )
