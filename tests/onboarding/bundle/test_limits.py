from __future__ import annotations

from dataclasses import replace

import pytest

from onboarding.bundle.base import File
from onboarding.bundle.limits import Load, limits, load
from onboarding.spinnaker import Entries, entries
from tests.bundles import core, eks, files_of, staging, with_every_provider
from tests.factories import managed, topology


def test_agents_are_counted_for_each_account_region_and_provider():
    found = load(entries(topology(core(), staging())))

    # Two accounts of two regions; one of them has ECS and Lambda.
    assert found.agents == 4 * 14 + 2 * 11 + 2 * 1 + 2 * 4
    assert found.arithmetic.endswith("= 88")


def test_the_readme_shows_the_arithmetic():
    text = files_of(with_every_provider())["README.md"]

    assert "4 × 14 (EC2, for each account and region) + 2 × 11 (ECS)" in text
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

    text = limits(many, [File("x", "")])

    assert "That is a lot for one Clouddriver" in text
    assert "about 7 minutes to load the accounts one by one" in text


@pytest.mark.parametrize(
    ("size", "advice"),
    [
        (262_144, None),
        (262_145, "kubectl apply --server-side"),
        (1_048_577, "No ConfigMap or Secret holds it"),
    ],
)
def test_a_file_over_a_limit_comes_with_what_to_do(size: int, advice: str | None):
    text = limits(Entries(), [File("clouddriver/clouddriver-local.yml", "x" * size)])

    assert ("clouddriver-local.yml: " in text) is (advice is not None)
    assert advice is None or advice in text


def test_clusters_alone_start_no_aws_agents():
    text = files_of(topology(managed(eks())))["README.md"]

    assert "Caching agents" not in text
    assert "Largest file" in text
