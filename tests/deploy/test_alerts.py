"""Prometheus' own program finds that each alert fires when it should, and only then."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.test_watching import DEPLOY, RULES

PROMTOOL = shutil.which("promtool")
STEPS, MINUTES = 160, 5
"""Together longer than any alert waits."""


def always(value: float) -> str:
    return f"{value}+0x{STEPS}"


def at_last(value: float, before: float = 0) -> str:
    """Change it within the last ten minutes."""
    return f"{before}+0x{STEPS - 2} {value}+0x1"


ACCOUNTS = 'bowline_accounts{state="%s"}'
AGE = "bowline_verification_age_seconds"
WITHIN = f'{AGE}_bucket{{le="172800.0"}}'
ENDED = 'bowline_runs_ended_last_hour{status="%s"}'
CALLS = 'bowline_aws_calls_total{operation="iam:GetRole",error="%s"}'
THROTTLES = 'bowline_aws_throttles_total{operation="iam:GetRole"}'
REFUSED = "bowline_aws_credentials_refused_total"
SKEW = "bowline_clock_skew_seconds"
HEARD = 'bowline_heartbeat_age_seconds{queue="%s"}'
WAITED = 'bowline_queue_age_seconds{queue="%s"}'
CASES: dict[str, tuple[list[dict[str, str]], list[dict[str, str]]]] = {
    "BowlineDown": ([{}], [{ACCOUNTS % "verified": always(0)}]),
    "BowlineWorkersSilent": (
        [{HEARD % queue: always(200)} for queue in ("bowline", "schedule")],
        [{HEARD % queue: always(110)} for queue in ("bowline", "schedule")],
    ),
    "BowlineSweepLate": (
        [{"bowline_sweep_age_seconds": always(301)}],
        [{"bowline_sweep_age_seconds": always(60)}],
    ),
    "BowlineQueueOld": (
        [{WAITED % "bowline": always(601)}],
        [{WAITED % "bowline": always(60)}, {WAITED % "schedule": always(3000)}],
    ),
    "BowlineScheduleQueueOld": (
        [{WAITED % "schedule": always(4 * 3600)}],
        [{WAITED % "schedule": always(3000)}, {WAITED % "bowline": always(3700)}],
    ),
    "BowlineVerificationsOverdue": (
        [{WITHIN: always(0), f"{AGE}_gcount": always(10_000)}],
        [
            {WITHIN: always(9_000), f"{AGE}_gcount": always(10_000)},
            {WITHIN: always(0), f"{AGE}_gcount": always(0)},
        ],
    ),
    "BowlineErrored": (
        [{ENDED % "errored": always(1)}],
        [{ENDED % "errored": always(0), ENDED % "failed": always(9)}],
    ),
    "BowlineRunsFail": (
        [{ENDED % "failed": always(5), ENDED % "verified": always(5)}],
        [
            {ENDED % "failed": always(1), ENDED % "verified": always(9)},
            {ENDED % "failed": always(3), ENDED % "verified": always(0)},
        ],
    ),
    **{
        alert: (
            [{ACCOUNTS % state: always(50)}],
            [{ACCOUNTS % state: always(0), ACCOUNTS % "verified": always(50)}],
        )
        for alert, state in (
            ("BowlineFailed", "failed"),
            ("BowlineNotAsApproved", "not as approved"),
            ("BowlineDrifted", "drifted"),
            ("BowlineProofsStale", "evaluated, stale"),
        )
    },
    "BowlineRolloutPaused": (
        [{'bowline_rollouts_open{state="paused"}': always(1)}],
        [{'bowline_rollouts_open{state="started"}': always(1)}],
    ),
    "BowlineThrottled": (
        [{CALLS % "": f"0+9x{STEPS}", THROTTLES: f"0+2x{STEPS}"}],
        [{CALLS % "": f"0+99x{STEPS}", THROTTLES: f"0+2x{STEPS}"}],
    ),
    "BowlineCredentialsExpired": (
        [{REFUSED: at_last(40)}],
        [{REFUSED: always(40)}, {CALLS % "AccessDenied": at_last(40)}],
    ),
    "BowlineClockWrong": (
        [{SKEW: always(skew)} for skew in (600, -600)],
        [{SKEW: always(0)}],
    ),
    "BowlineCertificateEnds": (
        [{"bowline_certificate_seconds_left": always(left)} for left in (86400, -60)],
        [{"bowline_certificate_seconds_left": always(15 * 86400)}],
    ),
}


def case(alert: str, series: dict[str, str], *, fires: bool) -> dict[str, Any]:
    return {
        "interval": f"{MINUTES}m",
        "input_series": [
            {"series": name, "values": values} for name, values in series.items()
        ],
        "promql_expr_test": [
            {
                "expr": f'count(ALERTS{{alertname="{alert}", alertstate="firing"}})',
                "eval_time": f"{STEPS * MINUTES}m",
                "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
            }
        ],
    }


def test_every_alert_has_what_lets_it_fire_and_what_does_not() -> None:
    assert {*CASES} == {rule["alert"] for rule in RULES}
    assert all(fires and quiet for fires, quiet in CASES.values())


@pytest.mark.parametrize("alert", CASES)
def test_an_alert_fires_when_it_should_and_only_then(
    alert: str, tmp_path: Path
) -> None:
    if PROMTOOL is None:
        missing = "promtool is missing. Run script/test."
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    fires, quiet = CASES[alert]
    tests = {
        "rule_files": [str(DEPLOY / "prometheus-alerts.yml")],
        "evaluation_interval": f"{MINUTES}m",
        "tests": [
            *(case(alert, series, fires=True) for series in fires),
            *(case(alert, series, fires=False) for series in quiet),
        ],
    }
    file = tmp_path / "tests.yml"
    file.write_text(json.dumps(tests))

    tested = subprocess.run(
        [PROMTOOL, "test", "rules", file], capture_output=True, text=True, check=False
    )

    assert tested.returncode == 0, tested.stdout + tested.stderr
