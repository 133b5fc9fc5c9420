"""The site that script/screenshots takes pictures of: the demo's accounts in every
state that people meet, and many more as a larger site has them.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import boto3
import yaml

from script.emulated_members import write_members
from script.emulated_organization import (
    ACCESS_ROLE,
    MANAGING,
    MEMBERS,
    Account,
    Edge,
    seed,
    seed_access,
    trusting,
)
from script.servers import LOOPBACK, answers, broker, emulated_aws, free_port, serving

DEV, STAGING, PROD, TOOLS, DATA, *FAULTY = MEMBERS


class Site:
    """The site's processes, and what they share."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment

    def manage(self, *arguments: str, may_fail: bool = False) -> None:
        """Run a command of manage.py, and show what it says where it fails."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
        )
        if done.returncode and not may_fail:
            raise ChildProcessError(f"{arguments}\n{done.stdout}\n{done.stderr}")

    def onboard(
        self, managing: dict[str, Any], accounts: list[dict[str, Any]], *options: str
    ) -> None:
        """Describe the accounts, plan them, and do what the options say."""
        file = self.folder / "accounts.yaml"
        file.write_text(yaml.safe_dump({"managing": managing, "accounts": accounts}))
        self.manage("onboard", str(file), *options, may_fail=True)


CORE: dict[str, Any] = {
    "name": MANAGING.name,
    "account_id": MANAGING.account_id,
    "identity": {"instance_role": "SpinnakerAuthRole"},
}


def described(
    account: Account, environment: str, *providers: str, **details: Any
) -> dict[str, Any]:
    return {
        "name": account.name,
        "account_id": account.account_id,
        "environment": environment,
        "regions": list(account.network or ("us-east-1",)),
        "access_role": ACCESS_ROLE,
        "permissions": {"READ": ["developers"], "WRITE": ["operators"]},
        "providers": {**{key: {} for key in providers}, **details},
    }


MANY = """
from datetime import timedelta
from django.utils import timezone
from accounts.models import EnabledProvider, FoundRoles, ManagedAccount
now = timezone.now()
taken = FoundRoles.Taken.values
states = ["verified"] * 17 + ["failed", "drifted", "outdated"]
environments = ["prod-eu", "prod-us", "staging", "dev", "shared"]
rows = ManagedAccount.objects.bulk_create(
    ManagedAccount(
        name=f"team-{number}",
        account_id=str(987_000_000_000 + number),
        environment=environments[number % 7 % 5],
        regions=["us-east-1"],
        write_roles=["operators"],
        state=states[number % 20],
        verification="verified" if states[number % 20] == "verified" else "",
        verified_at=now - timedelta(hours=number),
        verified={"entries": [], "managed": {}},
        granted_at=now,
        adopts=number < 16,
    )
    for number in range(64)
)
EnabledProvider.objects.bulk_create(
    EnabledProvider(account=row, key="ec2", details={}, has_details=True)
    for row in rows
)
FoundRoles.objects.bulk_create(
    FoundRoles(account=row, taken=taken[number % len(taken)], read_at=now)
    for number, row in enumerate(rows[:16])
)
"""
"""Accounts as a larger site has them, some with existing roles: no question about them
goes to AWS.
"""

CONFIG = """
currentDeployment: default
deploymentConfigurations:
- name: default
  version: 1.36.1
  providers:
    aws:
      accounts:
"""
ACCOUNT = """\
      - name: {name}
        accountId: '{account_id}'
        regions: [{{name: us-east-1}}]
        assumeRole: role/spinnakerManaged
