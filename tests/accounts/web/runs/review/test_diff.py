from __future__ import annotations

import json

from accounts.web.runs.review.diff import Diff, compare


def statement(sid: str, *actions: str) -> dict[str, object]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": list(actions) if len(actions) > 1 else actions[0],
        "Resource": "*",
    }


def document(*statements: dict[str, object]) -> dict[str, object]:
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    return {"name": "BowlineEc2Read", "document": policy}


def texts(diff: Diff, kind: str) -> list[tuple[str, str]]:
    return [
        (
            row.old.text.strip() if row.old else "",
            row.new.text.strip() if row.new else "",
        )
        for hunk in diff.hunks
        for row in hunk.rows
        if row.kind == kind
    ]


def side(diff: Diff, name: str) -> str:
    parts = [part for hunk in diff.hunks for part in (hunk, *hunk.inner)]
    rows = [getattr(row, name) for part in parts for row in part.rows]
    return "\n".join(line.text for line in rows if line)


def test_a_creation_has_only_the_new_side():
    diff = compare(None, {"name": "BaseIAMRole", "role": "BaseIAMRole"})

    assert diff.sides == "new"
    assert (diff.added, diff.removed) == (4, 0)


def test_a_deletion_has_only_the_old_side():
    diff = compare({"name": "BaseIAMRole"}, None)

    assert diff.sides == "old"
    assert (diff.added, diff.removed) == (0, 3)


def test_a_document_is_printed_as_json():
    after = document(statement("Read", "ec2:A", "ec2:B"), statement("Write", "ec2:C"))

    diff = compare(None, after | {"path": "/bowline/", "tags": {"a": "b"}})

    assert json.loads(side(diff, "new")) == after | {
        "path": "/bowline/",
        "tags": {"a": "b"},
    }


def test_one_more_action_is_one_more_line():
    before = document(statement("Read", "ec2:A", "ec2:B"))
    after = document(statement("Read", "ec2:A", "ec2:B", "ec2:C"))

    diff = compare(before, after)

    assert texts(diff, "added") == [("", '"ec2:C"')]
    assert texts(diff, "changed") == []


def test_a_scalar_that_becomes_a_list_is_one_more_line():
    before = document(statement("Read", "ec2:A"))
    after = document(statement("Read", "ec2:A", "ec2:B"))

    diff = compare(before, after)

    assert texts(diff, "added") == [("", '"ec2:B"')]
    assert texts(diff, "removed") == []


def test_a_statement_is_compared_with_the_one_of_its_sid():
    before = document(statement("B", "ec2:B"), statement("C", "ec2:C"))
    after = document(
        statement("A", "ec2:A"), statement("B", "ec2:B"), statement("C", "ec2:X")
    )

    diff = compare(before, after)

    assert texts(diff, "changed") == [('"Action": "ec2:C",', '"Action": "ec2:X",')]
    assert [new for _, new in texts(diff, "added")][1] == '"Sid": "A",'
    assert texts(diff, "removed") == []


def test_a_statement_without_a_sid_is_compared_with_the_likest():
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::911111111111:role/SpinnakerAuthRole"},
        "Action": "sts:AssumeRole",
    }
    condition = {"StringEquals": {"sts:ExternalId": "x"}}

    diff = compare(document(trust), document({**trust, "Condition": condition}))

    assert [new for _, new in texts(diff, "added")] == [
        '"Condition": {',
        '"StringEquals": {',
        '"sts:ExternalId": "x"',
        "}",
        "}",
    ]
    assert texts(diff, "removed") == []


def test_unlike_statements_are_not_set_side_by_side():
    before = {"trust": {"Statement": [{"Effect": "Deny", "NotAction": "iam:A"}]}}
    after = {"trust": {"Statement": [{"Sid": "New", "Action": "ec2:B"}]}}

    diff = compare(before, after)

    assert texts(diff, "changed") == []
    assert diff.added == diff.removed == 4


def test_unchanged_lines_far_from_a_change_are_folded():
    actions = [f"ec2:Action{number:02}" for number in range(30)]
    before = document(statement("Read", *actions))
    after = document(statement("Read", *actions, "ec2:Last"))

    diff = compare(before, after)

    kinds = [hunk.kind for hunk in diff.hunks]
    assert kinds == ["folded", "same", "changed", "same", "folded"]
    assert len(diff.hunks[1].rows) == 3


def test_a_few_unchanged_lines_are_not_folded():
    before = {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}

    diff = compare(before, before | {"e": 6})

    assert "folded" not in [hunk.kind for hunk in diff.hunks]


