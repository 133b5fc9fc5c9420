"""A Spinnaker that answers as the real one was seen to, with every trap of it.

What is stored and what is loaded are two maps: Clouddriver polls, and Gate answers of
a list that is up to 30 seconds old. Measured with Clouddriver and Gate of 2026.3.
"""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from zlib import crc32

from onboarding.carried.table import SENDABLE
from onboarding.delivery.gate import Gate
from onboarding.delivery.transport import Answer, Request

SECRET = "client-key-data: c2VjcmV0LW9mLXNvbWVib2R5"
KEYS = {
    "aws": {*SENDABLE["aws"], "managingAccountProfile"},
    "ecs": {*SENDABLE["ecs"]},
    "kubernetes": {*SENDABLE["kubernetes"], "kubeconfigFile"},
}
"""What Clouddriver keeps of a body; anything else is dropped without a word."""
FILLED: dict[str, Any] = {
    "environment": "{}",
    "accountType": "{}",
    "enabled": True,
    "regions": [{"name": "us-east-1"}],
    "assumeRole": "role/spinnakerManaged",
    "defaultKeyPair": "{}-keypair",
}
"""What loading fills in where an `aws` body leaves it out, with its name for {}."""
BRIEF = (
    "accountId",
    "accountType",
    "cloudProvider",
    "name",
    "permissions",
    "requiredGroupMembership",
    "type",
)
"""What a list without details shows of a loaded account."""
UNNOTICED = {"namingStrategy", "requiredGroupMembership"}
"""What Clouddriver does not compare of a definition, next to the zones of Regions."""
ANSWERED: dict[str, dict[str, Any]] = {
    "aws": {
        "allowPrivateThirdPartyImages": False,
        "permissions": {},
        "requiredGroupMembership": [],
    },
    "kubernetes": {
        "cacheAllApplicationRelationships": False,
        "cacheThreads": 1,
        "cachingPolicies": [],
        "checkPermissionsOnStartup": True,
        "customResources": [],
        "debug": False,
        "kinds": [],
        "metrics": True,
        "namespaces": [],
        "namingStrategy": "kubernetesAnnotations",
        "oauthScopes": [],
        "omitKinds": [],
        "omitNamespaces": [],
        "onlySpinnakerManaged": False,
        "permissions": {},
        "rawResourcesEndpointConfig": {
            "kindExpressions": [],
            "omitKindExpressions": [],
        },
        "requiredGroupMembership": [],
        "serviceAccount": False,
    },
}
"""What an answer adds to a definition that was stored without it."""
LONGEST_NAME = 255
"""Of the database's column."""
ZONES = ("a", "b")
VERBS = {"READ", "WRITE", "EXECUTE", "CREATE"}
TRUTHS = (True, False, 0, 1, "true", "false", None)
"""What Clouddriver reads as a truth, or as none."""


def parsed(body: bytes) -> Any:
    """Read what was sent; None where it is empty or no JSON."""
    try:
        return json.loads(body)
    except ValueError:
        return None


def well_formed(body: dict[str, Any]) -> bool:
    permissions = body.get("permissions") or {}
    return (
        all(isinstance(region, dict) for region in body.get("regions") or [])
        and isinstance(permissions, dict)
        and permissions.keys() <= VERBS
        and all(isinstance(roles, list | None) for roles in permissions.values())
        and body.get("lambdaEnabled") in TRUTHS
    )


def ok(value: Any) -> Answer:
    return Answer(200, "application/json", json.dumps(value).encode())


def error(status: int, message: str = "") -> Answer:
    """Answer an error of Clouddriver's through Gate: its message may hold what was
    stored.
    """
    text = f"Status: {status}, Method: PUT, URL: http://spin, Message: {message}"
    value = {
        "timestamp": 1_795_000_000_000,
        "status": status,
        "error": HTTPStatus(status).phrase,
        "exception": "com.netflix.spinnaker.kork.retrofit.SpinnakerHttpException",
        "message": f"{text} {SECRET}",
    }
    return Answer(status, "application/json", json.dumps(value).encode())


def gates_own(status: int) -> Answer:
    """Answer as Gate to what it never passes on: no such path, no readable body."""
    value = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "instance": "/credentials",
    }
    return Answer(status, "application/problem+json", json.dumps(value).encode())


def answered(one: dict[str, Any]) -> dict[str, Any]:
    """Write a definition as it is answered: complete, its regions by name."""
    whole = {**ANSWERED.get(one["type"], {}), **one}
    if whole.get("regions"):
        regions = sorted(whole["regions"], key=lambda region: region["name"])
        whole["regions"] = regions
    return whole