"""


ADOPTED = [
    Account(name=name, account_id=str(765_000_000_000 + number))
    for number, name in enumerate([*(f"payments-{n}" for n in range(11)), "-Prod"])
]
"""The accounts of a Spinnaker that exists, one with an impossible name."""
POWER_USER = "arn:aws:iam::aws:policy/PowerUserAccess"


def halyard_config() -> str:
    return CONFIG + "".join(
        ACCOUNT.format(name=one.name, account_id=one.account_id) for one in ADOPTED
    )


def seed_adopted(endpoint: str) -> None:
    """Make their roles as people made them: most alike, one open to anybody, and one
    missing. Bowline can't enter one of the accounts.
    """
    session: Any = boto3.Session()
    for number, account in enumerate(ADOPTED[:-2]):
        iam = Edge(session, endpoint, account).client("iam")
        seed_access(iam, account)
        if number == 4:
            continue
        who = "*" if number == 7 else MANAGING.arn("root")
        role = "spinnakerManaged"
        trust = trusting({"AWS": who})
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)
        iam.attach_role_policy(RoleName=role, PolicyArn=POWER_USER)


APPROVE_MANAGING = """
from django.contrib.auth.models import User
from accounts.models import Run
from accounts.runs.actions import approve, keep
from accounts.runs.stages import carry_on
for run in Run.objects.filter(kind="managing", status="planned"):
    approve(run, User.objects.get(username="paula"))
    carry_on(run)
"""


def onboard_accounts(site: Site) -> None:
    """Let the site have accounts in every state that people meet."""
    cluster = {"name": "apps", "region": "us-east-1", "namespaces": ["web"]}
    apps = {"clusters": [cluster]}
    good = [
        described(DEV, "dev", "ec2", "ecs", "lambda", eks=apps),
        described(STAGING, "staging", "ec2", "lambda"),
        described(PROD, "prod", "ec2"),
    ]
    more = [described(TOOLS, "shared", "ec2"), described(DATA, "prod", "lambda")]
    faulty = [described(account, "dev", "ec2") for account in FAULTY]
    approved = ("--approve", "--bundle", str(site.folder / "bundle.zip"))
    by = ("--by", "olivia")
    for accounts in (good, [*good, *more, *faulty]):
        site.onboard(CORE, accounts, *by)
        # An account is in production, so the managing account takes a second person.
        site.manage("shell", "-c", APPROVE_MANAGING)
        site.onboard(CORE, accounts, *approved, *by)
    good[1:] = [
        described(STAGING, "staging", "ec2", "lambda", eks=apps),
        described(PROD, "prod", "ec2", "lambda"),
    ]
    site.onboard(CORE, good, *by)
    good[0] |= {"environment": "development"}
    site.onboard(CORE, good[:1], "--check")


@contextmanager
def running_site(folder: Path) -> Iterator[tuple[Site, str]]:
    """Run all of Bowline in a folder, and yield its address."""
    with ExitStack() as servers:
        aws = folder / "aws"
        write_members(aws)
        endpoint = servers.enter_context(emulated_aws(aws))
        seed_adopted(endpoint)
        url = servers.enter_context(broker(folder, port=free_port()))
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        environment = inherited | {
            **seed(endpoint).environment,
            "AWS_CONFIG_FILE": "/dev/null",
            "DATABASE_URL": f"sqlite:///{folder}/bowline.sqlite3",
            "DJANGO_SETTINGS_MODULE": "bowline.settings",
            "HTTPS": "false",
            "REDIS_URL": url,
            "SECRET_KEY": secrets.token_urlsafe(50),
            "STATIC_ROOT": str(folder / "static"),
        }
        site = Site(folder, environment)
        python = [sys.executable, "-m"]
        subprocess.run([*python, "script.demo_site"], env=environment, check=True)
        site.manage("collectstatic", "--no-input")
        log = folder / "worker.log"
        servers.enter_context(
            serving(
                [
                    *(*python, "celery", "-A", "bowline", "worker", "--beat"),
                    *("--concurrency", "1", "--loglevel", "INFO"),
                    *("--schedule", str(folder / "beat")),
                ],
                environment=environment,
                log=log,
                ready=lambda: log.exists() and "ready." in log.read_text(),
            )
        )
        port = free_port()
        address = f"http://{LOOPBACK}:{port}"
        servers.enter_context(
            serving(
                [
                    *(*python, "gunicorn", "bowline.wsgi", "--workers", "1"),
                    *("--threads", "4", "--bind", f"{LOOPBACK}:{port}"),
                ],
                environment=environment,
                log=folder / "web.log",
                ready=lambda: answers(f"{address}/healthz"),
            )
        )
        yield site, address
