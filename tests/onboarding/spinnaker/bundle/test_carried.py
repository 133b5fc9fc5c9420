"""What an account has in addition is in every file that configures Spinnaker."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.bundles import core, files_of, staging
from tests.factories import topology

CARRIED = {
    "aws": {"accountType": "main", "edda": "https://edda"},
    "ecs": {"namingStrategy": "tags"},
    "kubernetes": {"staging-apps": {"debug": True, "metrics": False}},
}


@pytest.fixture(scope="module")
def files() -> dict[str, Any]:
    texts = files_of(topology(core(), staging(carried=CARRIED)))
    return {
        path: yaml.safe_load(text)
        for path, text in texts.items()
        if path.endswith("clouddriver-local.yml") or path.startswith("operator/spinn")
    }


def test_springs_files_have_all_of_it(files: dict[str, Any]) -> None:
    whole = {
        path: read
        for path, read in files.items()
        if not path.startswith(("hal/", "operator/"))
    }
    assert {path.partition("/")[0] for path in whole} == {"clouddriver", "kustomize"}
    for path, read in whole.items():
        found = {
            one["name"]: one
            for provider in ("aws", "ecs", "kubernetes")
            for one in read[provider]["accounts"]
        }
        assert found["staging"].items() >= CARRIED["aws"].items(), path
        assert found["staging-ecs"]["namingStrategy"] == "tags", path
        assert found["staging-apps"]["metrics"] is False, path


def test_the_operators_config_has_what_halyard_knows(files: dict[str, Any]) -> None:
    (service,) = (read for path, read in files.items() if path.startswith("operator/"))

    providers = service["spec"]["spinnakerConfig"]["config"]["providers"]
    account = next(o for o in providers["aws"]["accounts"] if o["name"] == "staging")
    assert account["edda"] == "https://edda"
    assert "accountType" not in account
    assert "namingStrategy" not in providers["ecs"]["accounts"][0]
    (cluster,) = providers["kubernetes"]["accounts"]
    assert cluster["debug"] is True
    assert "metrics" not in cluster
