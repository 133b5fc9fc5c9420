"""check.sh: what hal knows, beside what the bundle says."""

from __future__ import annotations

from tests.onboarding.spinnaker.bundle.formats.hal_scripts.scripts import Scripts


def test_check_tells_same_missing_different_and_unknown(scripts: Scripts):
    scripts.applied("--only", "core", "staging")
    aws = scripts.hal.providers["aws"]
    aws["accounts"][1]["environment"] = "other"
    aws["accounts"].append({"name": "theirs", "accountId": "9", "assumeRole": "x"})
    scripts.hal.holds(aws=aws)

    done = scripts.run("check")

    assert done.returncode == 1
    assert [line.split(maxsplit=1)[0] for line in done.stdout.splitlines()] == [
        "same",
        "different",
        "unknown",
        "missing",
        "missing",
    ]
    assert "different (environment)  aws staging" in done.stdout
