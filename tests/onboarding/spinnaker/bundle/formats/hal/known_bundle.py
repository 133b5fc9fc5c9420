"""A bundle that a hal knows altogether, until a test says otherwise."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from onboarding.spinnaker.bundle.formats.hal.plan import HalStep, Situation, changes
from onboarding.topology import Topology
from tests.bundles import files_of

FEATURES = {"cloudFormation": {"enabled": False}, "lambda": {"enabled": True}}


def bundle_of(bundled: Topology, folder: Path) -> dict[str, Any]:
    bundle: dict[str, Any] = json.loads(files_of(bundled)["hal/accounts.yml"])
    for account in bundle["kubernetes"]:
        file = folder / account["kubeconfigFile"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
        account["kubeconfigFile"] = str(file)
    return bundle


class Plan:
    """A bundle and a hal that knows all of it, until a test says otherwise."""

    def __init__(self, bundled: Topology, folder: Path) -> None:
        self.bundle = bundle_of(bundled, folder)
        self.known: dict[str, dict[str, Any]] = {
            provider: {
                "enabled": True,
                "accounts": copy.deepcopy(self.bundle[provider]),
            }
            for provider in ("aws", "ecs", "kubernetes")
        }
        self.known["aws"] |= {"features": FEATURES, "lambda": {"enabled": True}}
        if self.bundle["aws"]:
            self.known["aws"]["primaryAccount"] = self.bundle["aws"][0]["name"]

    def situation(self, *chosen: str, **said: Any) -> Situation:
        names = {a["name"] for part in ("aws", "ecs", "kubernetes")
                 for a in self.bundle[part]}  # fmt: skip
        return Situation(self.bundle, self.known, set(chosen) or names, **said)

    def steps(self, *chosen: str) -> list[HalStep]:
        return changes(self.situation(*chosen))

    def done(self) -> list[str]:
        return [f"{step.name}: {step.done}" for step in self.steps()]

    def account(self, provider: str, name: str) -> dict[str, Any]:
        accounts = self.known[provider]["accounts"]
        return next(account for account in accounts if account["name"] == name)
