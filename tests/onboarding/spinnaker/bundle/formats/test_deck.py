"""settings-local.js, executed by node on settings like Deck's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

import pytest

from tests.bundles import core, eks, files_of, staging, with_every_provider
from tests.factories import managed, provider, topology

DECKS_OWN = {
    "feature": {"functions": False, "pipelines": True},
    "providers": {
        "aws": {
            "defaults": {
                "account": "test",
                "region": "us-east-1",
                "iamRole": "BaseIAMRole",
            },
            "serverGroups": {"enableLaunchTemplates": False, "enableIPv6": False},
        },
        "ecs": {"defaults": {"account": "test"}},
    },
}

pytestmark = pytest.mark.skipif(
    not shutil.which("node") and os.environ.get("CI") != "true",
    reason="node is missing: apt-get install nodejs",
)


def run(text: str, before: Any = DECKS_OWN) -> dict[str, Any]:
    script = f"var window = {{spinnakerSettings: {json.dumps(before)}}};\n{text}"
    script += "console.log(JSON.stringify(window.spinnakerSettings));"
    done = subprocess.run(
        ["node", "-e", script], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def whole(bundled: Any, before: Any = DECKS_OWN) -> dict[str, Any]:
    return run(files_of(bundled)["clouddriver/settings-local.js"], before)


def test_functions_appear_where_an_account_has_lambda():
    feature = whole(with_every_provider())["feature"]

    assert feature == {
        "functions": True,
        "lambdaAdditionalStages": True,
        "pipelines": True,
    }


def test_functions_stay_hidden_where_none_has():
    assert whole(topology(core()))["feature"] == DECKS_OWN["feature"]


def test_launch_templates_are_switched_on_and_their_neighbours_kept():
    groups = whole(with_every_provider())["providers"]["aws"]["serverGroups"]

    assert groups == {"enableLaunchTemplates": True, "enableIPv6": False}


def test_defaults_name_the_managing_account_and_the_base_role():
    bundled = topology(staging(), core(), base_role='It\'s "Base"')

    assert whole(bundled)["providers"]["aws"]["defaults"] == {
        "account": "core",
        "region": "us-east-1",
        "iamRole": 'It\'s "Base"',
    }


def test_ecs_has_the_region_of_its_aws_account():
    ecs = managed(provider("ecs"), regions=("eu-west-1",))

    assert whole(topology(ecs))["providers"]["ecs"]["defaults"] == {
        "account": "staging-ecs",
        "region": "eu-west-1",
    }


def test_clusters_have_a_default_too():
    providers = whole(topology(managed(eks())))["providers"]

    assert providers["kubernetes"] == {"defaults": {"account": "staging-apps"}}


def test_it_may_stand_below_a_persons_own_settings_and_twice():
    own = "window.spinnakerSettings.feature = { functions: false, mine: 1 };\n"
    text = files_of(with_every_provider())["kustomize/settings-local.js"]

    found = run(own + text + text)

    assert found["feature"] == {
        "functions": True,
        "lambdaAdditionalStages": True,
        "mine": 1,
    }
    assert found["providers"]["aws"]["serverGroups"]["enableIPv6"] is False


def test_it_works_where_deck_has_no_settings_yet():
    assert whole(topology(core()), before=None)["providers"]["aws"]["defaults"]


def test_beside_hal_it_leaves_what_hal_writes_itself():
    text = files_of(with_every_provider())["hal/profiles/settings-local.js"]

    defaults = run(text)["providers"]["aws"]["defaults"]
    assert (defaults["account"], defaults["region"]) == ("test", "us-east-1")


def test_a_bundle_of_clusters_has_no_profile_for_deck():
    assert "hal/profiles/settings-local.js" not in files_of(topology(managed(eks())))
