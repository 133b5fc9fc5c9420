from __future__ import annotations

from dataclasses import replace

import pytest

from onboarding.spinnaker.bundle.contents import BundleAccounts, accounts_from
from onboarding.spinnaker.bundle.file import File
from onboarding.spinnaker.bundle.limits import (
    Limit,
    Load,
    both,
    limits,
    load,
    load_of,
    size_and_load,
)
from onboarding.spinnaker.entries import Entries, entries
from tests.bundles import core, eks, files_of, staging, with_every_provider
from tests.factories import managed, topology

NOTHING = Load(accounts=0, ec2=0, ecs=0, functions=0)


def titled(title: str, found: list[Limit]) -> Limit:
    (one,) = [limit for limit in found if limit.title == title]
    return one


def test_agents_are_counted_for_each_account_region_and_provider():
    found = load(entries(topology(core(), staging())))

    # Two accounts of two regions; one of them has ECS and Lambda.
    assert found.agents == 4 * 14 + 2 * 11 + 2 * 1 + 2 * 4
    assert found.arithmetic.endswith("= 88")


def test_the_readme_shows_the_arithmetic():
    text = files_of(with_every_provider())["README.md"]

    assert "4 × 14 (EC2, for each account and Region) + 2 × 11 (ECS)" in text
    assert "one by one, 1 s with threads" in text


def test_the_measured_installation_takes_what_was_measured():
    measured = Load(accounts=456, ec2=0, ecs=0, functions=0)

    assert (measured.seconds(threads=False), measured.seconds(threads=True)) == (
        462,
        60,
    )


def test_many_agents_come_with_advice():
    (one,) = entries(topology(core())).aws
    many = Entries(aws=tuple(replace(one, name=f"a{n}") for n in range(400)))

    text = size_and_load(many, [File("x", "")])

    assert "That is a lot for one Clouddriver" in text
    assert "about 7 minutes to load the accounts one by one" in text


@pytest.mark.parametrize(
    ("size", "advice"),
    [
        (262_144, None),
        (262_145, "kubectl apply --server-side"),
        (1_048_577, "It is too large for a ConfigMap or Secret"),
    ],
)
def test_a_file_over_a_limit_comes_with_what_to_do(size: int, advice: str | None):
    text = size_and_load(
        Entries(), [File("clouddriver/clouddriver-local.yml", "x" * size)]
    )

    assert ("clouddriver-local.yml: " in text) is (advice is not None)
    assert advice is None or advice in text


def test_clusters_alone_start_no_aws_agents():
    text = files_of(topology(managed(eks())))["README.md"]

    assert "Caching agents" not in text
    assert "Largest file" in text


def test_a_bundle_asks_what_its_accounts_ask():
    accounts = accounts_from(files_of(with_every_provider())["hal/accounts.yml"])

    assert load_of(accounts) == load(entries(topology(core(), staging())))


def test_loads_add_up():
    one = Load(accounts=1, ec2=2, ecs=3, functions=4)

    assert both(one, one) == Load(accounts=2, ec2=4, ecs=6, functions=8)


def test_agents_and_start_come_with_their_arithmetic():
    found = list(limits(Load(accounts=456, ec2=456, ecs=0, functions=0), {}))

    agents, start = titled("Caching agents", found), found[1]
    assert agents.said == "8,208"
    assert agents.arithmetic.startswith("456 × 14 (EC2")
    assert agents.advice == ""
    assert start.said == "about 60 s with threads, 8 minutes without"
    assert "multiThreadingEnabled" in start.advice


def test_many_agents_come_with_advice_on_the_page_too():
    load = Load(accounts=1000, ec2=1000, ecs=0, functions=0)

    found = list(limits(load, {}))

    assert "fewer Regions" in titled("Caching agents", found).advice


def test_a_small_installation_needs_no_advice():
    found = limits(Load(accounts=3, ec2=6, ecs=1, functions=1), {"clouddriver/x": 9})

    assert not [limit for limit in found if limit.advice]


@pytest.mark.parametrize(
    ("size", "shares", "advice"),
    [
        (27_000, "3% of a ConfigMap", ""),
        (262_144, "25% of a ConfigMap", ""),
        (262_145, "100% of the limit of kubectl apply", "--server-side"),
        (
            1_048_577,
            "100% of a ConfigMap",
            "It is too large for a ConfigMap or Secret",
        ),
    ],
)
def test_a_file_is_held_against_both_limits(size: int, shares: str, advice: str):
    (found,) = limits(NOTHING, {"clouddriver/clouddriver-local.yml": size})

    assert found.title == "clouddriver/clouddriver-local.yml"
    assert shares in found.arithmetic
    assert advice in found.advice
    assert bool(advice) is bool(found.advice)


def test_of_each_folder_the_largest_file_is_shown():
    large = 100_000
    sizes = {
        "kustomize/a": large + 1,
        "kustomize/b": large + 2,
        "operator/c": large + 3,
        "hal/accounts.yml": large + 4,
    }

    found = [limit.title for limit in limits(load_of(BundleAccounts()), sizes)]

    assert found == ["kustomize/b", "operator/c"]


def test_a_file_far_from_every_limit_is_not_worth_a_word():
    assert list(limits(NOTHING, {"clouddriver/clouddriver-local.yml": 9})) == []


def test_one_account_is_singular():
    found = list(limits(Load(accounts=1, ec2=1, ecs=0, functions=0), {}))

    assert found[1].arithmetic.startswith("1 account × 60 s")
