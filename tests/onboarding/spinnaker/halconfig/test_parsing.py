from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from onboarding.bounded_yaml import DEEPEST, MOST_ALIASES, MOST_BYTES
from onboarding.spinnaker.halconfig.parsing import read_halconfig
from onboarding.spinnaker.halconfig.tree import BadHalconfig

START = "currentDeployment: default\ndeploymentConfigurations:\n- name: default\n"


def refusal(text: str | bytes) -> str:
    content = text.encode() if isinstance(text, str) else text
    with pytest.raises(BadHalconfig) as refused:
        read_halconfig(content)
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There is nothing in this file."),
        ("# nothing\n", "There is nothing in this file."),
        ("{}\n", "There is nothing in this file."),
        ("Dear hal,\nhello\n", "Line 1: This file isn't a Halyard config"),
        ("- a\n- b\n", "Line 1: This file isn't a Halyard config"),
        (START + "  version: [a\n", "Line 5: Invalid YAML"),
        (START + "  x:\n\ty: 1\n", "Line 5: Invalid YAML"),
        (START + "---\na: 1\n", "Line 4: The file has a second document"),
        (START + "  version: *v\n", "Line 4: The alias *v names nothing"),
        (START + "  security: &s [*s]\n", "Line 4: *s contains itself"),
        (START + "  version: !!java.net.URL [x]\n", "Line 4: The tag"),
        (START + "  ? [a]\n  : b\n", "Line 4: A list or mapping can't be a key"),
        (START + "  security: {<<: 1}\n", "Line 4: “<<” can merge mappings only"),
        (START + "  version: \x00\n", "Line 4: The character U+0000 isn't allowed"),
    ],
)
def test_what_hal_cannot_read_is_refused_with_its_line(text: str, sentence: str):
    assert refusal(text).startswith(sentence)


def test_another_encoding_is_refused_with_its_line():
    latin = (START + "  version: f\xfcnf\n").encode("latin-1")

    assert refusal(latin) == "Line 4: The file isn't UTF-8."


def test_a_mark_of_utf8_is_skipped():
    assert read_halconfig(b"\xef\xbb\xbf" + START.encode()).root.text(
        "currentDeployment"
    )


def test_50_mb_are_refused_unread():
    assert refusal(b"x" * 50_000_000).startswith("This is 50,000,000 bytes.")


def test_hal_takes_50_aliases_of_mappings_and_refuses_51():
    head = START + "  security: &s {a: b}\n  canary:\n"

    read_halconfig((head + "  - *s\n" * MOST_ALIASES).encode())

    sentence = refusal(head + "  - *s\n" * (MOST_ALIASES + 1))
    assert sentence.startswith("Line 56: More than 50 aliases")


def test_aliases_of_texts_are_not_counted():
    many = "  - *v\n" * 60

    assert read_halconfig((START + "  version: &v x\n  canary:\n" + many).encode())


def test_merges_are_flattened_and_own_keys_win():
    text = START + "  security: &s {a: 1, b: 2}\n  canary: {<<: *s, b: 3}\n"

    (deployment,) = read_halconfig(text.encode()).root.tables(
        "deploymentConfigurations"
    )

    canary = deployment.table("canary")
    assert canary is not None
    assert (canary.text("a"), canary.text("b")) == ("1", "3")


def test_an_alias_bomb_is_refused_within_bounds():
    levels = [START, "  security:\n    a: &a [x, x, x, x, x, x, x, x, x]\n"]
    for one, other in zip("abcdefgh", "bcdefghi", strict=True):
        aliases = ", ".join([f"*{one}"] * 6)
        levels.append(f"    {other}: &{other} [{aliases}]\n")

    tracemalloc.start()
    sentence = refusal("".join(levels))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert "With all aliases expanded, the file has more than" in sentence
    assert peak < 10_000_000


def test_aliases_do_not_nest_deeper_than_what_is_written():
    deep = "[" * 30 + "x" + "]" * 30
    text = START + f"  security: &s {deep}\n  canary: {'[' * 30}*s{']' * 30}\n"

    assert "This nests deeper than 50 levels." in refusal(text)


@pytest.mark.parametrize("text", ["[" * 10_000_000, "{a: " * 3_000_000])
def test_a_deep_nest_is_refused_at_once(text: str, monkeypatch: pytest.MonkeyPatch):
    parse, parsed = yaml.parse, []

    def noted(*args: Any, **options: Any) -> Iterator[yaml.Event]:
        for event in parse(*args, **options):
            parsed.append(event)
            yield event

    monkeypatch.setattr(yaml, "parse", noted)

    assert "This nests deeper than 50 levels." in refusal(text)
    assert len(parsed) < 3 * DEEPEST


def test_millions_of_values_are_refused():
    assert "values." in refusal("- a\n" * (MOST_BYTES // 4))


def test_no_refusal_quotes_a_value():
    secret = "AKIASECRET"

    for text in (
        START + f"  providers: {{aws: {{enabled: {secret}}}}}\n",
        START + f"  version: {secret}: x\n",
        START + f"  version: [{secret}\n",
    ):
        assert secret not in refusal(text)


def test_a_key_that_stands_twice_is_read_as_hal_does_and_told():
    found = read_halconfig((START + "  version: a\n  version: b\n").encode())

    (deployment,) = found.root.tables("deploymentConfigurations")
    assert deployment.text("version") == "b"
    assert found.notes == (
        "Line 5: “version” is twice in the same mapping. hal reads the last one "
        "only, and so the merge did.",
    )


def test_an_unquoted_octal_id_is_told():
    accounts = "{aws: {accounts: [{name: a, accountId: 012345670123}]}}"

    (note,) = read_halconfig((START + f"  providers: {accounts}\n").encode()).notes

    assert note.startswith("Line 4: hal reads this account ID as another number")


def test_comments_are_told_to_be_lost():
    (note,) = read_halconfig((START + "  version: a # mine\n").encode()).notes

    assert note.startswith("Comments aren't kept")