def compared(one: dict[str, Any]) -> dict[str, Any]:
    """Return what Clouddriver compares of a definition to load it again."""
    kept = {key: value for key, value in one.items() if key not in UNNOTICED}
    if kept.get("regions"):
        kept["regions"] = sorted(region["name"] for region in kept["regions"])
    return kept


def trimmed(permissions: dict[str, Any] | None) -> dict[str, list[str]]:
    """Return groups as they are loaded: what is stored keeps their case."""
    return {
        verb: [role.strip().lower() for role in roles]
        for verb, roles in (permissions or {}).items()
        if roles
    }


CACHED_SECONDS = 30.0


class Killed(BaseException):
    """The worker was killed; nothing catches it."""


@dataclass
class Clock:
    now: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class StrictGate:
    """Two maps, a clock, and the switches of an operator."""

    clock: Clock = field(default_factory=Clock)
    stored: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    loaded: dict[str, dict[str, Any]] = field(default_factory=dict)
    period: float = 30.0
    polls: bool = True
    storage: bool = True
    providers: set[str] = field(default_factory=lambda: {"aws", "ecs", "kubernetes"})
    default_role: bool = True
    has_template: bool = True
    """The stock template for key pairs is configured."""
    ecs_alone_fails: bool = False
    """As up to 2026.2."""
    admin: bool = True
    fiat_delay: float = 0.0
    """Seconds until Fiat knows a loaded account; counts for those who are no admin."""
    fiat_down: bool = False
    unreadable: set[str] = field(default_factory=set)
    """Rows that are dropped from pages: their secret cannot be read."""
    defaults: dict[str, Any] = field(default_factory=dict)
    """What the server has as `aws.default…`."""
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    reloads: Counter[str] = field(default_factory=Counter)
    killed_at: int = -1
    """The number of requests until the worker is killed: even before, odd after."""
    failing: list[Answer | BaseException] = field(default_factory=list)
    """What is answered first, whatever is asked."""

    def __post_init__(self) -> None:
        self.polled = self.clock.now
        self.cached: dict[str, dict[str, Any]] = {}
        self.cached_at = -CACHED_SECONDS
        self.loaded_at: dict[str, float] = {}
        self.lost: set[str] = set()
        self.definitions: dict[str, dict[str, Any]] = {}
        self.regions: dict[str, dict[str, Any]] = {}
        """The Regions that Clouddriver has looked up, with their zones."""
        for type_ in ("aws", "ecs", "kubernetes"):
            self.load(type_)

    @property
    def gate(self) -> Gate:
        return Gate(self.send, self.clock.sleep)

    @property
    def writes(self) -> list[tuple[str, str, Any]]:
        return [one for one in self.requests if one[0] != "GET"]

    def names(self, method: str) -> list[str]:
        """List the accounts that were written to by this method, in order."""
        return [
            body["name"] if body else path.rpartition("/")[2]
            for one, path, body in self.requests
            if one == method
        ]

    # Time

    def tick(self) -> None:
        """Let Clouddriver poll as often as it would have since the last time."""
        while self.polls and self.clock.now - self.polled >= self.period:
            self.polled += self.period
            for type_ in ("aws", "ecs", "kubernetes"):
                self.load(type_)
        if self.clock.now - self.cached_at >= CACHED_SECONDS:
            self.cached = {name: dict(one) for name, one in self.loaded.items()}
            self.cached_at = self.clock.now

    def restart(self) -> None:
        self.loaded, self.lost, self.definitions = {}, set(), {}
        for type_ in ("aws", "ecs", "kubernetes"):
            self.load(type_)

    def load(self, type_: str) -> None:
        """Load what is stored, then what is in files: the first of a name wins."""
        if type_ not in self.providers:
            return
        stored = {
            name: one
            for name, one in self.stored.items()
            if name not in self.unreadable and one.get("enabled") is not False
        }
        kept = {n for n, one in self.stored.items() if one.get("enabled") is False}
        wanted = {
            name: one
            for name, one in (self.files | stored).items()
            if one["type"] == type_
        }
        if type_ == "ecs":
            wanted = self.loadable(wanted)
        for name in [n for n, one in self.loaded.items() if one["type"] == type_]:
            if name not in wanted and name not in kept:
                del self.loaded[name]
                del self.definitions[name]
        for name, one in wanted.items():
            if name not in self.lost:
                self.load_account(name, one, in_file=name not in stored)

    def loadable(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Leave out ECS accounts without their AWS account; of old, all of them."""
        alone = [n for n, one in wanted.items() if one["awsAccount"] not in self.loaded]
        if alone and self.ecs_alone_fails:
            before = list(wanted)[: list(wanted).index(alone[0])]
            self.lost |= {name for name in before if name not in self.loaded}
            return {n: one for n, one in self.loaded.items() if one["type"] == "ecs"}
        return {name: one for name, one in wanted.items() if name not in alone}

    def load_account(self, name: str, one: dict[str, Any], *, in_file: bool) -> None:
        """Load it, unless it is loaded, and equal as Clouddriver compares it."""
        known, definition = name in self.loaded, compared(one)
        churns = (
            one["type"] == "aws"
            and not in_file
            and bool(self.filled(name).keys() - one.keys())
        )
        if known and self.definitions.get(name) == definition and not churns:
            return
        if known and one["type"] != "ecs":
            self.reloads[name] += 1
        if not known:
            self.loaded_at[name] = self.polled
        self.definitions[name] = definition
        self.loaded[name] = self.made(name, one)

    def made(self, name: str, one: dict[str, Any]) -> dict[str, Any]:
        """Return the loaded account that Clouddriver makes of a definition."""
        if one["type"] == "ecs":
            aws = self.loaded[one["awsAccount"]]
            shown = {"accountId": aws["accountId"], "was": json.dumps(aws)}
            return {**one, **shown}
        loaded = {**one, "permissions": trimmed(one.get("permissions"))}
        if one["type"] != "aws":
            return loaded
        shown = {"lambdaEnabled": False, "sessionName": "Spinnaker"}
        whole = {**self.filled(name), **shown, **loaded}
        regions = whole["regions"] or FILLED["regions"]
        return {**whole, "regions": [self.region(region) for region in regions]}

    def region(self, said: dict[str, Any]) -> dict[str, Any]:
        """Return a Region with its zones: those of a definition that names none, and
        all preferred ones, are as the Region was looked up first.
        """
        name = said["name"]
        zones = [f"{name}{letter}" for letter in ZONES]
        known = {"name": name, "availabilityZones": zones, "preferredZones": zones}
        self.regions.setdefault("us-east-1", {**known, "name": "us-east-1"})
        if said.get("availabilityZones"):
            return {"deprecated": False, **said}
        preferred = said.get("preferredZones")
        cached = self.regions.setdefault(name, {**known, "preferredZones": preferred})
        return {**cached, "deprecated": said.get("deprecated", False)}

    def filled(self, name: str) -> dict[str, Any]:
        texts = {key: v.format(name) for key, v in FILLED.items() if isinstance(v, str)}
        whole = {**FILLED, **texts, **self.defaults}
        if not self.has_template:
            del whole["defaultKeyPair"]
        return whole

    # Requests

    def send(self, request: Request) -> Answer:
        self.tick()
        if self.failing:
            failure = self.failing.pop(0)
            if isinstance(failure, BaseException):
                raise failure
            return failure
        self.count_down(before=True)
        body = parsed(request.body)
        self.requests.append((request.method, request.path, body))
        answer = self.answer(request.method, request.path, body)
        self.count_down(before=False)
        return answer

    def count_down(self, *, before: bool) -> None:
        if self.killed_at < 0:
            return
        if self.killed_at == 0:
            self.killed_at = -1
            raise Killed(f"{before=}")
        self.killed_at -= 1

    def answer(self, method: str, path: str, body: Any) -> Answer:
        url = urlsplit(path)
        parts = [unquote(part) for part in url.path.split("/")[1:]]
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        match method, parts:
            case "GET", ["auth", "user"]:
                roles = [{"name": "robots", "source": "FILE"}]
                return ok(
                    {"username": "bowline", "roles": roles, "isAdmin": self.admin}
                )
            case "GET", ["credentials"]:
                # In no order, and in the same one each time.
                names = sorted(self.cached, key=lambda name: crc32(repr(name).encode()))
                rows = [self.shown(self.cached[name]) for name in names]
                if query.get("expand") != "true":
                    rows = [{k: row[k] for k in BRIEF if k in row} for row in rows]
                return ok(rows)
            case "GET", ["credentials", "type", type_]:
                return self.page(type_, query)
            case "GET", ["credentials", name]:
                found = self.cached.get(name)
                return ok(self.shown(found)) if found else Answer(200)
            case "POST", ["credentials"]:
                return self.post(body)
            case "PUT", ["credentials"]:
                return self.put(body)
            case "DELETE", ["credentials", name]:
                return self.delete(name)
            case _, ["credentials"] | ["credentials", "type", _] | ["credentials", _]:
                return gates_own(405)
        return gates_own(404)

    def shown(self, one: dict[str, Any]) -> dict[str, Any]:
        """Show a loaded account, an ECS account as its AWS account but for what its
        credentials drop.
        """
        if one["type"] == "ecs":
            dropped = {"externalId", "sessionName", "lambdaEnabled"}
            aws = {k: v for k, v in json.loads(one["was"]).items() if k not in dropped}
            own = {"name": one["name"], "type": "ecs", "accountType": "ecs"}
            return {**aws, **own, "cloudProvider": "ecs"}
        if one["type"] != "aws" or self.default_role:
            return answered(one)
        bare = {key: value for key, value in one.items() if key != "assumeRole"}
        return answered(bare)

    def page(self, type_: str, query: dict[str, str]) -> Answer:
        if (refused := self.refused()) is not None:
            return refused
        try:
            limit = int(query.get("limit", 100))
        except ValueError:
            return error(400)
        if limit < 0:
            return error(500)
        rows = sorted(
            (one for one in self.stored.values() if one["type"] == type_),
            key=lambda one: one["name"].casefold(),
        )
        start = query.get("startingAccountName", "").casefold()
        rows = [one for one in rows if one["name"].casefold() >= start]
        rows = rows[:limit]
        return ok([self.decrypted(one) for one in rows if self.may_see(one["name"])])

    def may_see(self, name: str) -> bool:
        return name not in self.unreadable and (self.admin or self.fiat_knows(name))

    def fiat_knows(self, name: str) -> bool:
        since = self.loaded_at.get(name) if name in self.loaded else None
        return since is not None and self.clock.now - since >= self.fiat_delay

    def decrypted(self, one: dict[str, Any]) -> dict[str, Any]:
        contents = one.get("kubeconfigContents", "")
        if contents.startswith(("encrypted:", "secret:")):
            return {**answered(one), "kubeconfigContents": SECRET}
        return answered(one)

    def refused(self) -> Answer | None:
        if self.fiat_down:
            return error(403, "Access denied")
        if not self.storage:
            return error(400, "Cannot use AccountDefinitionService endpoints; off")
        return None

    def post(self, body: Any) -> Answer:
        """Create an account; a loaded name is denied otherwise than a stored one."""
        name = body.get("name") if isinstance(body, dict) else None
        if name in self.loaded:
            return error(400, "Cannot create an account which already exists")
        if name in self.stored:
            return error(500, "Duplicate entry")
        return self.put(body)

    def put(self, body: Any) -> Answer:
        if not isinstance(body, dict):
            return gates_own(400)
        if (refused := self.refused()) is not None:
            return refused
        type_ = body.get("type", "")
        if type_ not in KEYS or not well_formed(body):
            return error(400)
        if body.get("name") is None:
            return error(500, "NullPointerException")
        if len(body["name"]) > LONGEST_NAME:
            return error(500, "Data too long for column 'id'")
        if type_ == "aws" and not self.admin and body.get("permissions") is None:
            return error(500, "NullPointerException")
        name = body["name"]
        if not self.admin and name in self.loaded and not self.fiat_knows(name):
            return error(403, "Access denied")
        kept = {"type": type_, "name": name} | {
            key: value
            for key, value in body.items()
            if key in KEYS[type_] and value is not None
        }
        for row in list(self.stored):
            if row.casefold() == name.casefold():
                del self.stored[row]
        self.stored[name] = kept
        return ok(answered(kept))

    def delete(self, name: str) -> Answer:
        if self.fiat_down or (not self.admin and not self.fiat_knows(name)):
            return error(403, "Access denied")
        if self.stored.pop(name, None) is None:
            return error(404)
        return Answer(200)


@dataclass
class Served:
    """A strict Gate behind HTTP, and what its clients sent."""

    strict: StrictGate
    token: str = ""
    basic: str = ""
    prefix: str = ""
    answers: list[Answer] = field(default_factory=list)
    """Answered first, as they are."""
    heads: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    def answer(self, method: str, path: str, heads: Any, body: bytes) -> Answer:
        self.heads.append({key.lower(): value for key, value in heads.items()})
        if self.answers:
            return self.answers.pop(0)
        if self.token and heads.get("X-Spinnaker-Token") != self.token:
            return error(401)
        pair = f"Basic {b64encode(self.basic.encode()).decode()}"
        if self.basic and heads.get("Authorization") != pair:
            return Answer(302, "", b"/login")
        if not path.startswith(f"{self.prefix}/"):
            return gates_own(404)
        return self.strict.send(Request(method, path.removeprefix(self.prefix), body))


@contextmanager
def served(gate: Served) -> Iterator[Served]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            answer = gate.answer(self.command, self.path, self.headers, body)
            self.send_response(answer.status)
            if answer.status == 302:
                self.send_header("Location", f"{gate.url}/login")
            if answer.content_type:
                self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_PUT = do_DELETE = do

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        gate.url = f"http://127.0.0.1:{server.server_port}{gate.prefix}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield gate
        finally:
            server.shutdown()
            thread.join()
