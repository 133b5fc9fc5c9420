from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from onboarding.spinnaker.bundle.formats.hal.calling import Failed, hal
from onboarding.spinnaker.bundle.formats.hal.known import (
    extras,
    flags,
    is_same_id,
    words,
)


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ("922222222222", "922222222222", True),
        ("922222222222", "922222222223", False),
        ("012345678901", "12345678901", True),
        ("012345670123", "1402433619", True),
        ("112345670123", str(int("112345670123", 8)), False),
        ("922222222222", "", True),
        ("922222222222", "not an id", False),
    ],
)
def test_an_account_id_is_known_again_as_yaml_misreads_it(
    ours: str, theirs: str, same: bool
):
    assert is_same_id(ours, theirs) is same


def test_a_value_is_one_word_with_its_flag():
    said = {
        "--context": "-apps",
        "--regions": ("a", "b"),
        "--read-permissions": ("@x",),
    }

    assert [*words(said)] == [
        "--context=-apps",
        "--regions=a,b",
        "--read-permissions=@x",
    ]


def test_what_is_cleared_is_said_in_hals_own_way():
    said = list(words({"--lambda-enabled": "", "--namespaces": ()}))

    assert said == ["--lambda-enabled=false", "--all-namespaces"]


@pytest.mark.parametrize(
    ("account", "found"),
    [
        ({"name": "x", "accountId": "9", "lifecycleHooks": [], "edda": None}, []),
        ({"sessionName": "S", "edda": "e"}, ["edda", "sessionName"]),
        ({"permissions": {"READ": ["a"], "EXECUTE": ["b"]}}, ["permissions.EXECUTE"]),
    ],
)
def test_extras_are_what_hal_alone_knows(account: dict[str, Any], found: list[str]):
    assert extras("aws", account) == found


def test_what_hal_gives_every_cluster_is_no_extra():
    usual = {
        "providerVersion": "V2",
        "cacheThreads": 1,
        "configureImagePullSecrets": True,
        "rawResourcesEndpointConfig": {"kindExpressions": []},
    }

    assert extras("kubernetes", usual) == []
    assert extras("kubernetes", {"cacheThreads": 4}) == ["cacheThreads"]


def test_an_ecs_account_has_no_permissions_of_its_own():
    said = flags("ecs", {"awsAccount": "x", "permissions": {"READ": ["a"]}})

    assert said == {"--aws-account": "x"}


def test_a_silent_failure_gets_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program = tmp_path / "hal"
    program.write_text("#!/bin/sh\nexit 7\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(Failed, match="It ended with exit code 7 and printed nothing"):
        hal(("config",))
