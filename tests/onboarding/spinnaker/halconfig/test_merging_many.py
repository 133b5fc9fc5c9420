"""Merges of many accounts, and of any: what a dict of them would say."""

from __future__ import annotations

from onboarding.spinnaker.bundle.contents import BundleAccounts
from onboarding.spinnaker.halconfig.merging import merge
from onboarding.spinnaker.halconfig.parsing import read
from tests.growth import assert_it_grows_as_much
from tests.onboarding.spinnaker.halconfig.test_merging import bundled, config, merged


def many(number: int) -> BundleAccounts:
    (one, *_) = bundled().aws
    one = {**one, "permissions": {"READ": ["developers"], "WRITE": ["operators"]}}
    aws = tuple(
        {**one, "name": f"a{n}", "accountId": f"{n:012}"} for n in range(number)
    )
    ecs = tuple({"name": f"{a['name']}-ecs", "awsAccount": a["name"]} for a in aws)
    return BundleAccounts("a0", aws, ecs)


def test_twice_as_many_accounts_take_twice_the_work():
    """Half of them are there already."""
    bundles = {number: many(number) for number in (50, 100, 200)}
    held = {n: merged(bundles[n // 2]).text.encode() for n in (100, 200)}

    assert_it_grows_as_much(lambda n: merge(read(held[n]), bundles[n]), at=100)


def test_every_account_is_one_change_and_each_provider_one():
    assert len(merged(many(100)).changes) == 202


def test_a_file_longer_than_halyard_reads_is_told():
    long = config(google={"project": "x"}).replace(b": x", b": " + b"x" * 3_145_728)

    notes = merge(read(long), bundled()).notes

    assert any("3,145,728" in note for note in notes)
