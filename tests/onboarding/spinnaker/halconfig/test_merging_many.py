"""Merges of many accounts, and of any: what a dict of them would say."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from onboarding.spinnaker.bundle.contents import BundleAccounts
from onboarding.spinnaker.halconfig.merging import merge
from onboarding.spinnaker.halconfig.parsing import read_halconfig
from tests.growth import assert_it_grows_as_much
from tests.onboarding.spinnaker.halconfig.test_merging import (
    bundled,
    config,
    merged,
    providers_in,
)


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

    assert_it_grows_as_much(
        lambda n: merge(read_halconfig(held[n]), bundles[n]), at=100
    )


def test_every_account_is_one_change_and_each_provider_one():
    assert len(merged(many(100)).changes) == 202


def test_a_file_longer_than_halyard_reads_is_told():
    long = config(google={"project": "x"}).replace(b": x", b": " + b"x" * 3_145_728)

    notes = merge(read_halconfig(long), bundled()).notes

    assert any("3,145,728" in note for note in notes)


NAMES, IDS = "abcd", ("000000000001", "000000000002")
aws_of = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(IDS))


@settings(max_examples=50)
@given(aws_of, aws_of, st.sets(st.sampled_from(NAMES)))
def test_a_merge_is_what_a_dict_of_the_accounts_says(ours, theirs, google) -> None:
    """Names to ids of AWS accounts; names that Google's accounts have are taken."""
    theirs = {name: id_ for name, id_ in theirs.items() if name not in google}
    held = [{"name": n, "accountId": i, "edda": "e"} for n, i in theirs.items()]
    new = tuple(
        {"name": n, "accountId": i, "assumeRole": "role/m"} for n, i in ours.items()
    )
    projects = [{"name": name, "project": "p"} for name in sorted(google)]
    accounts = BundleAccounts("", new)

    result = merged(accounts, google={"accounts": projects}, aws={"accounts": held})

    put = {
        one["name"]: one
        for one in new
        if one["name"] not in google
        and theirs.get(one["name"], one["accountId"]) == one["accountId"]
    }
    expected = [{**one, **put.pop(one["name"], {})} for one in held]
    found = providers_in(result)
    assert found["aws"]["accounts"] == [*expected, *put.values()]
    assert found["google"] == {"accounts": projects}
    again = merge(read_halconfig(result.text.encode()), accounts)
    assert (again.text, again.changes) == (result.text, ())
