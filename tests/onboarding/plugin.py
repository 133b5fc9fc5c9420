"""The account-registration plugin, as strict as its source: what a feed leads it to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Ask = Callable[[dict[str, str]], dict[str, Any]]
SDK_REGIONS = {"eu-west-1", "us-east-1", "us-west-2"}


@dataclass
class Plugin:
    """Clouddriver's accounts, in memory, and the newest moment that was processed."""

    ask: Ask
    url: str = "https://bowline.example.com/feed/accounts"
    token: str = ""
    aws: dict[str, dict[str, Any]] = field(default_factory=dict)
    ecs: dict[str, str] = field(default_factory=dict)
    newest: str = ""
    between_pages: Callable[[], None] = lambda: None

    def restart(self) -> None:
        self.aws, self.ecs, self.newest = {}, {}, ""

    def sync(self) -> None:
        records = self.fetched()
        if not records:
            return  # “no change”, whatever was there
        moments = [one["UpdatedAt"] for one in records]
        parsed = [(datetime.fromisoformat(moment), moment) for moment in moments]
        assert all(moment.tzinfo for moment, _ in parsed)
        self.newest = max(parsed)[1]
        seen: set[str] = set()
        wanted = dict(self.aws)
        for one in records:
            self.process(one, wanted, seen)
        if wanted:  # removing the last one has no effect until a restart
            self.aws = wanted

    def fetched(self) -> list[dict[str, Any]]:
        query = {"token": self.token} if self.token else {}
        records: list[dict[str, Any]] = []
        while True:
            if self.newest:
                assert "UpdatedAt.gt" not in query, "it would be sent twice"
                query["UpdatedAt.gt"] = self.newest
            answer = self.ask(query)
            records += answer["SpinnakerAccounts"]
            following = answer["Pagination"]["NextUrl"]
            if not following:
                return records
            parts = urlsplit(following)
            assert f"{parts.scheme}://{parts.netloc}{parts.path}" == self.url
            assert "%" not in parts.query, "SigV4 would escape it twice"
            query = dict(parse_qsl(parts.query))
            self.between_pages()

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
            "lambdaEnabled": "lambda" in providers,
            "permissions": one.get("Permissions", {}),
        }
        if "ecs" in providers:
            self.ecs[f"{name}-ecs"] = name
        else:
            self.ecs.pop(f"{name}-ecs", None)
