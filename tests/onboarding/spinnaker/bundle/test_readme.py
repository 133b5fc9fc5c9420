"""A bundle's README.md, and the limits of which it warns."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from onboarding import VERSION
from onboarding.spinnaker.bundle import bundle_files
from onboarding.spinnaker.bundle.archive import File
from onboarding.spinnaker.bundle.contents import BundleAccounts, accounts_from
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
from onboarding.topology import Permissions, PodRole, Topology
from tests.bundles import core, eks, files_of, staging, with_every_provider
from tests.factories import managed, provider, topology


def readme(bundled: Topology) -> str:
    return files_of(bundled)["README.md"]


def test_it_names_each_account_with_its_state():
    states = {"core": "verified", "staging": "evaluated"}

    text = bundle_files(with_every_provider(), states)[0].text

    assert f"Bowline {VERSION} wrote this bundle." in text
    assert "| core | 911111111111 | EC2 | verified |" in text
    assert "| staging | 922222222222 | EC2, ECS, Lambda, EKS | evaluated |" in text


BUNDLES = pytest.mark.parametrize(
    "bundled",
    [with_every_provider(bakes=True), topology(core()), topology(managed(eks()))],
    ids=["all", "ec2", "eks"],
)


@BUNDLES
def test_it_explains_each_folder_and_each_file_beside_them(bundled: Topology):
    files = files_of(bundled)
    beside = {path.partition("/")[0] + "/" * ("/" in path) for path in files}

    unexplained = [one for one in beside - {"README.md"} if one not in readme(bundled)]

    assert len(beside) > 5
    assert unexplained == []


@BUNDLES
def test_every_file_that_it_names_is_in_the_bundle(bundled: Topology):
    files = files_of(bundled)

    named = re.findall(
        r"(?:hal|clouddriver|kustomize|operator|kubernetes|aws)/[\w./-]*\w\.\w+",
        readme(bundled),
    )

    assert named
    assert set(named) - {"kubernetes/NAME/kubeconfig.yml"} <= set(files)


@pytest.mark.parametrize(
    "title",
    [
        "Prove it",
        "With Halyard",
        "Without Halyard",
        "With spinnaker-kustomize",
        "With the operator",
        "See",
    ],
)
def test_it_tells_what_to_run_and_how_to_see_it(title: str):
    assert re.search(f"^## .*{title}", readme(with_every_provider()), re.MULTILINE)


def test_it_tells_for_each_installation_how_to_undo():
    assert readme(with_every_provider()).count("Undo:") == 4


def test_it_tells_which_cluster_of_the_base_is_hidden_only_with_clusters():
    assert "account `managing`" in readme(with_every_provider())
    assert "account `managing`" not in readme(topology(core()))


def test_it_tells_which_service_account_gets_the_role():
    pod = PodRole("spin", "core", "us-east-1", "spinnaker", "clouddriver", "i/id/1")

    text = readme(with_every_provider(identity=pod))

    assert "gives the service account `clouddriver` its role" in text


def test_it_shows_the_way_into_clusters_of_others_first():
    text = readme(topology(managed(eks({"access": "aws-auth"}))))

    assert text.index("kubernetes/staging-apps/access.md") < text.index("hal/apply.sh")


def test_long_lists_of_accounts_are_cut():
    accounts = [
        managed(provider("ec2"), name=f"a{n}", account_id=f"{n:012}") for n in range(60)
    ]

    text = readme(topology(*accounts))

    assert "| and 10 more, in manifest.json |" in text
    assert "`a0`, `a1`, `a2`, `a3`, `a4` and 55 more." in text
    assert "takes about 3 minutes" in text


def test_fields_that_hal_cannot_have_are_named_with_their_accounts() -> None:
    carried = {
        "aws": {
            "accountType": "main",
            "edda": "https://edda",
            "lifecycleHooks": [{"lifecycleTransition": "other"}],
            "permissions": {"EXECUTE": ["sre"]},
            "regions": [{"name": "us-east-1", "preferredZones": ["us-east-1a"]}],
        },
        "ecs": {"namingStrategy": "tags"},
    }

    said = files_of(topology(core(), staging(carried=carried)))["README.md"]

    place, option = (
        said.partition(start)[2].split("\n\n")[1].replace("\n", " ")
        for start in ("no place for fields", "doesn't add these fields")
    )
    assert "- accountType: 1 account (`staging`) - regions: 1 account" in place
    assert place.endswith("- namingStrategy: 1 account (`staging-ecs`)")
    assert "- lifecycleHooks: 1 account (`staging`) - permissions: 1 account" in option
    plain = files_of(topology(core(), staging()))["README.md"]
    assert "no place for fields" not in plain
    assert "doesn't add these fields" not in plain


def test_each_field_is_named_however_many_accounts_have_another_one() -> None:
    accounts = [
        managed(
            provider("ec2"),
            name=f"a{n:02}",
            account_id=f"{n:012}",
            carried={"aws": {"accountType": "main", **({"rare": 1} if n > 28 else {})}},
        )
        for n in range(30)
    ]

    said = readme(topology(*accounts))

    assert (
        "- accountType: 30 accounts (`a00`, `a01`, `a02` and 27 more)\n"
        "- rare: 1 account (`a29`)\n\n"
    ) in said


NOTHING = Load(accounts=0, ec2=0, ecs=0, functions=0)


def titled(title: str, found: list[Limit]) -> Limit:
    (one,) = [limit for limit in found if limit.title == title]
    return one


def test_agents_are_counted_for_each_account_region_and_provider():
    found = load(entries(topology(core(), staging())))

    # Two accounts of two regions; one of them has ECS and Lambda.
    assert found.agents == 4 * 14 + 2 * 11 + 2 * 1 + 2 * 4
    assert found.arithmetic.endswith("= 88")


def test_the_readme_shows_the_arithmetic_from_many_accounts_on(
    monkeypatch: pytest.MonkeyPatch,
):
    few = files_of(with_every_provider())["README.md"]
    monkeypatch.setattr("onboarding.spinnaker.bundle.limits.MANY_ACCOUNTS", 2)
    text = files_of(with_every_provider())["README.md"]

    assert "Caching agents" not in few
    assert "4 × 14 (EC2, for each account and Region) + 2 × 11 (ECS)" in text
    assert "about 1 s with threads" in text


def test_what_no_account_has_is_no_part_of_the_arithmetic():
    one = Load(accounts=1, ec2=2, ecs=0, functions=0)

    assert one.arithmetic == (
        "2 × 14 (EC2, for each account and Region) + 1 × 4 (each account) = 32"
    )


def test_few_accounts_of_many_regions_are_worth_a_word():
    agents, _ = limits(Load(accounts=49, ec2=49 * 17, ecs=0, functions=0), {})

    assert "fewer Regions" in agents.advice


def test_the_measured_installation_takes_what_was_measured():
    measured = Load(accounts=456, ec2=0, ecs=0, functions=0)

    assert (measured.seconds(threads=False), measured.seconds(threads=True)) == (
        462,
        63,
    )


def test_many_agents_come_with_advice():
    (one,) = entries(topology(core())).aws
    many = Entries(aws=tuple(replace(one, name=f"a{n}") for n in range(400)))

    text = size_and_load(many, [File("x", "")])

    assert "That is a lot for one Clouddriver" in text
    assert "7 minutes without (400 accounts × 63 s or 462 s" in text


@pytest.mark.parametrize(
    ("size", "advice"),
    [
        (26_213, None),
        (262_144, ""),
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
    assert "Size and load" not in text


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
    assert start.said == "about 63 s with threads, 8 minutes without"
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


# The bake account


def test_it_names_the_bake_account_and_why() -> None:
    text = readme(topology(core(), staging()))

    assert "Orca's `default.bake.account` is `core`: it is the AWS account of" in text
    assert "Bowline proposes it" not in text


def test_a_proposed_one_comes_with_the_lines_for_halyard() -> None:
    text = readme(topology(staging()))

    assert "Bowline proposes it. If the images are in another account" in text
    assert '    account: "staging"\n' in text


def test_it_warns_of_those_whom_the_bake_account_locks_out() -> None:
    own = core(permissions=Permissions(("ops",), ("ops",)))
    team = managed(provider("ec2"), permissions=Permissions(("web",), ("web",)))

    assert "web can't deploy to EC2" in " ".join(readme(topology(own, team)).split())


def test_without_ec2_it_names_no_bake_account() -> None:
    assert "bake account" not in readme(topology(managed(eks())))
