"""What owners receive for every combination, judged by the programs that read it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path

import pytest

from onboarding.handoff.hand_off import HandOffPackage, hand_off
from onboarding.handoff.words import message, package, removal_message, ways
from onboarding.topology import MadeBy, Managed
from tests.bundles import eks, staging
from tests.choices import accounts
from tests.factories import MANAGED_ID, MANAGING_ID, managed, managing, provider
from tests.onboarding.cfn_lint import findings
from tests.onboarding.handoff.test_deployed import HOSTILE
from tests.onboarding.handoff.test_terraform import Terraform, needs_terraform, unpacked
from tests.onboarding.spinnaker.bundle.formats.templates import KEYS, chosen

BOWLINE = f"arn:aws:iam::{MANAGING_ID}:user/bowline"

core = managing(bowline=BOWLINE)

INLINE_LIMIT = 51_200

"""Bytes of a template that CloudFormation takes without a bucket."""


def templates() -> tuple[str, ...]:
    """Give each template once, of every choice and every combination of providers."""
    mixed = [chosen(k) for n in range(1, 5) for k in combinations(KEYS, n)]
    every = (*accounts(), *mixed, staging(external_id="e-1"), largest())
    texts = {
        stack.template.text: None
        for account in every
        for reader in (True, False)
        for stack in hand_off(core, account, reader=reader).stacks
    }
    return tuple(texts)


def largest() -> Managed:
    """Choose everything that makes a template longer, more than anybody should."""
    clusters = [
        {
            "name": f"a-cluster-with-a-long-name-{number:02}",
            "namespaces": [f"namespace-{n}" for n in range(10)],
        }
        for number in range(40)
    ]
    return managed(
        provider("ec2", owns_images=True, stack_roles_path="/spinnaker-cfn/"),
        provider("ecs", execution_role="ecsTaskExecutionRole"),
        provider(
            "lambda",
            code_buckets=tuple(f"a-bucket-with-a-long-name-{n:02}" for n in range(20)),
            kms_keys=tuple(f"mrk-{n:032}" for n in range(20)),
        ),
        eks(*clusters),
        external_id="e" * 60,
        former_external_id="f" * 60,
    )


@pytest.fixture
def cfn_lint(tmp_path: Path) -> Iterator[list[str]]:
    """Judge the templates whose text the test lists."""
    texts: list[str] = []
    yield texts
    files = [tmp_path / f"{number}.yml" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    assert findings(files) == []


@pytest.mark.exhaustive(after=1)
@pytest.mark.parametrize("step", [25, 1], ids=["a few", "all"])
def test_cfn_lint_finds_nothing_in_any(cfn_lint: list[str], step: int) -> None:
    cfn_lint += templates()[::step]

    assert len(cfn_lint) > 150 / step


def test_each_fits_without_a_bucket() -> None:
    sizes = [len(text.encode()) for text in templates()]

    assert 35_000 < max(sizes) < INLINE_LIMIT


SHELLCHECK = Path(sys.executable).parent / "shellcheck"

PROVIDERS = ("ec2", "ecs", "lambda", "eks")

COMBINATIONS = [keys for n in range(1, 5) for keys in combinations(PROVIDERS, n)]


def hand_offs() -> Iterator[tuple[str, HandOffPackage]]:
    """Yield each combination with each way to give access, by a name for its folder."""
    ids = {"": "", "-id": HOSTILE, "-derived": f"bow-7f3a-{MANAGED_ID}"}
    for keys, access, (named, external_id), reader in product(
        COMBINATIONS, ("entry", "aws-auth"), ids.items(), (True, False)
    ):
        if access != "entry" and "eks" not in keys:
            continue
        made_by = MadeBy.ORGANIZATION if named == "-derived" else MadeBy.OWNER
        one = managed(
            *(eks({"access": access}) if k == "eks" else provider(k) for k in keys),
            external_id=external_id,
            made_by=made_by,
        )
        name = f"{'-'.join(keys)}-{access}{named}{'-reader' * reader}"
        yield name, hand_off(managing(bowline=BOWLINE), one, reader=reader)


def scripts(one: HandOffPackage) -> Iterator[str]:
    """Yield all that an owner runs, or copies from a page."""
    yield from (f.text for f in one.files() if f.path.endswith(".sh"))
    yield f"#!/bin/sh\n{one.pasted}\n"
    for step in (step for way in ways(one) for step in way.steps if step.text):
        yield f"#!/bin/sh\n{step.text}\n"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Write each script once."""
    folder = tmp_path_factory.mktemp("scripts")
    distinct = {text: None for _, one in hand_offs() for text in scripts(one)}
    files = []
    for number, text in enumerate(distinct):
        file = folder / f"{number}.sh"
        file.write_text(text)
        files.append(str(file))
    return files


@pytest.mark.exhaustive(after=1)
@pytest.mark.parametrize("step", [8, 1], ids=["a few", "all"])
def test_shellcheck_finds_nothing_in_any(written: list[str], step: int) -> None:
    # That single quotes expand nothing, which it mentions, is what they are for, and
    # nobody pastes more behind a `cd` that failed.
    done = subprocess.run(
        [SHELLCHECK, "--severity=warning", "--exclude=SC2164", *written[::step]],
        capture_output=True,
        text=True,
    )

    assert len(written) > 100
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.exhaustive
@needs_terraform
def test_terraform_finds_all_of_them_valid(tmp_path: Path) -> None:
    """Each module once, called by one root, since each root starts the provider anew;
    and each root that there is, with the modules of one that has it.
    """
    sources: dict[str, str] = {}
    for name, one in hand_offs():
        unpacked(one, tmp_path / name)
        for file in one.files():
            if file.path.endswith("main.tf.json"):
                sources[file.text] = f"./{name}/{Path(file.path).parent}"
    roots = [one for one in sources.values() if one.endswith("/terraform")]
    called = {f"m{n}": {"source": one} for n, one in enumerate(sources.values())}
    (tmp_path / "main.tf.json").write_text(json.dumps({"module": called}))

    said = Terraform(tmp_path)("validate")

    assert "Success! The configuration is valid." in said
    assert (len(roots), len(sources)) == (3, 49)


def test_where_there_is_nothing_to_create_the_owner_reads_only_that() -> None:
    one = dict(hand_offs())["eks-aws-auth"]

    (readme,) = package(one)
    texts = (readme.text, message(one), removal_message(one))

    assert readme.path == "README.md"
    assert all("There are no resources to" in text for text in texts)
    assert not any(".sh" in text or "role" in text for text in texts)
