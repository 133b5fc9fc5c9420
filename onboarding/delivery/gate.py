"""Gate's `/credentials`: what Spinnaker stores, what it has loaded, saving, deleting.

Reading leaks: Clouddriver decrypts what it returns. So of what is read, only names,
types and compared fields leave this module, a kubeconfig as a digest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from onboarding.carried.table import AWS, EMPTY, SENT, named
from onboarding.delivery.bodies import (
    SENDABLE_NAME,
    Body,
    Fields,
    comparable,
    digest,
)
from onboarding.delivery.transport import Answer, GateError, Kind, Request, Send

PAGES = (1_000, 100_000)
"""How many rows to ask for: the next size where a page brings no new name. Rows that
are hidden from the robot count, so a short page is not the last one.
"""
MOST_ACCOUNTS, MOST_PAGES, MOST_BYTES = 50_000, 200, 256 * 2**20
"""Of one list, whatever it says comes next."""
DELAYS = (1.0, 4.0)
"""Seconds before a repetition; one less than the attempts."""

OF_STORAGE_OFF = "Cannot use AccountDefinitionService"
OF_NO_OWN_ROLE = "without granting permissions for current user"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who Bowline is at Gate."""

    name: str
    roles: tuple[str, ...]
    is_admin: bool


@dataclass(frozen=True, slots=True)
class Loaded:
    """An account that Spinnaker works with, from wherever it was loaded."""

    name: str
    type: str
    shown: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Without what may be secret."""

    @property
    def fields(self) -> Fields:
        """What is compared of an `aws` account."""
        return comparable("aws", self.shown) if self.type == "aws" else {}


@dataclass(frozen=True, slots=True)
class Stored:
    """An account in Clouddriver's database, as far as it is compared."""

    name: str
    type: str
    fields: Fields

    @property
    def digest(self) -> str:
        return digest(self.fields)

    @property
    def aws_account(self) -> str:
        return str(json.loads(self.fields.get("awsAccount", '""')))


@dataclass(frozen=True, slots=True)
class Gate:
    """One Spinnaker, as its robot may use it."""

    send: Send
    sleep: Callable[[float], None]

    def caller(self) -> Caller | None:
        """Say who Bowline is; None where Gate knows nobody."""
        found = self.get("/auth/user", "ask who Bowline is")
        if found is None:
            return None
        user = fields_of(found, "ask who Bowline is")
        roles = user.get("roles")
        return Caller(
            name=str(user.get("username") or user.get("email") or ""),
            roles=tuple(
                str(role.get("name", "")) if isinstance(role, dict) else str(role)
                for role in (roles if isinstance(roles, list) else ())
            ),
            is_admin=user.get("isAdmin") is True or user.get("admin") is True,
        )

    def loaded(self) -> tuple[Loaded, ...]:
        """List what is loaded, of every provider, by type and name; up to 30 seconds
        old. Gate gives it in no order.
        """
        doing = "list what Spinnaker has loaded"
        rows = self.get("/credentials?expand=true", doing)
        found = (
            Loaded(name_of(row, doing), type_of(row), shown(row))
            for row in rows_of(rows, doing)
        )
        return tuple(sorted(found, key=lambda one: (one.type, one.name)))

    def loaded_account(self, name: str) -> Mapping[str, Any] | None:
        """Return one loaded account, without what may be secret; None: not loaded."""
        doing = f"read what Spinnaker has loaded as {name}"
        found = self.get(path_of(name), doing, absent=True)
        if found is None:
            return None
        return shown(fields_of(found, doing))

    def stored(self, type_: str) -> tuple[Stored, ...]:
        """List the accounts of a type in Clouddriver's database."""
        found: dict[str, Stored] = {}
        sizes, start = list(PAGES), ""
        pages = size = 0
        while sizes:
            page, more = self.page(type_, start, sizes[0])
            new = {one.name: one for one in page if one.name not in found}
            found |= new
            pages, size = pages + 1, size + more
            if len(found) > MOST_ACCOUNTS or pages > MOST_PAGES or size > MOST_BYTES:
                hint = "The list is too long to read."
                raise GateError(Kind.UNREADABLE, listing(type_), hint)
            if new:
                start = page[-1].name
            else:
                sizes.pop(0)
        return tuple(found.values())

    def stored_account(self, type_: str, name: str) -> Stored | None:
        """Return one account of Clouddriver's database; None: not there, or hidden."""
        page, _ = self.page(type_, name, 1)
        return next((one for one in page if one.name == name), None)

    def page(self, type_: str, start: str, limit: int) -> tuple[list[Stored], int]:
        """Read a part of a list; return it with the bytes of the answer."""
        query = urlencode(
            {"limit": limit, **({"startingAccountName": start} if start else {})},
            errors="replace",
        )
        doing = listing(type_)
        answer = self.ask(Request("GET", f"/credentials/type/{type_}?{query}"), doing)
        rows = rows_of(value_of(answer, doing), doing)
        return [stored_of(type_, row, doing) for row in rows], len(answer.body)

    def save(self, body: Body) -> Stored:
        """Create or replace an account; return how Spinnaker understood it."""
        doing = f"save {body.name}"
        answer = self.ask(Request("PUT", "/credentials", body.json), doing)
        return stored_of(body.type, fields_of(value_of(answer, doing), doing), doing)

    def delete(self, name: str) -> bool:
        """Delete a stored account; False where it was gone."""
        doing = f"delete {name}"
        try:
            self.ask(Request("DELETE", path_of(name)), doing)
        except GateError as error:
            if error.kind is Kind.ABSENT:
                return False
            raise
        return True

    def get(self, path: str, doing: str, *, absent: bool = False) -> Any:
        try:
            return value_of(self.ask(Request("GET", path), doing), doing)
        except GateError as error:
            if absent and error.kind is Kind.ABSENT:
                return None
            raise

    def ask(self, request: Request, doing: str) -> Answer:
        """Send it, and again where that may help; raise GateError."""
        for delay in (*DELAYS, None):
            try:
                return accepted(self.send(request), doing)
            except GateError as error:
                again = error
                if delay is None or not error.retryable:
                    break
            self.sleep(delay)
        raise GateError(again.kind, doing, again.hint, again.status) from None


