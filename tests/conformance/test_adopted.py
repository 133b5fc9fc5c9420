"""The twelve shapes, judged by Clouddriver's own classes: an account that Bowline takes
is to Clouddriver what it was before.
"""

from __future__ import annotations

import pytest
import yaml

from onboarding.accounts_file import read_accounts_file
from onboarding.adopting.report import accounts_file
from onboarding.topology import Topology
from tests.conformance.clouddriver import STOCK, Answer, Clouddriver
from tests.conformance.expected import whole
from tests.onboarding.adopting.documents import aws, reported, spring
from tests.onboarding.adopting.shapes import SHAPES, Shape
from tests.onboarding.adopting.test_carried import FALSY

IDENTITY = "arn:{}:iam::911111111111:role/SpinnakerAuthRole"
HOME = {"aws-cn": "cn-north-1"}
"""What an installation has for its default Region, in other partitions."""
TAKEN = [name for name, shape in SHAPES.items() if "aws" in shape.providers]


def adopted(shape: Shape, file: str) -> Topology | None:
    """Return what Bowline is to know once the file's accounts were added."""
    taken = reported({"clouddriver-local.yml": file.encode()}).taken
    if not taken.accounts:
        return None
    identity = IDENTITY.format(shape.partition)
    written = read_accounts_file(accounts_file(taken, identity=identity).encode())
    assert written.managing
    accounts = tuple(one.managed for one in written.accounts)
    return Topology(written.managing, accounts)


@pytest.mark.smoke
@pytest.mark.parametrize("name", TAKEN)
def test_clouddriver_has_the_same_accounts_before_and_after(
    judge: Clouddriver, name: str
) -> None:
    shape = SHAPES[name]
    (file,) = (content.decode() for content in spring(shape.providers).values())
    topology = adopted(shape, file)
    home = HOME.get(shape.partition, "us-east-1")
    stock = STOCK.replace("us-east-1", home)

    def loaded(local: str) -> Answer:
        files = {"clouddriver.yml": stock, "clouddriver-local.yml": local}
        return judge.read_files(files)

    before = loaded(file)
    after = loaded(whole(topology)) if topology else Answer()

    known = {one["name"]: one for one in before.accounts}
    assert (before.failure, after.failure) == ("", "")
    assert after.accounts or not topology
    assert [*after.accounts] == [known[one["name"]] for one in after.accounts]


DEFAULTS = """
aws:
  defaultAssumeRole: role/x
  defaultBastionHostTemplate: bastion
  defaultDiscoveryTemplate: https://discovery
  defaultEddaTemplate: https://edda.{{name}}
  defaultFront50Template: https://front50
  defaultLifecycleHooks: [{defaultResult: ABANDON}]
  defaultRegions: [{name: us-east-1, deprecated: true}]
  defaultSecurityGroups: [sg-1]
"""
"""A provider that has a default for everything."""
NULLS = ("defaultSecurityGroups", "edda", "lifecycleHooks")
REGION = {"name": "us-east-1"}


@pytest.mark.smoke
def test_clouddriver_has_the_same_where_an_account_says_that_there_is_nothing(
    judge: Clouddriver,
) -> None:
    fields = [
        *({name: value} for name, value in FALSY.items()),
        *({name: None} for name in NULLS),
        {"edda": "https://own", "eddaEnabled": False},
        {"regions": [{**REGION, "deprecated": False}]},
        {"regions": [{**REGION, "preferredZones": []}]},
        {"allowPrivateThirdPartyImages": None, "lambdaEnabled": None},
        {},
    ]
    accounts = [aws(f"a{n}", f"{n:012}", **one) for n, one in enumerate(fields)]
    topology = adopted(Shape({}, {}), yaml.safe_dump({"aws": {"accounts": accounts}}))
    assert topology
    taken = yaml.safe_load(whole(topology))["aws"]["accounts"]
    settings = yaml.safe_load(DEFAULTS)["aws"]

    before, after = (
        judge.store([], local=yaml.safe_dump({"aws": {**settings, "accounts": some}}))
        for some in (accounts, taken)
    )

    assert (before.failure, after.failure) == ("", "")
    assert len(before.shown) == len(fields)
    assert before.shown == after.shown
