"""A database that was dumped in the middle of a run, and restored: the run goes on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from script.emulated_organization import ACCESS_ROLE, MANAGING, MEMBERS, Credentials
from script.servers import PostgreSQL
from tests.journey.deadly_proxy import deadly_proxy

ROOT = Path(__file__).parent.parent.parent
ACCOUNTS = f"""\
managing: {{name: {MANAGING.name}, account_id: '{MANAGING.account_id}'}}
accounts:
- {{name: dev, account_id: '{MEMBERS[0].account_id}', regions: [us-east-1],
   access_role: {ACCESS_ROLE}, providers: {{ec2: {{}}}}}}
"""
DIES_AFTER = 5
"""Changes: the managing account is not even done."""
LET_TIME_PASS = "; ".join(
    f"UPDATE {table} SET leased_until = now() - interval '5 minutes'"
    for table in ("accounts_run", "accounts_managingaccount")
)
CARRY_ON = (
    "from accounts.models import Run; from accounts.runs.stages import carry_on; "
    "carry_on(Run.objects.get(account=None))"
)
"""What a worker does with a run whose lease ran out."""


def documented() -> list[str]:
    """List what is run in PostgreSQL's container: a dump, then what restores it."""
    text = (ROOT / "docs" / "operate" / "backup.md").read_text()
    return re.findall(r"^docker compose exec -T postgres (.+)$", text, re.MULTILINE)


def manage(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    output, _ = process.communicate()
    return process.returncode, output


def test_a_run_goes_on_after_its_database_was_restored(
    own_organization: Credentials, tmp_path: Path
) -> None:
    file = tmp_path / "accounts.yaml"
    file.write_text(ACCOUNTS)
    changes: list[str] = []
    running: list[subprocess.Popen[str]] = []

    def kill(change: str) -> bool:
        changes.append(change)
        if len(changes) == DIES_AFTER:
            os.killpg(running[-1].pid, signal.SIGKILL)
        return len(changes) == DIES_AFTER

    with TemporaryDirectory(prefix="bowline-postgresql-") as name:
        server = PostgreSQL.made_in(Path(name))

        def shell(command: str) -> None:
            path = f"{server.programs}:{os.environ['PATH']}"
            environment = os.environ | {"PGHOST": name, "PATH": path}
            subprocess.run(
                ["sh", "-ec", command], cwd=tmp_path, env=environment, check=True
            )

        with (
            server.running(),
            deadly_proxy(own_organization.endpoint, kill) as endpoint,
        ):
            environment = own_organization.environment | {
                "AWS_ENDPOINT_URL": endpoint,
                "DATABASE_URL": f"postgresql://bowline@/bowline?host={name}",
                "SECRET_KEY": "only-for-tests-and-never-for-a-site",
            }
            shell("createuser --username postgres --superuser bowline")
            shell("createdb --username bowline bowline")
            migrated, said = ended(manage("migrate", **environment))
            assert migrated == 0, said
            planned, output = ended(manage("onboard", str(file), **environment))
            assert planned == 2, output
            running.append(manage("onboard", str(file), "--approve", **environment))
            killed, output = ended(running[-1])
            assert killed == -signal.SIGKILL, output
            for command in documented():
                shell(command)

            shell(f'psql --username bowline --command "{LET_TIME_PASS}" bowline')
            carried, output = ended(manage("shell", "-c", CARRY_ON, **environment))
            assert carried == 0, output
            done, output = ended(
                manage("onboard", str(file), "--approve", **environment)
            )
            intact, said = ended(manage("check_activity", **environment))

    assert done == 0, output
    assert "dev: verified" in output
    assert intact == 0, said
    made = Counter(change.removeprefix("Action=") for change in changes)
    # As many as there are, in both accounts: nothing was asked for twice.
    assert made["CreateRole"] == 3
    assert made["CreatePolicy"] == 5
    assert made["CreateInstanceProfile"] == 2