def listing(type_: str) -> str:
    return f"list the stored {type_} accounts"


SHOWN = (
    "name",
    "type",
    "cloudProvider",
    *named(AWS, SENT | EMPTY),
)
"""What is read of a loaded account: a kubeconfig is none of it."""


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in SHOWN if key in row}


def path_of(name: str) -> str:
    if not SENDABLE_NAME.fullmatch(name):
        raise ValueError("Only names that Bowline gives can be part of a path.")
    return f"/credentials/{quote(name, safe='')}"


def accepted(answer: Answer, doing: str) -> Answer:
    """Return the answer to a request that Gate carried out."""
    status = answer.status
    is_page = "html" in answer.content_type.lower() or answer.body[:1] == b"<"
    if 300 <= status < 400 or status == 401 or (status < 500 and is_page):
        raise GateError(Kind.SIGN_IN, doing, SIGN_IN_HINT, status)
    if status == 403:
        raise GateError(Kind.DENIED, doing, DENIED_HINT, status)
    if status == 404 and is_of_an_account(answer):
        raise GateError(
            Kind.ABSENT, doing, "Spinnaker doesn't have this account.", status
        )
    if status >= 500:
        raise GateError(
            Kind.FAILED, doing, "See Gate's and Clouddriver's logs.", status
        )
    if status == 400:
        raise refusal(answer, doing)
    if status != 200:
        raise GateError(Kind.UNREADABLE, doing, "Is this Gate's URL?", status)
    return answer


def is_of_an_account(answer: Answer) -> bool:
    """Return whether a 404 is Clouddriver's, which has no such account. Gate itself
    says by problem+json that it has no such path, and a proxy by anything else.
    """
    return answer.content_type.lower().startswith("application/json")


SIGN_IN_HINT = (
    "Bowline isn't signed in: the token is unknown or has expired, or the password is "
    "wrong."
)
DENIED_HINT = (
    "The service account needs a role of fiat.admin.roles or "
    "fiat.account.manager.roles, in lower case. An account manager can change what it "
    "created only after Spinnaker has loaded it. The message is the same while Fiat is "
    "down."
)


def refusal(answer: Answer, doing: str) -> GateError:
    """Recognize why by two known texts; the text itself may hold a whole body."""
    text = answer.body.decode(errors="replace")
    if OF_STORAGE_OFF in text:
        return GateError(
            Kind.STORAGE_OFF,
            doing,
            "Spinnaker stores no accounts: switch on account.storage and sql.",
            answer.status,
        )
    if OF_NO_OWN_ROLE in text:
        hint = (
            "WRITE must name one of the service account's own roles, or the service "
            "account must be an admin."
        )
    else:
        hint = (
            "Spinnaker doesn't accept this account. See Clouddriver's log for details."
        )
    return GateError(Kind.REFUSED, doing, hint, answer.status)


def value_of(answer: Answer, doing: str) -> Any:
    """Read the JSON; an empty body is None, which Gate says of what it cannot find."""
    if not answer.body.strip():
        return None
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        raise unreadable(doing, answer.status) from None


def rows_of(value: Any, doing: str) -> Iterator[Mapping[str, Any]]:
    if not isinstance(value, list):
        raise unreadable(doing)
    for row in value:
        yield fields_of(row, doing)


def fields_of(value: Any, doing: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise unreadable(doing)
    return value


def name_of(row: Mapping[str, Any], doing: str) -> str:
    if not isinstance(row.get("name"), str):
        raise unreadable(doing)
    return str(row["name"])


def type_of(row: Mapping[str, Any]) -> str:
    return str(row.get("type") or row.get("cloudProvider") or "")


def stored_of(type_: str, row: Mapping[str, Any], doing: str) -> Stored:
    return Stored(name_of(row, doing), type_, comparable(type_, row))


def unreadable(doing: str, status: int = 0) -> GateError:
    hint = "This isn't an answer of Gate. Check the URL."
    return GateError(Kind.UNREADABLE, doing, hint, status)
