from __future__ import annotations

import pytest
import yaml

from onboarding.spinnaker.bundle.yaml_text import block, document

NASTY = [
    "",
    "yes",
    "~",
    "010",
    "012345670123",
    "012345678901",
    "12:30:45",
    "0x1F",
    "1e5",
    "1_000",
    "ab #cd",
    "a: b",
    "- a",
    "*alias",
    "&anchor",
    "!tag",
    "%YAML",
    "@at",
    "`tick`",
    "{{name}}",
    "[x]",
    "it's",
    'say "so"',
    "back\\slash",
    "two\nlines",
    "tab\there",
    "\x85\u2028\u2029\ufeff\x7f",
    "ünï 团队 🎉",
    " led and trailed ",
]


@pytest.mark.parametrize("text", NASTY)
def test_a_text_is_read_back_as_it_was(text: str):
    value = {"key": text, "list": [text, {"deep": text}]}

    assert yaml.safe_load(document(value)) == value


def test_every_text_stands_in_double_quotes():
    assert list(block({"id": "012345670123", "on": ["yes"]})) == [
        'id: "012345670123"',
        '"on":',
        '  - "yes"',
    ]


def test_booleans_and_numbers_stay_what_they_are():
    assert yaml.safe_load(document({"a1": True, "b2": False, "c3": 3})) == {
        "a1": True,
        "b2": False,
        "c3": 3,
    }


def test_shared_values_are_written_twice_and_never_as_aliases():
    shared = {"name": "us-east-1"}

    text = document({"one": [shared], "two": [shared]})

    assert "&" not in text
    assert "*" not in text


def test_what_is_empty_is_written_in_place():
    value = {"list": [], "map": {}, "deep": [[], {}, [["x"]]]}

    assert yaml.safe_load(document(value)) == value


def test_a_comment_stands_above():
    assert document({"key": "x"}, comment="\nwhy\n\nso\n") == (
        '# why\n#\n# so\nkey: "x"\n'
    )
