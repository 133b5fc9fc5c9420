"""The account-registration plugin, as strict as its source: what a feed leads it to."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

SDK_REGIONS = {"eu-west-1", "us-east-1", "us-west-2"}
ISO_DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d(:\d\d)?)"
)
"""What Java parses to a time with an offset."""
VERBS = {"READ", "WRITE", "EXECUTE", "CREATE"}


class Reply(NamedTuple):
    status: int
    content_type: str
    text: str


class Failed(Exception):
    """A call that the plugin cannot use."""


@dataclass
class Plugin:
    """Clouddriver's accounts, in memory, and the newest moment that was processed."""

    call: Callable[[str], Reply]
    """GET this URL."""
    url: str = "https://bowline.example.com/feed/accounts"
    """As configured, with a query or without."""
    iam: bool = False
    """Behind API Gateway; a page that fails is then left out."""
    aws: dict[str, dict[str, Any]] = field(default_factory=dict)
    ecs: dict[str, str] = field(default_factory=dict)
    newest: str = ""
    now: float = 0
    """Seconds on its clock."""
    failures: int = 0
    waits_until: float = 0
    asked: list[str] = field(default_factory=list)
    between_pages: Callable[[], None] = lambda: None

    def restart(self) -> None:
        self.aws, self.ecs, self.newest = {}, {}, ""
        self.failures, self.waits_until = 0, 0

    def sync(self) -> bool:
        """Poll once; return whether anything was processed."""
        if self.now < self.waits_until:
            return False
        try:
            answer = self.get(self.url)
        except Failed:
            self.waits_until = self.now + min(2**self.failures, 3_600)
            self.failures += 1
            return False
        records = self.with_following(answer)
        if not records:
            return False  # “no change”, whatever was there
        self.failures, self.waits_until = 0, 0
        moments = [one["UpdatedAt"] for one in records]
        if None in moments:
            return False  # a NullPointerException
        parsed = [
            (datetime.fromisoformat(moment), moment)
            for moment in moments
            if ISO_DATE_TIME.fullmatch(moment)
        ]
        if not parsed:
            return False
        self.newest = max(parsed)[1]
        seen: set[str] = set()
        wanted = dict(self.aws)
        for one in records:
            self.process(one, wanted, seen)
        if wanted:  # removing the last one has no effect until a restart
            self.aws = wanted
        return True

    def with_following(self, answer: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the accounts of all pages; none if a page fails, unless `iam`."""
        records = [*(answer["SpinnakerAccounts"] or ())]
        while following := (answer.get("Pagination") or {}).get("NextUrl"):
            parts = urlsplit(following)
            first = urlsplit(self.url)
            assert parts[:3] == first[:3], "SigV4 signs the first host and path"
            assert "%" not in parts.query, "SigV4 would escape it twice"
            assert "UpdatedAt" not in parts.query, "it would be sent twice"
            self.between_pages()
            try:
                answer = self.get(following)
            except Failed:
                return records if self.iam else []
            records += answer["SpinnakerAccounts"]
        return records

    def get(self, url: str) -> dict[str, Any]:
        if self.newest:
            joint = "&" if "?" in url else "?"
            url += f"{joint}UpdatedAt.gt={quote(self.newest, safe=':')}"
        self.asked.append(url)
        reply = self.call(url)
        if reply.status != 200 or reply.content_type != "application/json":
            raise Failed(reply)
        found = json.loads(reply.text)
        for one in found["SpinnakerAccounts"] or ():
            if not VERBS.issuperset(one.get("Permissions") or ()):
                raise Failed("an unknown permission makes all of it unreadable")
        assert isinstance(found, dict)
        return found

    def process(
        self, one: dict[str, Any], wanted: dict[str, Any], seen: set[str]
    ) -> None:
        name = one["SpinnakerAccountName"]
        required = ("AccountId", "SpinnakerAssumeRole", "SpinnakerStatus", "Regions")
        if not all(one[key] for key in required) or not isinstance(
            one["AccountId"], str
        ):
            return
        if not SDK_REGIONS.issuperset(one["Regions"]):
            return  # an unknown region skips the account, a removal too
        if name in seen:
            return
        seen.add(name)
        providers = {each.strip().lower() for each in one["SpinnakerProviders"]}
        if one["SpinnakerStatus"] == "SUSPENDED" or not providers:
            wanted.pop(name, None)
            self.ecs = {n: aws for n, aws in self.ecs.items() if aws != name}
            return
        role = one["SpinnakerAssumeRole"]
        wanted[name] = {
            "accountId": one["AccountId"],
            "assumeRole": role if role.startswith("role/") else f"role/{role}",
            "regions": one["Regions"],
            "lambdaEnabled": "lambda" in providers,
            "permissions": one.get("Permissions", {}),
        }
        if "ecs" in providers:
            self.ecs[f"{name}-ecs"] = name
        else:
            self.ecs.pop(f"{name}-ecs", None)
