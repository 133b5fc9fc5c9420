"""The site that script/screenshots takes pictures of: the demo's accounts in every
state that people meet, and many more as a larger site has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml

from script.emulated_organization import (
    ACCESS_ROLE,
    MANAGING,
    MEMBERS,
    Account,
    seed_access,
    trusting,
)
from script.emulated_site import Aws, emulated_site
from script.site import Site

DEV, STAGING, PROD, TOOLS, DATA, *FAULTY = MEMBERS


def onboard(
    site: Site, managing: dict[str, Any], accounts: list[dict[str, Any]], *options: str
) -> None:
    """Describe the accounts, plan them, and do what the options say."""
    file = site.folder / "accounts.yaml"
    file.write_text(yaml.safe_dump({"managing": managing, "accounts": accounts}))
    site.manage("onboard", str(file), *options, may_fail=True)


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


def seed_adopted(aws: Aws) -> None:
    """Make their roles as people made them: most alike, one open to anybody, and one
    missing. Bowline can't enter one of the accounts.
    """
    for number, account in enumerate(ADOPTED[:-2]):
        iam = aws.edge(account.account_id).client("iam")
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
from accounts.runs.actions import approve
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
        onboard(site, CORE, accounts, *by)
        # An account is in production, so the managing account takes a second person.
        site.manage("shell", "-c", APPROVE_MANAGING)
        onboard(site, CORE, accounts, *approved, *by)
    good[1:] = [
        described(STAGING, "staging", "ec2", "lambda", eks=apps),
        described(PROD, "prod", "ec2", "lambda"),
    ]
    onboard(site, CORE, good, *by)
    good[0] |= {"environment": "development"}
    onboard(site, CORE, good[:1], "--check")


@contextmanager
def running_site() -> Iterator[Site]:
    """Run all of Bowline with the demo's organization."""
    with emulated_site(MEMBERS) as (site, aws):
        seed_adopted(aws)
        site.start_worker(processes=1)
        site.start_beat()
        site.start_web()
        yield site
