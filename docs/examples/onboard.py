"""Onboard an AWS account by Bowline's API: from nothing to the bundle for Spinnaker.

BOWLINE_URL=https://… BOWLINE_TOKEN=… python onboard.py MANAGING_ID ACCOUNT_ID
"""

import json
import os
import sys
import time
from urllib.request import Request, urlopen


def call(method, path, **body):
    request = Request(f"{os.environ['BOWLINE_URL']}/api/v1{path}", method=method)
    request.add_header("Authorization", f"Bearer {os.environ['BOWLINE_TOKEN']}")
    request.add_header("Content-Type", "application/json")
    with urlopen(request, json.dumps(body).encode() if body else None) as answer:
        return answer.read()


def wait(path, until):
    while (found := json.loads(call("GET", path)))["status"] != until:
        assert found["status"] in WORKING, found
        time.sleep(1)


WORKING = ("planning", "applying", "verifying", "building")
managing_id, account_id = sys.argv[1:]

call("PUT", "/managing-account", name="managing", account_id=managing_id)
account = {"regions": ["us-east-1"], "providers": {"ec2": {}, "lambda": {}}}
account |= {"account_id": account_id, "access_role": "OrganizationAccountAccessRole"}
call("PUT", "/accounts/staging", **account)
run = f"/runs/{json.loads(call('POST', '/accounts/staging/plan'))['number']}"
wait(run, until="planned")
plan = json.loads(call("GET", f"{run}/plan"))
for change in plan["changes"]:
    print(change["verb"], change["kind"], change["name"])
call("POST", f"{run}/approve", digest=plan["digest"])
wait(run, until="verified")
bundle = f"/bundles/{json.loads(call('POST', '/bundles'))['number']}"
wait(bundle, until="ready")
with open("bundle.zip", "wb") as file:
    file.write(call("GET", f"{bundle}/download"))
