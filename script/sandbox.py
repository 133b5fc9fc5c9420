"""Try Bowline on two AWS accounts without anything that matters.

Makes the roles of Spinnaker in both, checks that Spinnaker could use them, removes them
again, and prints a report without account IDs, to paste into an issue. Credentials come
from the environment, as boto3 finds them; they need the documented policy. Bowline's
settings, with a database that goes with it, come from the script next to this module.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

import boto3
import botocore
from botocore.exceptions import ClientError
from django.core.management import call_command

from accounts.mapping.accounts_file import register
from accounts.models import ManagedAccount, Run
from accounts.runs.actions import approve, discard, plan, plan_managing, remove
from accounts.runs.stages import carry_on
from accounts.spinnaker.bundles import build, new_bundle
from accounts.work.queue import nothing_sent
from onboarding import VERSION
from onboarding.accounts_file import read_accounts_file
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.topology import Reach

READ: dict[str, Any] = {"lambda": {"access": "read"}}
DEPLOY: dict[str, Any] = {"lambda": {"access": "deploy"}, "ec2": {}}
GONE = "NoSuchEntity"
IDENTITY, MANAGED = "SpinnakerAuthRole", "spinnakerManaged"
HEAD = """\
## Bowline in a sandbox

Bowline {version}, botocore {botocore}, Python {python}, {region}, {when:%-d %B %Y}.

