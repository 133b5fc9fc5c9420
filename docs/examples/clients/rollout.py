"""Onboard AWS accounts as one rollout, with a client that openapi-python-client makes.

BOWLINE_URL=https://… BOWLINE_TOKEN=… python rollout.py MANAGING_ID ACCOUNT_ID …
"""

import os
import sys
import time

from bowline_client import AuthenticatedClient
from bowline_client.api.accounts import put_account
from bowline_client.api.managing_account import put_managing_account
from bowline_client.api.rollouts import (
    approve_rollout_group,
    list_rollout_accounts,
    read_rollout,
    read_rollout_group,
    start_rollout,
)
from bowline_client.api.runs import approve_run, read_run, read_run_plan
from bowline_client.models import (
    AccountSettings,
    GroupApproval,
    ManagingSettings,
    Problem,
    RolloutKind,
    RolloutStart,
    RolloutState,
    RunApproval,
    RunStatus,
)

CLIENT = AuthenticatedClient(os.environ["BOWLINE_URL"], os.environ["BOWLINE_TOKEN"])
ENDED = (RolloutState.FINISHED, RolloutState.PAUSED, RolloutState.STOPPED)


def call(operation, *path, **said):
    """Call an operation; end the program where Bowline refuses."""
    answer = operation.sync(*path, client=CLIENT, **said)
    if isinstance(answer, Problem) or answer is None:
        sys.exit(f"{answer.code}: {answer.detail}" if answer else "No answer.")
    return answer


managing_id, *account_ids = sys.argv[1:]
managing = ManagingSettings(name="managing", account_id=managing_id)
call(put_managing_account, body=managing)
for account_id in account_ids:
    account = {"regions": ["us-east-1"], "providers": {"ec2": {}}}
    account |= {"access_role": "OrganizationAccountAccessRole"}
    body = AccountSettings.from_dict({"account_id": account_id, **account})
    call(put_account, f"a-{account_id}", body=body)

names = [f"a-{account_id}" for account_id in account_ids]
body = RolloutStart(kind=RolloutKind.ONBOARD, accounts=names)
number = call(start_rollout, body=body).number
while (rollout := call(read_rollout, number)).state not in ENDED:
    # The plan of Spinnaker's identity comes first, and then one for equal accounts.
    first = rollout.managing_run
    if first and call(read_run, first).status == RunStatus.PLANNED:
        digest = call(read_run_plan, first).digest
        call(approve_run, first, body=RunApproval(digest=digest))
    for group in rollout.groups:
        if group.waiting:
            read = call(read_rollout_group, number, group.fingerprint)
            for change in read.plan.changes:
                print(change.verb, change.kind, change.name)
            approval = GroupApproval(runs=read.runs)
            call(approve_rollout_group, number, group.fingerprint, body=approval)
    for alone in rollout.alone:
        if call(read_run, alone).status == RunStatus.PLANNED:
            digest = call(read_run_plan, alone).digest
            call(approve_run, alone, body=RunApproval(digest=digest))
    time.sleep(1)
for one in call(list_rollout_accounts, number).items:
    print(one.account, one.status)
