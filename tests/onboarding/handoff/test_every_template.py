"""Every template that any choice leads to, judged by cfn-lint, and its size."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest

from onboarding.handoff.hand_off import hand_off
from onboarding.topology import Managed
from tests.bundles import eks, staging
from tests.choices import accounts
from tests.factories import MANAGING_ID, managed, managing, provider
from tests.onboarding.cfn_lint import findings
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
