"""Folders of Spring's files that are generated, the same ones each time."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from tests.conformance.clouddriver import STOCK
from tests.conformance.trees import IMPORTS, Tree

NAMES = (
    *("spinnaker.yml", "clouddriver-local.yml", "spinnaker-local.yml"),
    *("clouddriver.yaml", "spinnaker-local.yaml", "clouddriver-prod.yml"),
    *("x/clouddriver-local.yml", "y/clouddriver.yml", "y/spinnaker-local.yml"),
    *("x/spinnaker.yaml", "y/clouddriver-local.yml", "x/clouddriver.yml"),
)


def generated(seed: int) -> Tree:
    """Make a tree of files, documents and lists."""
    chance = random.Random(seed)
    names = ["clouddriver.yml", *chance.sample(NAMES, chance.randint(1, 6))]
    if any("/" in name for name in names):
        names = [*dict.fromkeys(("spinnaker.yml", *names))]
    found = {name: "---\n".join(documents(chance, name, names)) for name in names}
    return {**found, "clouddriver.yml": f"{STOCK}---\n{found['clouddriver.yml']}"}


def documents(chance: random.Random, name: str, names: list[str]) -> Iterator[str]:
    for _ in range(chance.randint(1, 3)):
        made: dict[str, Any] = {}
        for provider in ("aws", "ecs", "kubernetes"):
            if chance.random() < 0.5:
                made[provider] = section(chance, provider)
        if chance.random() < 0.2:
            made["shared"] = {"role": f"role/shared{chance.randint(0, 9)}"}
        made = {key: value for key, value in made.items() if value}
        yield yaml.safe_dump(made, sort_keys=False) if made else ""
    if name == "spinnaker.yml" and any("/" in one for one in names):
        yield IMPORTS


def section(chance: random.Random, provider: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if provider == "aws":
        for key in ("defaultAssumeRole", "default-session-name"):
            if chance.random() < 0.3:
                made[key] = f"role/d{chance.randint(0, 9)}"
    if chance.random() < 0.7:
        made["accounts"] = [
            account(chance, provider, f"{provider[0]}{number}")
            for number in chance.sample(range(9), chance.randint(0, 3))
        ]
    elif chance.random() < 0.4:
        one = account(chance, provider, f"{provider[0]}9")
        made |= {f"accounts[0].{key}": value for key, value in one.items()}
    return made


def account(chance: random.Random, provider: str, name: str) -> dict[str, Any]:
    if provider == "ecs":
        return {"name": name, "awsAccount": f"a{chance.randint(0, 9)}"}
    if provider == "kubernetes":
        return {"name": name, "context": f"c{chance.randint(0, 9)}"}
    made: dict[str, Any] = {
        "name": name,
        chance.choice(("accountId", "account-id", "account_id")): "123456789012",
        "assumeRole": chance.choice(
            (f"role/{name}", "${shared.role:role/none}", "role/${NOT_SET:default}")
        ),
    }
    if chance.random() < 0.5:
        made["externalId"] = chance.choice(("x-1", "${shared.role:y}", 7, "007"))
    if chance.random() < 0.3:
        made["regions"] = [{"name": "eu-west-1"}, {"name": "us-west-2"}]
    if chance.random() < 0.3:
        made["environment"] = "stage"
    if chance.random() < 0.3:
        made["permissions"] = {"READ": ["Team", "b"], "WRITE": ["b"]}
    if chance.random() < 0.3:
        made["lambdaEnabled"] = True
    return made


GENERATED: Mapping[str, Tree] = {f"seed {seed}": generated(seed) for seed in range(60)}
