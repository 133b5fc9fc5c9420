"""What owners receive for every combination of providers, judged by the programs that
read it: shells, ShellCheck, and Terraform. cfn-lint is in test_every_template.py.
"""

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
from onboarding.topology import MadeBy
from tests.bundles import eks
from tests.factories import MANAGED_ID, MANAGING_ID, managed, managing, provider
from tests.onboarding.handoff.test_deployed import HOSTILE
from tests.onboarding.handoff.test_terraform import Terraform, needs_terraform, unpacked

SHELLCHECK = Path(sys.executable).parent / "shellcheck"
BOWLINE = f"arn:aws:iam::{MANAGING_ID}:user/bowline"
KEYS = ("ec2", "ecs", "lambda", "eks")
COMBINATIONS = [keys for n in range(1, 5) for keys in combinations(KEYS, n)]


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


def test_every_script_can_be_read_by_a_shell(written: list[str]) -> None:
    misread = [
        text
        for text in written
        if subprocess.run(["bash", "-n", text], capture_output=True).returncode
    ]

    assert len(written) > 100
    assert misread == []


def test_shellcheck_finds_nothing_in_any(written: list[str]) -> None:
    # That single quotes expand nothing, which it mentions, is what they are for, and
    # nobody pastes more behind a `cd` that failed.
    done = subprocess.run(
        [SHELLCHECK, "--severity=warning", "--exclude=SC2164", *written],
        capture_output=True,
        text=True,
    )

    assert (done.stdout, done.stderr) == ("", "")


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
