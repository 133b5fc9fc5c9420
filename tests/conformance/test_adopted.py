"""The twelve shapes, judged by Clouddriver's own classes: an account that Bowline takes
is to Clouddriver what it was before.
"""

from __future__ import annotations

import pytest

from onboarding.accounts_file import read_accounts_file
from onboarding.adopting.report import accounts_file
from onboarding.topology import Topology
from tests.conformance.clouddriver import STOCK, Answer, Clouddriver
from tests.conformance.expected import whole
from tests.onboarding.adopting.documents import reported, spring
from tests.onboarding.adopting.shapes import SHAPES, Shape

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
