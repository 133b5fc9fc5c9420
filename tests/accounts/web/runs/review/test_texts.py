from __future__ import annotations

import pytest

from accounts.web.runs.review.diff import MOST_LINES, Diff, compare_texts


def rows(diff: Diff | None) -> list[tuple[str, str, str]]:
    assert diff
    return [
        (row.kind, row.old.text if row.old else "", row.new.text if row.new else "")
        for hunk in diff.hunks
        for row in hunk.rows
    ]


def test_files_are_compared_by_their_lines_commas_included():
    diff = compare_texts("a\nb,\nc\n", "a\nb\nc\nd\n")

    assert rows(diff) == [
        ("same", "a", "a"),
        ("changed", "b,", "b"),
        ("same", "c", "c"),
        ("added", "", "d"),
    ]
    assert diff
    assert (diff.added, diff.removed, diff.sides) == (2, 1, "both")


@pytest.mark.parametrize(
    ("before", "after", "sides", "kinds"),
    [(None, "a\nb", "new", ["added"] * 2), ("a", None, "old", ["removed"])],
)
def test_a_file_that_is_new_or_gone_has_one_side(before, after, sides, kinds):
    diff = compare_texts(before, after)

    assert diff
    assert (diff.sides, [kind for kind, *_ in rows(diff)]) == (sides, kinds)


def test_unchanged_lines_far_from_a_change_are_counted_only():
    many = [f"line {number}" for number in range(3000)]
    changed = [*many[:1500], "other", *many[1501:]]

    diff = compare_texts("\n".join(many), "\n".join(changed))

    assert diff
    assert [len(hunk.rows) for hunk in diff.hunks] == [0, 3, 1, 3, 0]
    assert diff.hunks[0].says == "1497 unchanged lines"
    assert diff.hunks[2].rows[0].new
    assert diff.hunks[2].rows[0].new.number == 1501


def test_what_a_file_holds_is_text():
    diff = compare_texts(None, "<a> & b")

    assert diff
    assert diff.hunks[0].rows[0].new
    assert diff.hunks[0].rows[0].new.html == "&lt;a&gt; &amp; b"


def test_too_many_lines_are_not_compared():
    many = "\n".join(f"line {number}" for number in range(MOST_LINES + 1))

    assert compare_texts("other", many) is None
