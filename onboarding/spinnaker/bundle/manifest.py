"""manifest.json: the accounts of a bundle, and the SHA-256 of its other files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from onboarding import VERSION
from onboarding.spinnaker.bundle.archive import file_list
from onboarding.spinnaker.bundle.file import File
from onboarding.topology import Topology


def manifest(
    topology: Topology, states: Mapping[str, str], files: Iterable[File]
) -> File:
    managing = topology.managing
    accounts = [
        {
            "name": managed.name,
            "account_id": managed.account_id,
            "providers": [provider.key for provider in managed.providers],
            "state": states[managed.name],
        }
        for managed in topology.managed
    ]
    value = {
        "bowline": VERSION,
        "managing": {
            "name": managing.name,
            "account_id": managing.account_id,
            "identity": managing.identity_arn,
        },
        "accounts": accounts,
        "files": file_list(files),
    }
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    return File("manifest.json", text)
