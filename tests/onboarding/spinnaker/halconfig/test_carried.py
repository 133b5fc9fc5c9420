"""What an account has in addition is merged into a halconfig, too."""

from __future__ import annotations

from typing import Any

from onboarding.spinnaker.bundle.contents import BundleAccounts, accounts_from
from onboarding.spinnaker.halconfig.merging import merge
from onboarding.spinnaker.halconfig.parsing import read_halconfig
from tests.bundles import core, files_of, staging
from tests.factories import MANAGED_ID, topology
from tests.onboarding.spinnaker.halconfig.test_merging import (
    FOLDER,
    merged,
    providers_in,
)

CARRIED: dict[str, Any] = {
    "aws": {"edda": "https://edda", "permissions": {"EXECUTE": ["sre"]}},
    "kubernetes": {
        "staging-apps": {"checkPermissionsOnStartup": False, "kinds": ["a"]}
    },
}


def carrier() -> BundleAccounts:
    files = files_of(topology(core(), staging(carried=CARRIED)))
    return accounts_from(files["hal/accounts.yml"]).placed(FOLDER)


def test_carried_fields_are_written_and_those_of_the_config_stay():
    (bundled_cluster,) = (dict(one) for one in carrier().kubernetes)
    cluster = {
        key: value
        for key, value in bundled_cluster.items()
        if key not in ("kinds", "checkPermissionsOnStartup")
    }
    account = {
        "name": "staging",
        "accountId": MANAGED_ID,
        "discovery": "theirs",
        "permissions": {"EXECUTE": ["old"], "CREATE": ["theirs"]},
    }

    result = merged(
        carrier(),
        aws={"accounts": [account]},
        kubernetes={"enabled": True, "accounts": [{**cluster, "omitKinds": ["b"]}]},
    )

    staging_ = providers_in(result)["aws"]["accounts"][0]
    assert (staging_["edda"], staging_["discovery"]) == ("https://edda", "theirs")
    assert staging_["permissions"] == {"EXECUTE": ["sre"], "CREATE": ["theirs"]}
    apps = providers_in(result)["kubernetes"]["accounts"][0]
    assert apps["checkPermissionsOnStartup"] is False
    assert (apps["kinds"], apps["omitKinds"]) == (["a"], ["b"])
    assert merge(read_halconfig(result.text.encode()), carrier()).changes == ()
