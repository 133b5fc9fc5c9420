from __future__ import annotations

from typing import Any

import pytest

from onboarding.spinnaker.bundle.comparison import (
    ANYWHERE,
    Altered,
    BundleChanges,
    Field,
    bundle_changes,
    value_in_words,
)
from onboarding.spinnaker.bundle.contents import BundleAccounts, Revision, accounts_from
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

    assert found.files == (path,)


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

    assert (found.files, found.gone) == (("b", "d"), ("c",))


def test_what_hal_does_not_say_is_an_empty_text():
    assert (value_in_words(None), value_in_words(False), value_in_words(["a", 1])) == (
        "",
        "off",
        "a, 1",
    )
