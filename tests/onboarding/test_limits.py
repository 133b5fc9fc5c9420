from __future__ import annotations

import pytest

from onboarding.bundle.limits import Load, load
from onboarding.bundle.reading import Told, read_told
from onboarding.limits import Finding, both, findings, load_of
from onboarding.spinnaker import entries
from tests.bundles import core, files_of, staging, with_every_provider
from tests.factories import topology

NOTHING = Load(accounts=0, ec2=0, ecs=0, functions=0)


def titled(title: str, found: list[Finding]) -> Finding:
    (one,) = [finding for finding in found if finding.title == title]
    return one


def test_a_bundle_asks_what_its_accounts_ask():
    told = read_told(files_of(with_every_provider())["hal/accounts.yml"])

    assert load_of(told) == load(entries(topology(core(), staging())))


def test_loads_add_up():
    one = Load(accounts=1, ec2=2, ecs=3, functions=4)

    assert both(one, one) == Load(accounts=2, ec2=4, ecs=6, functions=8)


def test_agents_and_start_come_with_their_arithmetic():
    found = list(findings(Load(accounts=456, ec2=456, ecs=0, functions=0), {}))

    agents, start = titled("Caching agents", found), found[1]
    assert agents.said == "8,208"
    assert agents.arithmetic.startswith("456 × 14 (EC2")
    assert agents.advice == ""
    assert start.said == "about 60 s with threads, 8 minutes without"
    assert "multiThreadingEnabled" in start.advice


def test_many_agents_come_with_advice():
    load = Load(accounts=1000, ec2=1000, ecs=0, functions=0)

    found = list(findings(load, {}))

    assert "fewer regions" in titled("Caching agents", found).advice


def test_a_small_installation_needs_no_advice():
    found = findings(Load(accounts=3, ec2=6, ecs=1, functions=1), {"clouddriver/x": 9})

    assert not [finding for finding in found if finding.advice]


@pytest.mark.parametrize(
    ("size", "shares", "advice"),
    [
        (9, "under 1 % of what a ConfigMap", ""),
        (262_144, "25 % of what a ConfigMap", ""),
        (262_145, "100 % of what kubectl apply", "--server-side"),
        (1_048_577, "100 % of what a ConfigMap", "No ConfigMap or Secret holds it"),
    ],
)
def test_a_file_is_held_against_both_limits(size: int, shares: str, advice: str):
    (found,) = findings(NOTHING, {"clouddriver/clouddriver-local.yml": size})

    assert found.title == "clouddriver/clouddriver-local.yml"
    assert shares in found.arithmetic
    assert advice in found.advice
    assert bool(advice) is bool(found.advice)


def test_of_each_folder_the_largest_file_is_shown():
    sizes = {"kustomize/a": 1, "kustomize/b": 2, "operator/c": 3, "hal/accounts.yml": 4}

    found = [finding.title for finding in findings(load_of(Told()), sizes)]

    assert found == ["kustomize/b", "operator/c"]
