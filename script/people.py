"""People of the site of script/bench, who call its API: one plans, another approves."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import urllib3
from django.contrib.auth.models import User
from django.utils import timezone

from accounts.tokens.api_tokens import make
from accounts.wording import counted
from script.emulated_organization import ACCESS_ROLE, MANAGING, Account

SITE = urllib3.PoolManager(
    maxsize=20,
    timeout=60,
    # While somebody has killed it, or it has no place left: a minute and a half.
    retries=urllib3.Retry(
        total=50,
        allowed_methods=None,
        status_forcelist=[429, 502, 503],
        backoff_factor=0.1,
        backoff_max=2,
        raise_on_status=False,
    ),
)
ENDED = ("finished", "stopped")
LONGEST = 1200.0
"""Seconds after which somebody stops waiting."""


class Refused(Exception):
    """The site refused, and says why."""

    def __init__(self, status: int, answer: bytes) -> None:
        is_problem = answer.startswith(b"{")
        said = json.loads(answer) if is_problem else {"detail": answer[:300].decode()}
        self.code = said.get("code")
        super().__init__(f"{status} {self.code}: {said.get('detail')}")


def sent(method: str, url: str, headers: dict[str, str], body: Any = None) -> bytes:
    """Send a request, again while the site is away or wants less to be asked."""
    if body is not None:
        body = json.dumps(body).encode()
    answer = SITE.request(method, url, headers=headers, body=body)
    if answer.status >= HTTPStatus.BAD_REQUEST:
        raise Refused(answer.status, answer.data)
    return answer.data


class Caller:
    """Somebody with a token."""

    def __init__(self, site: str, name: str, scope: str) -> None:
        year = timezone.now() + timedelta(days=364)
        person = User.objects.get(username=name)
        made = make(person, uuid.uuid4(), name="bench", scopes=[scope], expires_at=year)
        self.site, self.token = site, made

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call an operation; a change that the site did not answer is sent again, by
        the same key.
        """
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": uuid.uuid4().hex,
        }
        found = sent(method, f"{self.site}/api/v1{path}", headers, body)
        if path.endswith("/download"):
            return found
        return json.loads(found) if found else None

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def post(self, path: str, **body: Any) -> Any:
        return self.call("POST", path, body or None)

    def all_of(self, path: str) -> Iterator[dict[str, Any]]:
        cursor = ""
        while True:
            page = self.get(f"{path}?limit=200{cursor}")
            yield from page["items"]
            if page["next"] is None:
                return
            cursor = f"&{urlencode({'cursor': page['next']})}"


class People:
    """Who plans and who approves, and all that happened."""

    def __init__(self, site: str) -> None:
        self.planner = Caller(site, "olivia", "operate")
        self.approver = Caller(site, "paula", "approve")
        self.count = Counter[str]()
        self.troubles: list[str] = []
        """What went otherwise than it should."""

    def tried(self, caller: Caller, path: str, **body: Any) -> Any:
        """Post it; None where it was refused, which is noted."""
        try:
            return caller.post(path, **body) or {}
        except Refused as refused:
            self.count[f"refused: {path.rpartition('/')[2]}, {refused.code}"] += 1
            return None

    def add_managing(self) -> None:
        named = {"name": MANAGING.name, "account_id": MANAGING.account_id}
        self.planner.call("PUT", "/managing-account", named)

    def add(self, account: Account, **providers: Any) -> None:
        settings = {
            "account_id": account.account_id,
            "regions": ["us-east-1"],
            "access_role": ACCESS_ROLE,
            "providers": {"ec2": {}, **providers},
        }
        self.planner.call("PUT", f"/accounts/{account.name}", settings)
        self.count["accounts added"] += 1

    def roll_out(
        self,
        kind: str,
        names: list[str],
        meanwhile: Callable[[], None] = lambda: None,
        limits: dict[str, int] | None = None,
        **body: Any,
    ) -> list[str]:
        """Start a rollout, approve its plans, and wait; name those that are good."""
        started = self.tried(
            self.planner, "/rollouts", kind=kind, accounts=names, **body
        )
        if started is None:
            self.troubles.append(f"No rollout ({kind}) of {len(names)}")
            return []
        number = started["number"]
        if limits:
            self.planner.call("PATCH", f"/rollouts/{number}", limits)
        self.count[f"rollouts: {kind}"] += 1
        deadline, happened = time.monotonic() + LONGEST, False
        while (found := self.planner.get(f"/rollouts/{number}"))["state"] not in ENDED:
            if self.approve(found) and not happened:
                happened = True
                meanwhile()
            if found["state"] == "paused":
                self.planner.post(f"/rollouts/{number}/resume")
                self.count["rollouts paused by failures, and resumed"] += 1
            if time.monotonic() > deadline:
                self.troubles.append(f"Rollout {number} ({kind}) did not end.")
                self.planner.post(f"/rollouts/{number}/stop")
                break
            time.sleep(1)
        if not happened:
            meanwhile()
        return [
            one["account"]
            for one in self.planner.all_of(f"/rollouts/{number}/accounts")
            if one["status"] in ("verified", "removed")
        ]

    def approve(self, rollout: dict[str, Any]) -> bool:
        """Approve all that waits in a rollout; say whether anything did."""
        approved = []
        for number in filter(None, [rollout["managing_run"], *rollout["alone"]]):
            run = self.approver.get(f"/runs/{number}")
            if run["status"] == "planned":
                plan = self.approver.get(f"/runs/{number}/plan")
                said = {"digest": plan["digest"], "confirmation": run["account"]}
                path = f"/runs/{number}/approve"
                approved.append(self.tried(self.approver, path, **said))
        for group in rollout["groups"]:
            if group["waiting"]:
                path = f"/rollouts/{rollout['number']}/groups/{group['fingerprint']}"
                runs = self.approver.get(path)["runs"]
                confirmation = f"delete in {counted(len(runs))}"
                said = {"runs": runs, "confirmation": confirmation}
                approved.append(self.tried(self.approver, f"{path}/approve", **said))
        self.count["approvals"] += sum(one is not None for one in approved)
        return any(one is not None for one in approved)
