"""Onboard an AWS account by Bowline's API: from nothing to the bundle for Spinnaker.

BOWLINE_URL=https://… BOWLINE_TOKEN=… python onboard.py MANAGING_ID ACCOUNT_ID
"""

import json
import os
import sys
import time
from urllib.error import HTTPError
from urllib.request import Request, urlopen


def call(method, path, **body):
    request = Request(f"{os.environ['BOWLINE_URL']}/api/v1{path}", method=method)
    request.add_header("Authorization", f"Bearer {os.environ['BOWLINE_TOKEN']}")
    request.add_header("Content-Type", "application/json")
    with urlopen(request, json.dumps(body).encode() if body else None) as answer:
        return answer.read()


def describe(path, **account):
    """Describe an account that Bowline doesn't have; leave one that it has."""
    try:
        found = json.loads(call("GET", path))["settings"]
    except HTTPError as error:
        if error.code != 404:
            raise
        call("PUT", path, **account)
    else:
        assert found["account_id"] == account["account_id"], found


def onboard(described):
    """Plan, print, and approve its changes; wait until it is verified."""
    run = f"/runs/{json.loads(call('POST', f'{described}/plan'))['number']}"
    if wait(run, "planned", "verified") == "verified":
        return  # There is nothing to change.
    plan = json.loads(call("GET", f"{run}/plan"))
    for change in plan["changes"]:
        print(change["verb"], change["kind"], change["name"])
    call("POST", f"{run}/approve", digest=plan["digest"])
    wait(run, "verified")


def wait(path, *until):
    while (found := json.loads(call("GET", path)))["status"] not in until:
        assert found["status"] in WORKING, found
        time.sleep(1)
    return found["status"]


WORKING = ("planning", "applying", "verifying", "building")
managing_id, account_id = sys.argv[1:]

describe("/managing-account", name="managing", account_id=managing_id)
account = {"regions": ["us-east-1"], "providers": {"ec2": {}, "lambda": {}}}
account |= {"account_id": account_id, "access_role": "OrganizationAccountAccessRole"}
describe("/accounts/staging", **account)
# Spinnaker's identity, which all accounts trust, has a plan of its own.
onboard("/managing-account")
onboard("/accounts/staging")
bundle = f"/bundles/{json.loads(call('POST', '/bundles'))['number']}"
wait(bundle, "ready")
with open("bundle.zip", "wb") as file:
    file.write(call("GET", f"{bundle}/download"))
