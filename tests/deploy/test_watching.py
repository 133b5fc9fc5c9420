"""The dashboard, the alerts and the document name what a scrape has; Prometheus' own
program finds that each alert fires when it should, and only then.
"""

from __future__ import annotations

import json
import logging.config
import os
import re
import runpy
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db.models.functions import Now

from accounts.models import AwsAnswers, Heartbeat, Run
from accounts.models.states import Status
from tests.accounts.operations.test_certificate import certificate_served
from tests.accounts.operations.test_measured import scrape

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana-dashboard.json").read_text())
ALERTS = yaml.safe_load((DEPLOY / "prometheus-alerts.yml").read_text())
RULES: list[dict[str, Any]] = [
    rule for group in ALERTS["groups"] for rule in group["rules"]
]
ASKED = [
    *(target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]),
    *(rule["expr"] for rule in RULES),
]
SELECTED = re.compile(r"(bowline_\w+)(?:\{([^}]*)\})?")
GROUPED = re.compile(r"by \(([\w, ]+)\)")
MATCHER = re.compile(r'(\w+)(=~|!=|=)"([^"]*)"')


@pytest.fixture
def series(db: None, settings: Any, tmp_path: Path) -> dict[str, list[dict[str, str]]]:
    """Return the labels of every series, by name, where everything has happened."""
    Heartbeat.note(seen_at=Now(), schedule_seen_at=Now(), swept_at=Now())
    for error in ("", "Throttling", "ExpiredToken"):
        AwsAnswers.objects.create(operation="iam:GetRole", error=error, count=1)
    Run.objects.create(status=Status.FAILED)
    found: dict[str, list[dict[str, str]]] = {}
    with certificate_served(tmp_path) as settings.TLS_ADDRESS:
        scraped = scrape()
    for name, labels in scraped:
        found.setdefault(name, []).append(dict(labels))
    return found


def matches(labels: dict[str, str], selector: str) -> bool:
    found = {
        "=": lambda value, wanted: value == wanted,
        "!=": lambda value, wanted: value != wanted,
        "=~": lambda value, wanted: re.fullmatch(wanted, value),
    }
    return all(
        name in labels and found[sign](labels[name], wanted)
        for name, sign, wanted in MATCHER.findall(selector)
    )


def test_what_is_asked_for_is_in_a_scrape(
    series: dict[str, list[dict[str, str]]],
) -> None:
    for asked in ASKED:
        selected = SELECTED.findall(asked)

        assert selected
        for name, selector in selected:
            assert any(matches(labels, selector) for labels in series[name]), asked
        known = {label for name, _ in selected for one in series[name] for label in one}
        grouped = [
            one for labels in GROUPED.findall(asked) for one in labels.split(", ")
        ]
        assert {*grouped} <= known, asked
        for opening, closing in ("()", "{}", "[]"):
            assert asked.count(opening) == asked.count(closing), asked


def test_every_alert_says_what_is_so_and_what_to_do() -> None:
    names = [rule["alert"] for rule in RULES]

    assert len({*names}) == len(names) > 8
    for rule in RULES:
        assert {*rule} <= {"alert", "expr", "for", "labels", "annotations"}
        assert re.fullmatch("[0-9]+[mh]", rule.get("for", "0m"))
        assert rule["labels"]["severity"] in {"info", "warning", "critical"}
        assert {*rule["annotations"]} == {"summary", "description"}


def test_each_panel_of_the_first_row_is_about_what_an_alert_is() -> None:
    alerted = {name for rule in RULES for name, _ in SELECTED.findall(rule["expr"])}
    first = [one for one in DASHBOARD["panels"] if one["gridPos"]["y"] == 0]

    assert sum(panel["gridPos"]["w"] for panel in first) == 24
    for panel in first:
        asked = SELECTED.findall(panel["targets"][0]["expr"])
        assert {name for name, _ in asked} <= alerted, panel["title"]


def test_panels_stand_next_to_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (place["x"] + x, place["y"] + y)
            for x in range(place["w"])
            for y in range(place["h"])
        }

        assert not cells & taken
        assert place["x"] + place["w"] <= 24
        taken |= cells


def test_every_series_is_described(series: dict[str, list[dict[str, str]]]) -> None:
    text = (DEPLOY.parent / "docs" / "operate" / "metrics.md").read_text()
    described = dict(re.findall(r"^\| `(bowline_\w+)` \| (.*?) \|", text, re.MULTILINE))
    families = {
        re.sub("_(bucket|gcount|gsum)$", "", name): {*labels[0]}
        for name, labels in series.items()
        if not name.endswith(("_gcount", "_gsum"))
    }

    assert {*described} == {*families}
    for name, labels in families.items():
        assert {*re.findall(r"`(\w+)`", described[name])} == labels


def test_gunicorn_writes_its_own_lines_as_the_site_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = runpy.run_path(f"{DEPLOY}/gunicorn.conf.py")
    monkeypatch.setenv("LOG_FORMAT", "json")
    chosen = runpy.run_path(f"{DEPLOY}/gunicorn.conf.py")["logconfig_dict"]

    chosen["root"] = {}  # which is the tests' own
    logging.config.dictConfig({**chosen, "incremental": False})
    logging.getLogger("gunicorn.error").info("Listening.")
    logging.getLogger("gunicorn.error").handlers.clear()

    assert "logconfig_dict" not in plain
    line = json.loads(capsys.readouterr().err)
    assert (line["logger"], line["message"]) == ("gunicorn.error", "Listening.")


@pytest.mark.exhaustive
def test_the_dashboard_fits_grafanas_own_types(tmp_path: Path) -> None:
    """A key that Grafana does not know is dropped as it imports the file."""
    programs = DEPLOY.parent / "var" / "clients-typescript" / "node_modules"
    if not (programs / "@grafana").is_dir():
        missing = "Grafana's types are missing. Run script/setup clients."
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    (tmp_path / "node_modules").symlink_to(programs)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    text = json.dumps(DASHBOARD, indent=1)
    # TypeScript takes no text for an enumeration.
    text = text.replace('"mode": "absolute"', '"mode": ThresholdsMode.Absolute')
    (tmp_path / "dashboard.ts").write_text(
        'import { type Dashboard, ThresholdsMode } from "@grafana/schema";\n'
        f"export const dashboard: Dashboard = {text};\n"
    )
    options = ("--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext")

    checked = subprocess.run(
        [programs / ".bin" / "tsc", *options, "dashboard.ts"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (checked.returncode, checked.stdout) == (0, "")
    assert DASHBOARD["annotations"] == {"list": []}  # the one key that must be there


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
QUEUES = ("bowline", "schedule")
SITE = {ACCOUNTS % "draft": always(0)}
"""What a scrape always has, also where no worker ever ran."""
CASES: dict[str, tuple[list[dict[str, str]], list[dict[str, str]]]] = {
    "BowlineDown": ([{}], [{ACCOUNTS % "verified": always(0)}]),
    "BowlineWorkersSilent": (
        [
            *({HEARD % queue: always(200)} for queue in QUEUES),
            *({HEARD % queue: always(9), **SITE} for queue in QUEUES),
        ],
        [
            *({HEARD % queue: always(110)} for queue in QUEUES),
            {**{HEARD % queue: always(110) for queue in QUEUES}, **SITE},
            {},
        ],
    ),
    "BowlineSweepLate": (
        [{"bowline_sweep_age_seconds": always(301)}, SITE],
        [{"bowline_sweep_age_seconds": always(60), **SITE}, {}],
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
            ("BowlineVerificationsStale", "evaluated, stale"),
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
