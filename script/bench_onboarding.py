"""How fast N accounts are onboarded, compared with what the same emulator gives at most
and with a loop that makes one CloudFormation stack after another.

All figures come from one run on one machine; compare the ratios, not the seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3

from script.emulated_organization import (
    ACCESS_ROLE,
    MANAGING,
    Account,
    Credentials,
    Edge,
    seed,
    seed_member,
)
from script.servers import emulated_aws
from script.slow_network import delayed
from script.usage import cpu, emulator

CEILING_SECONDS = 3.0
PROCESSES, THREADS = 2, 4
"""What drives one emulator process to its limit on two cores."""

# The documented template (managed.yaml), with the base role and profile it forgets.
TEMPLATE: dict[str, Any] = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Parameters": {"AuthArn": {"Type": "String"}},
    "Resources": {
        "SpinnakerManagedRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "spinnakerManaged",
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"AWS": {"Ref": "AuthArn"}},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                },
                "ManagedPolicyArns": ["arn:aws:iam::aws:policy/PowerUserAccess"],
            },
        },
        "SpinnakerManagedPolicy": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": "SpinnakerPassRole",
                "Roles": [{"Ref": "SpinnakerManagedRole"}],
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}
                    ],
                },
            },
        },
        "BaseIAMRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "BaseIAMRole",
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "ec2.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                },
            },
        },
        "BaseInstanceProfile": {
            "Type": "AWS::IAM::InstanceProfile",
            "Properties": {
                "InstanceProfileName": "BaseIAMRole",
                "Roles": [{"Ref": "BaseIAMRole"}],
            },
        },
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="script/bench onboarding", description=__doc__
    )
    parser.add_argument("accounts", type=int, nargs="?", default=50)
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument(
        "--delay", type=float, default=0.0, help="seconds before each answer of AWS"
    )
    options = parser.parse_args()
    with TemporaryDirectory(prefix="bowline-bench-") as name:
        folder = Path(name)
        with (
            emulated_aws(folder / "aws") as near,
            delayed(near, options.delay) as endpoint,
        ):
            credentials = seed(near)
            ours = members(options.accounts, first=500_000_000_000)
            theirs = members(min(options.accounts, 20), first=600_000_000_000)
            for account in (*ours, *theirs):
                edge = Edge(SESSION, near, account)
                seed_member(edge, account)
            reachable = credentials._replace(endpoint=endpoint)
            os.environ |= reachable.environment
            print(f"{len(ours)} accounts with EC2, {options.threads} threads, ", end="")
            print(f"{options.delay * 1000:g} ms before each answer\n")
            ceiling = most_calls(reachable)
            before = cpu(emulator())
            calls, seconds = onboard(folder, ours, options.threads)
            answered = cpu(emulator()) - before
            per_stack = one_stack_after_another(reachable, theirs)
    report(len(ours), calls, seconds, ceiling, answered, per_stack, len(theirs))


SESSION: Any = boto3.Session()


def members(count: int, *, first: int) -> list[Account]:
    return [
        Account(name=f"member-{number}", account_id=str(first + number))
        for number in range(count)
    ]


def report(
    count: int,
    calls: int,
    seconds: dict[str, float],
    ceiling: float,
    answered: float,
    per_stack: float,
    stacks: int,
) -> None:
    total = sum(seconds.values())
    for stage, taken in seconds.items():
        print(f"{stage:<36}{taken:8.1f} s")
    print(f"{'all of it':<36}{total:8.1f} s   {total / count:.3f} s an account")
    print(f"{'AWS calls':<36}{calls:8d}     {calls / count:.1f} an account")
    rate = calls / total
    print(f"{'calls a second':<36}{rate:8.0f}     ", end="")
    print(f"{rate / ceiling:.0%} of the emulator's {ceiling:.0f}")
    print(f"{'the emulator’s one thread was busy':<36}{answered / total:8.0%}")
    print(f"{'CloudFormation, one after another':<36}", end="")
    print(f"{per_stack:8.3f} s an account (measured with {stacks})")
    print(f"{'so Bowline is':<36}{per_stack * count / total:8.1f} times as fast")


# Bowline


def onboard(
    folder: Path, accounts: list[Account], threads: int
) -> tuple[int, dict[str, float]]:
    """Onboard and verify all of them; give the AWS calls and each stage's seconds."""
    os.environ |= {
        "DATABASE_URL": f"sqlite:///{folder}/bowline.sqlite3",
        "DJANGO_SETTINGS_MODULE": "bowline.settings",
        "SECRET_KEY": "only-for-a-benchmark",
    }
    import django  # after the environment that its settings read

    django.setup()
    from django.core.management import call_command

    from accounts.mapping.accounts_file import register
    from accounts.runs.rollouts.batch import RolloutBatch
    from accounts.work.queue import nothing_sent
    from onboarding.accounts_file import read_accounts_file
    from onboarding.aws.session import Sessions

    call_command("migrate", verbosity=0)
    seconds: dict[str, float] = {}
    with timed(seconds, "read and record the file"):
        rows = register(read_accounts_file(written(accounts).encode()), None)
    sessions = Sessions(run="bench")
    batch = RolloutBatch(sessions, None, threads)
    with nothing_sent():
        with timed(seconds, "managing account"):
            managing = batch.apply_managing(batch.plan_managing(rows))
        with timed(seconds, "plan"):
            runs = list(batch.plan(batch.part(rows)))
        with timed(seconds, "apply and verify"):
            runs = list(batch.apply(runs))
    wrong = [run for run in (managing, *runs) if run.status != "verified"]
    if wrong:
        sys.exit(f"{len(wrong)} runs did not verify: {wrong[0].error}")
    return sessions.calls, seconds


