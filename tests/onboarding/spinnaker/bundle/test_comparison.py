"""Two bundles compared, and how their files are written: YAML, and what is carried."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from onboarding.spinnaker.bundle.comparison import (
    ANYWHERE,
    Altered,
    BundleChanges,
    Field,
    bundle_changes,
    value_in_words,
)
from onboarding.spinnaker.bundle.contents import BundleAccounts, Revision, accounts_from
from onboarding.spinnaker.yaml_text import block, document
from onboarding.topology import Permissions, Topology
from tests.bundles import core, eks, files_of, staging
from tests.factories import managed, provider, topology


def accounts_of(bundled: Topology) -> BundleAccounts:
    return accounts_from(files_of(bundled)["hal/accounts.yml"])


def revision(bundled: Topology, **digests: str) -> Revision:
    return Revision(accounts=accounts_of(bundled), digests=digests)


def between(before: Topology, after: Topology) -> BundleChanges:
    return bundle_changes(revision(before), revision(after))


def test_the_same_accounts_differ_in_nothing():
    found = between(topology(core(), staging()), topology(core(), staging()))

    assert found == BundleChanges()


def test_accounts_come_and_go_with_all_that_belongs_to_them():
    other = managed(provider("ec2"), name="qa", account_id="933333333333")

    found = between(topology(core(), staging()), topology(core(), other))

    assert [(one.provider, one.name) for one in found.added] == [("aws", "qa")]
    assert [(one.provider, one.name) for one in found.removed] == [
        ("aws", "staging"),
        ("ecs", "staging-ecs"),
        ("kubernetes", accounts_of(topology(staging())).kubernetes[0]["name"]),
    ]
    assert found.changed == ()


@pytest.mark.parametrize(
    ("fields", "differs"),
    [
        ({"regions": ("eu-west-1",)}, ("regions", "us-east-1, us-west-2", "eu-west-1")),
        ({"external_id": "e1"}, ("external ID", "", "e1")),
        ({"environment": "qa"}, ("environment", "", "qa")),
        (
            {"permissions": Permissions(("a", "b"), ("c",))},
            ("permissions", "", "READ: a, b; WRITE: c"),
        ),
    ],
)
def test_a_change_is_told_field_by_field(fields: dict[str, Any], differs: Any):
    (changed,) = between(topology(core()), topology(core(**fields))).changed

    assert changed.fields == (Field(*differs),)
    assert changed.account["name"] == "core"


def test_lambda_is_told_as_on():
    account = managed(provider("ec2"), provider("lambda"), name="core")

    (changed,) = between(
        topology(managed(provider("ec2"), name="core")), topology(account)
    ).changed

    assert changed.fields == (Field("Lambda", "", "on"),)


def test_a_cluster_that_moves_shows_in_its_namespaces_and_its_file():
    before, after = topology(managed(eks())), topology(managed(eks({"region": "x"})))
    path = f"kubernetes/{accounts_of(before).kubernetes[0]['name']}/kubeconfig.yml"

    found = bundle_changes(
        revision(before, **{path: "1"}), revision(after, **{path: "2"})
    )

    assert found.files == {path: "update"}


@pytest.mark.parametrize(
    ("before", "after", "opens"),
    [(["shop"], [], True), ([], [], False), ([], ["shop"], False)],
)
def test_only_a_cluster_that_was_limited_opens(
    before: list[str], after: list[str], opens: bool
):
    was, now = {"namespaces": before}, {"name": "apps", "namespaces": after}

    risks = Altered("kubernetes", now, fields=(), before=was).risks

    assert [*risks] == ([ANYWHERE] if opens else [])


def test_other_files_are_compared_by_digest():
    was = {"README.md": "1", "hal/accounts.yml": "1", "a": "1", "b": "1", "c": "1"}
    now = {"README.md": "2", "hal/accounts.yml": "2", "a": "1", "b": "2", "d": "1"}

    found = bundle_changes(Revision(digests=was), Revision(digests=now))

    assert found.files == {"b": "update", "d": "create", "c": "delete"}


def test_what_hal_does_not_say_is_an_empty_text():
    assert (value_in_words(None), value_in_words(False), value_in_words(["a", 1])) == (
        "",
        "off",
        "a, 1",
    )


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


CARRIED = {
    "aws": {"accountType": "main", "edda": "https://edda"},
    "ecs": {"namingStrategy": "tags"},
    "kubernetes": {"staging-apps": {"debug": True, "metrics": False}},
}


@pytest.fixture(scope="module")
def files() -> dict[str, Any]:
    texts = files_of(topology(core(), staging(carried=CARRIED)))
    return {
        path: yaml.safe_load(text)
        for path, text in texts.items()
        if path.endswith("clouddriver-local.yml") or path.startswith("operator/spinn")
    }
