"""Tried: every hostile value that any rule accepts, in all fields of accounts at once,
through every file of the bundle.

Refused: shells and parsers read each file, and the values as what they are; none is
in a script outside quotes.
"""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from onboarding import names
from onboarding.topology import Managed, Permissions, Topology
from tests.attack.values import accepted
from tests.bundles import cluster, core, eks, unpacked
from tests.factories import managed, provider, topology

ROLES = accepted(names.fiat_role)


def accounts() -> tuple[Managed, ...]:
    """Make an account for each accepted name, the other values spread over them."""
    allowed = Permissions(tuple(ROLES), tuple(reversed(ROLES)))
    pairs = accepted(names.KEY_PAIR)
    plain = accepted(names.ACCOUNT_NAME)
    every = [
        managed(
            provider("ec2", key_pair=pair),
            provider("ecs"),
            provider("lambda"),
            eks(cluster(name=f"c{number}", account_name=f"c{number}")),
            name=f"account-{number}",
            account_id=f"{922222222222 + number}",
            environment=plain[number % len(plain)],
            permissions=allowed,
        )
        for number, pair in enumerate(pairs)
    ]
    return (core(permissions=allowed), *every)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    roles = accepted(names.chain_role)
    made: Topology = topology(*accounts(), managed_role=roles[0], base_role=roles[1])
    return unpacked(made, tmp_path_factory.mktemp("bundle"))


def files(folder: Path, *endings: str) -> list[Path]:
    found = [path for path in sorted(folder.rglob("*")) if path.suffix in endings]
    assert found
    return found


def test_hostile_values_are_accepted_somewhere() -> None:
    """Or the others would prove nothing."""
    assert len(ROLES) > 30
    assert {"$(touch planted)", "`touch planted`", "' OR 1=1 --"} <= {*ROLES}
    assert len(accepted(names.KEY_PAIR)) > 5


def test_bash_reads_every_script(folder: Path) -> None:
    for script in files(folder, ".sh"):
        read = subprocess.run(
            ["bash", "-n", script], capture_output=True, text=True, check=False
        )

        assert (read.returncode, read.stderr) == (0, ""), script


def test_no_value_is_in_a_script_outside_quotes(folder: Path) -> None:
    dangerous = [role for role in ROLES if shlex.quote(role) != role]

    for script in files(folder, ".sh"):
        text = script.read_text()
        for role in dangerous:
            if len(role) > 8:
                assert role not in text.replace(shlex.quote(role), ""), script


def test_yaml_and_json_hold_the_values_as_they_are(folder: Path) -> None:
    read = {}
    for path in files(folder, ".yml", ".yaml"):
        read[path.name] = [*yaml.load_all(path.read_text(), yaml.CSafeLoader)]
    for path in files(folder, ".json"):
        read[path.name] = json.loads(path.read_text())

    (accounts_,) = read["accounts.yml"]
    permissions = accounts_["aws"][1]["permissions"]
    assert permissions["READ"] == ROLES
    assert {*permissions["WRITE"]} == {*ROLES}