| Step | Expected | Found | AWS calls | Seconds |
| --- | --- | --- | ---: | ---: |
"""


class Asked(NamedTuple):
    managing: str
    account: str
    access_role: str
    region: str
    yes: bool

    def described(self, providers: dict[str, Any]) -> bytes:
        account = {
            "name": "sandbox",
            "account_id": self.account,
            "environment": "sandbox",
            "regions": [self.region],
            "access_role": self.access_role,
            "providers": providers,
        }
        managing = {"name": "sandbox-managing", "account_id": self.managing}
        return json.dumps({"managing": managing, "accounts": [account]}).encode()


class Part(NamedTuple):
    """A step of the trial, and what came of it."""

    name: str
    expected: str
    found: str
    calls: int = 0
    seconds: float = 0

    @property
    def row(self) -> str:
        found = self.found if self.is_good else f"**{self.found}**"
        cells = (self.name, self.expected, found, str(self.calls))
        return f"| {' | '.join(cells)} | {self.seconds:.0f} |"

    @property
    def is_good(self) -> bool:
        return self.found == self.expected


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/sandbox", description=__doc__)
    parser.add_argument("managing", help="the account ID of the managing account")
    parser.add_argument("account", help="the account ID of the managed account")
    parser.add_argument("--access-role", default="BowlineAccess")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--yes", action="store_true", help="approve without asking")
    asked = Asked(**vars(parser.parse_args()))
    call_command("migrate", verbosity=0)
    trial = Trial(asked)
    with nothing_sent():
        trial.run()
    print(trial.report())
    good = trial.is_complete and all(part.is_good for part in trial.parts)
    sys.exit(0 if good else 1)


class Trial:
    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.sessions = Sessions(run="sandbox")
        self.parts: list[Part] = []
        self.faults: list[str] = []
        self.is_complete = False

    def run(self) -> None:
        """Try everything; what was made is removed whatever fails before."""
        if not self.is_own_account():
            return
        # Spinnaker's identity is removed only if the trial made it.
        new = not exists(boto3.resource("iam").Role(IDENTITY).load)
        self.describe(READ)
        managing = partial(plan_managing, None)

        def onboard() -> Run:
            return plan(ManagedAccount.objects.get(), None)

        try:
            self.carry("Make the managing account's roles", managing, "applied")
            self.carry("Make the account's roles, to read Lambda", onboard, "verified")
            self.carry("Plan again", onboard, "0 changes, verified", count=True)
            self.describe(DEPLOY)
            self.carry("Add EC2, and deploy with Lambda", onboard, "verified")
            self.carry("Plan again", onboard, "0 changes, verified", count=True)
            self.bundle()
            self.is_complete = True
        except (Exception, KeyboardInterrupt) as error:
            self.stopped(error)
        account = ManagedAccount.objects.get()
        take_away = partial(remove, account, None, never_told=True)
        try:
            if account.granted_at or account.applied:
                self.carry("Remove the account's roles", take_away, "removed")
            self.remove_managing(new)
        except (Exception, KeyboardInterrupt) as error:
            self.stopped(error)
        self.look_for_rest()

    def stopped(self, error: BaseException) -> None:
        """Remember what stopped a part: the next one removes what was made."""
        self.is_complete = False
        kind = "" if isinstance(error, Stopped) else f"{type(error).__name__}: "
        self.faults.append(f"{kind}{error}")

    def is_own_account(self) -> bool:
        found = boto3.client("sts", region_name=self.asked.region).get_caller_identity()
        said = "yes" if found["Account"] == self.asked.managing else "no"
        self.parts.append(
            Part("Bowline's identity is in the managing account", "yes", said, 1)
        )
        return said == "yes"

    def describe(self, providers: dict[str, Any]) -> None:
        register(read_accounts_file(self.asked.described(providers)), None)

    def carry(
        self,
        name: str,
        start: Callable[[], Run],
        expected: str,
        *,
        count: bool = False,
    ) -> None:
        """Plan, ask, apply, and verify; raise Stopped where it didn't end well."""
        calls, began = self.sessions.calls, time.monotonic()
        run = start()
        carry_on(run, self.sessions)
        run.refresh_from_db()
        if run.status == "planned":
            self.ask(run)
            if not approve(run, None):
                raise Stopped(f"{name}: the plan is outdated.")
            carry_on(run, self.sessions)
            run.refresh_from_db()
        found = run.status
        if expected == "applied" and found == "verified":
            found = "applied"
        if count:
            found = f"{run.steps.count()} changes, {found}"
        self.faults += faults_of(run)
        self.parts.append(
            Part(
                name,
                expected,
                found,
                self.sessions.calls - calls,
                time.monotonic() - began,
            )
        )
        if not self.parts[-1].is_good:
            raise Stopped(f"{name}: {(run.error or {}).get('message', 'see above')}")

    def ask(self, run: Run) -> None:
        print(f"\n{run.account_name}:", file=sys.stderr)
        for step in run.steps.all():
            print(f"  {step.verb} {step.kind} {step.name}", file=sys.stderr)
        if self.asked.yes:
            return
        print("Type “yes” to let Bowline do this: ", end="", file=sys.stderr)
        if input().strip().lower() != "yes":
            discard(run, None)
            raise Stopped("It wasn't approved.")

    def bundle(self) -> None:
        made = new_bundle(None)
        build(made)
        made.refresh_from_db()
        self.parts.append(Part("Build a bundle", "ready", made.status))

    # What Bowline itself never deletes

    def remove_managing(self, new: bool) -> None:
        """Remove Spinnaker's identity, if the trial made it."""
        if not new:
            self.faults.append(
                f"{IDENTITY} existed before, so it and its policies were kept."
            )
            return
        iam = boto3.resource("iam")
        role, profile = iam.Role(IDENTITY), iam.InstanceProfile(IDENTITY)
        if exists(profile.load):
            profile.remove_role(RoleName=IDENTITY)
            profile.delete()
        if exists(role.load):
            attached = [*role.attached_policies.all()]
            for policy in attached:
                role.detach_policy(PolicyArn=policy.arn)
            for inline in role.policies.all():
                inline.delete()
            role.delete()
            for policy in attached:
                for version in policy.versions.all():
                    if not version.is_default_version:
                        version.delete()
                policy.delete()
        left = "not removed" if exists(role.load) else "removed"
        self.parts.append(Part("Remove the managing account's roles", "removed", left))

    def look_for_rest(self) -> None:
        """Find policies of Bowline's, which it keeps under a path of its own."""
        try:
            left = [*self.rest()]
        except (ClientError, AwsError) as error:
            left = [str(error)]
        found = ", ".join(left) or "nothing"
        self.parts.append(Part("Search for what is left", "nothing", found, 4))

    def rest(self) -> Iterator[str]:
        managing = Reach(self.asked.managing)
        account = Reach(self.asked.account, self.asked.access_role)
        for reach in (managing, account):
            iam = self.sessions.client(reach, "iam")
            own = iam.list_policies(Scope="Local", PathPrefix="/bowline/")["Policies"]
            yield from (policy["PolicyName"] for policy in own)
        if exists(partial(iam.get_role, RoleName=MANAGED)):
            yield MANAGED

    def report(self) -> str:
        head = HEAD.format(
            version=VERSION,
            botocore=botocore.__version__,
            python=platform.python_version(),
            region=self.asked.region,
            when=datetime.now(UTC),
        )
        rows = "\n".join(part.row for part in self.parts)
        faults = "".join(f"\n- {one}" for one in dict.fromkeys(self.faults))
        text = f"{head}{rows}\n\nWhat else was found:{faults or ' nothing.'}"
        for real, shown in (
            (self.asked.managing, "111111111111"),
            (self.asked.account, "222222222222"),
        ):
            text = text.replace(real, shown)
        return text


class Stopped(Exception):
    """The trial can't continue; what was made is removed."""


def exists(get: Callable[[], object]) -> bool:
    try:
        get()
    except ClientError as error:
        if error.response["Error"]["Code"] == GONE:
            return False
        raise
    return True


def faults_of(run: Run) -> Iterator[str]:
    """Say what ended a run, and which of its checks and steps didn't pass."""
    if run.error:
        yield f"{run.error.get('message')} {run.error.get('hint', '')}".strip()
    for step in run.steps.filter(status="failed"):
        yield f"{step.verb} {step.kind} {step.name}: {step.message}"
    for check in run.checks.exclude(outcome="passed"):
        yield f"{check.name}: {check.outcome}. {check.sentence}"
