"""Accounts as Terraform resources: what a provider calls, in its four functions.

BOWLINE_URL=https://… BOWLINE_TOKEN=… python resource.py apply accounts/NAME < FILE.json
managing-account is the managing account's path; destroy takes no file.
"""

import json
import os
import sys
import time
from urllib.error import HTTPError
from urllib.request import Request, urlopen

OPEN = ("planning", "planned", "approved", "applying", "verifying", "handed off")


def call(method, path, body=None):
    """Return the answer; None for what does not exist."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{os.environ['BOWLINE_URL']}/api/v1{path}", data, method=method)
    request.add_header("Authorization", f"Bearer {os.environ['BOWLINE_TOKEN']}")
    request.add_header("Content-Type", "application/json")
    try:
        with urlopen(request) as answer:
            return json.loads(answer.read() or b"{}")
    except HTTPError as error:
        if error.code == 404:
            return None
        problem = json.loads(error.read())
        sys.exit(f"{problem['code']}: {problem['detail']}")


def read(path):
    """Return what the state file keeps: exactly what PUT takes."""
    account = call("GET", path)
    return account and account["settings"]


def create_or_update(path, settings):
    """PUT the whole description: the same twice changes nothing."""
    call("PUT", path, settings)
    approved_to_the_end(call("POST", f"{path}/plan"))
    return read(path)


def delete(path):
    """Remove the account from AWS, wait until it is gone, then delete it."""
    account = call("GET", path)
    if account is None:
        return
    if account["state"] != "draft":
        approved_to_the_end(call("POST", f"{path}/remove", {}), account["name"])
    call("DELETE", path)


def approved_to_the_end(run, confirmation=""):
    while run["status"] in OPEN:
        if run["status"] == "planned":
            digest = call("GET", f"{run['path']}/plan")["digest"]
            body = {"digest": digest, "confirmation": confirmation}
            call("POST", f"{run['path']}/approve", body)
        time.sleep(1)
        run = call("GET", run["path"])
    if run["status"] not in ("verified", "evaluated", "removed"):
        sys.exit(f"{run['status']}: {run['error']}")


if __name__ == "__main__":
    verb, path = sys.argv[1:]
    if verb == "destroy":
        delete(f"/{path}")
    else:
        print(json.dumps(create_or_update(f"/{path}", json.load(sys.stdin))))