def test_equal_documents_are_all_folded():
    same = document(statement("Read", "ec2:A"))

    diff = compare(same, same)

    assert [hunk.kind for hunk in diff.hunks] == ["folded"]
    assert (diff.added, diff.removed) == (0, 0)


def test_lines_are_numbered_on_either_side():
    diff = compare({"a": 1, "b": 2}, {"b": 2})

    numbers = [
        (row.old and row.old.number, row.new and row.new.number)
        for hunk in diff.hunks
        for row in hunk.rows
    ]

    assert numbers == [(1, 1), (2, None), (3, 2), (4, 3)]


def test_a_policy_where_there_was_none_is_added():
    diff = compare({"document": None}, document(statement("Read", "ec2:A")))

    assert ("", '"Sid": "Read",') in texts(diff, "added")


def test_a_plain_list_grows_by_a_line():
    diff = compare({"namespaces": ["web"]}, {"namespaces": ["web", "batch"]})

    assert texts(diff, "added") == [("", '"batch"')]


def test_a_new_policy_is_folded_by_statement_and_opens_what_is_risky():
    passing = {**statement("Pass", "iam:PassRole"), "Resource": "role/x"}
    reading = statement("Read", *(f"ec2:Describe{number:02}" for number in range(12)))

    diff = compare(None, document(passing, reading))

    head, first, second = diff.hunks
    assert head.says == "name: BowlineEc2Read"
    assert (first.says, first.opens) == ("Pass: Allows iam:PassRole on role/x", True)
    assert second.says == "Read: Allows 12 actions of ec2 on all resources"
    assert not second.opens
    assert [part.says for part in second.inner] == ["", "9 more lines", ""]


def test_nothing_of_a_new_policy_is_left_out():
    after = document(statement("A", *(f"ec2:A{n}" for n in range(30)))) | {"path": ""}

    diff = compare(None, after)

    assert json.loads(side(diff, "new")) == after
    assert diff.hunks[-1].says == "path: none"


def test_what_is_compared_with_nothing_is_printed_in_few_lines():
    after = {"permissions": {"read": ["a"], "write": []}, "on": True}

    diff = compare(None, after)

    assert side(diff, "new").splitlines()[1] == (
        '  "permissions": {"read": ["a"], "write": []},'
    )


def test_lines_are_coloured_and_escaped():
    diff = compare(None, {"name": "<b>"})

    assert diff.hunks[0].rows[1].new.html == (
        '  <span class="nt">&quot;name&quot;</span>: '
        '<span class="s2">&quot;&lt;b&gt;&quot;</span>'
    )


def assuming(*accounts: int, role: str = "spinnakerManaged") -> dict[str, object]:
    roles = [f"arn:aws:iam::{one:012}:role/{role}" for one in accounts]
    one = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": roles}
    return {"name": "BowlineAssume", "document": {"Statement": [one]}}


def folds(diff: Diff) -> list[tuple[str, str, int]]:
    parts = [part for hunk in diff.hunks for part in (hunk, *hunk.inner)]
    return [(one.sign, one.says, len(one.accounts)) for one in parts if one.sign]


def test_what_only_adds_or_only_removes_is_one_column():
    one, more = assuming(1), assuming(1, 2)

    assert compare(one, more).sides == "new"
    assert compare(more, one).sides == "old"
    assert compare(assuming(1), assuming(2)).sides == "both"


def test_lines_that_differ_only_in_the_account_are_counted():
    grown = compare(assuming(1), assuming(*range(1, 66)))
    shrunk = compare(assuming(*range(1, 66)), assuming(1))
    moved = compare(assuming(*range(1, 7)), assuming(*range(11, 75)))
    new = compare(None, assuming(*range(1, 65)))

    assert folds(grown) == [("+", "64 accounts", 64)]
    assert folds(shrunk) == [("−", "64 accounts", 64)]
    assert folds(moved) == [("−", "6 accounts", 6), ("+", "64 accounts", 64)]
    assert folds(new) == [("+", "64 accounts", 64)]
    assert grown.added == 64
    assert "000000000065" in side(grown, "new"), "what is folded is there to be opened"


def test_fewer_lines_or_those_of_another_role_stay_in_sight():
    few = compare(assuming(1), assuming(1, 2, 3, 4, 5))
    other = assuming(*range(2, 5), role="other")
    other["document"]["Statement"][0]["Resource"] += [  # type: ignore[index]
        f"arn:aws:iam::{one:012}:role/spinnakerManaged" for one in (1, 5, 6, 7)
    ]
    of_two_roles = compare(assuming(1), other)

    assert folds(few) == folds(of_two_roles) == []
    assert len(texts(few, "added")) == 4