def written(accounts: list[Account], providers: str = "ec2: {}") -> str:
    lines = [
        f"- {{name: {account.name}, account_id: '{account.account_id}', regions: "
        f"[us-east-1], access_role: {ACCESS_ROLE}, providers: {{{providers}}}}}"
        for account in accounts
    ]
    head = f"managing: {{name: core, account_id: '{MANAGING.account_id}'}}\naccounts:\n"
    return head + "\n".join(lines)


@contextmanager
def timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - began


# What it is compared with


def most_calls(credentials: Credentials) -> float:
    """Count the calls a second that a few processes and threads get answered."""
    with ProcessPoolExecutor(PROCESSES) as pool:
        counts = pool.map(hammer, [credentials] * PROCESSES)
        return sum(counts) / CEILING_SECONDS


def hammer(credentials: Credentials) -> int:
    iam = client(credentials, "iam")
    end = time.monotonic() + CEILING_SECONDS

    def ask(_: int) -> int:
        count = 0
        while time.monotonic() < end:
            iam.get_user(UserName="bowline")
            count += 1
        return count

    with ThreadPoolExecutor(THREADS) as threads:
        return sum(threads.map(ask, range(THREADS)))


def one_stack_after_another(credentials: Credentials, accounts: list[Account]) -> float:
    """Make each account's stack and wait for it; give the seconds an account."""
    sts = client(credentials, "sts")
    began = time.perf_counter()
    for account in accounts:
        answer = sts.assume_role(
            RoleArn=account.arn(f"role/{ACCESS_ROLE}"), RoleSessionName="bench"
        )["Credentials"]
        cloudformation = SESSION.client(
            "cloudformation",
            region_name=credentials.region,
            endpoint_url=credentials.endpoint,
            aws_access_key_id=answer["AccessKeyId"],
            aws_secret_access_key=answer["SecretAccessKey"],
            aws_session_token=answer["SessionToken"],
        )
        cloudformation.create_stack(
            StackName="spinnaker-managed-infrastructure-setup",
            TemplateBody=json.dumps(TEMPLATE),
            Parameters=[
                {
                    "ParameterKey": "AuthArn",
                    "ParameterValue": MANAGING.arn("role/SpinnakerAuthRole"),
                }
            ],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        # As `aws cloudformation wait` does: it asks every 30 seconds.
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName="spinnaker-managed-infrastructure-setup"
        )
    return (time.perf_counter() - began) / len(accounts)


def client(credentials: Credentials, service: str) -> Any:
    return SESSION.client(
        service,
        region_name=credentials.region,
        endpoint_url=credentials.endpoint,
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
    )


if __name__ == "__main__":
    main()
