"""The connection with Spinnaker, as it is described, and a test of it.

A secret is never part of it, only where it is read from. A test sees only what can be
seen from outside: whether Clouddriver polls shows at a delivery.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from onboarding.carried.table import KINDS
from onboarding.delivery.addresses import Allowed
from onboarding.delivery.gate import Caller, Gate
from onboarding.delivery.loading import PERIOD, filled_in
from onboarding.delivery.releases import API_TOKENS_SINCE, Release, refusal, warnings
from onboarding.delivery.transport import Endpoint, GateError

WITHOUT_ROLE = (
    "These accounts have no role to assume: {names}. Clouddriver was started without "
    "aws.defaultAssumeRole, so every account that it loads now acts as Spinnaker's "
    "identity. Set it and restart Clouddriver before the first delivery."
)
NOT_ADMIN = (
    "The service account isn't a Spinnaker admin. An account manager can't see or "
    "delete an account until Spinnaker has loaded it and Fiat knows it."
)
NO_ONE = (
    "Gate reports no user: either it allows anonymous access, or it didn't accept the "
    "sign-in."
)


class SignInBy(StrEnum):
    """How the robot signs in to Gate."""

    TOKEN = "token"
    CERTIFICATE = "certificate"
    BASIC = "basic"
    NONE = "none"


FIELDS_OF = {
    SignInBy.TOKEN: ("secret",),
    SignInBy.CERTIFICATE: ("certificate", "key"),
    SignInBy.BASIC: ("username", "secret"),
    SignInBy.NONE: (),
}
"""What each way to sign in needs to know."""
OPTIONAL = ("key",)
SIGN_IN_FIELDS = ("username", "secret", "certificate", "key")

POLLS = range(5, 3601)
LONGEST = 300
URL = re.compile(r"https?://[\w.:\[\]-]+(/[\w.~%/-]*)?", re.ASCII)
VARIABLE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")
FILE = re.compile(r"file:/[\w./-]+", re.ASCII)
MARKS_OF_SECRETS = ("spk_", "eyJ")
"""How tokens begin that people paste by mistake."""

URL_RULE = "Give Gate's base URL, like https://gate.example.com or …/api/v1."
SECRET_RULE = (
    "Give where the secret is, as env:NAME or file:/PATH, never the secret itself."
)
FILE_RULE = "Give the file as file:/PATH."
NEEDED = "This way to sign in needs it."
NOT_ASKED = "This way to sign in has no use for it."
NO_TOKENS = "Spinnaker {release} has no API tokens: they came with {since}."
OVER_TLS = "A client certificate needs https."
USERNAME_RULE = (
    "Enter a name without a colon, leading or trailing spaces, or control characters."
)
POLLS_RULE = f"Give {POLLS.start} to {POLLS.stop - 1} seconds."


@dataclass(frozen=True, slots=True)
class Connection:
    """A Spinnaker as somebody described it; what is wrong with it, `problems` says."""

    url: str
    release: str
    sign_in: str = SignInBy.TOKEN
    username: str = ""
    secret: str = ""
    """Where the token or the password is read from."""
    certificate: str = ""
    key: str = ""
    """Empty: the key is in the certificate's file."""
    authorities: str = ""
    """A file of the CAs that signed Gate's certificate; empty: the system's."""
    poll_seconds: int = int(PERIOD)

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield each field that is wrong, and a sentence without its value."""
        if url := url_problem(self.url):
            yield "url", url
        try:
            release = Release.of(self.release)
        except ValueError as error:
            yield "release", str(error)
        else:
            if self.sign_in == SignInBy.TOKEN and release < API_TOKENS_SINCE:
                since = API_TOKENS_SINCE
                yield "sign_in", NO_TOKENS.format(release=release, since=since)
        if self.sign_in not in FIELDS_OF:
            yield "sign_in", f"Choose one of: {', '.join(FIELDS_OF)}."
        elif self.sign_in == SignInBy.CERTIFICATE and self.url.startswith("http:"):
            yield "sign_in", OVER_TLS
        yield from self.sign_in_problems()
        if self.authorities and not is_reference(FILE, self.authorities):
            yield "authorities", FILE_RULE
        if self.poll_seconds not in POLLS:
            yield "poll_seconds", POLLS_RULE

    def sign_in_problems(self) -> Iterator[tuple[str, str]]:
        rules = {"secret": SECRET_RULE, "username": USERNAME_RULE}
        asked = FIELDS_OF.get(SignInBy(self.sign_in), ()) if self.is_known else ()
        for name in SIGN_IN_FIELDS:
            value = getattr(self, name)
            if value and not is_possible(name, value):
                yield name, rules.get(name, FILE_RULE)
            elif value and self.is_known and name not in asked:
                yield name, NOT_ASKED
            elif not value and name in asked and name not in OPTIONAL:
                yield name, NEEDED

    @property
    def is_known(self) -> bool:
        return self.sign_in in FIELDS_OF


def url_problem(url: str) -> str:
    """Say what is wrong with it; `urlsplit` alone would forgive line breaks."""
    if len(url) > LONGEST or not URL.fullmatch(url):
        return URL_RULE
    try:
        Endpoint.of(url, Allowed(plain_http=True))
        return "" if urlsplit(url).port != 0 else URL_RULE
    except ValueError:
        return URL_RULE


def is_possible(name: str, value: str) -> bool:
    match name:
        case "username":
            return (
                value.isprintable()
                and value == value.strip()
                and ":" not in value
                and len(value) <= LONGEST
                and not value.startswith(MARKS_OF_SECRETS[0])
            )
        case "secret":
            return is_reference(VARIABLE, value) or is_reference(FILE, value)
    return is_reference(FILE, value)


def is_reference(pattern: re.Pattern[str], value: str) -> bool:
    """Return whether it says where something is, and holds no secret by mistake."""
    name = value.partition(":")[2]
    return (
        pattern.fullmatch(value) is not None
        and len(value) <= LONGEST
        and ".." not in name.split("/")
        and not name.startswith(MARKS_OF_SECRETS)
    )


@dataclass(frozen=True, slots=True)
class Report:
    """What a test of the connection found."""

    caller: Caller | None
    stored: int = 0
    loaded: int = 0
    error: GateError | None = None
    """Why nothing can be delivered; None: it can."""
    types: Mapping[str, int] = field(default_factory=dict)
    """How many accounts of each type are loaded."""
    not_loaded: tuple[str, ...] = ()
    """Stored accounts that are not loaded, or not yet."""
    without_role: tuple[str, ...] = ()
    """Loaded `aws` accounts that assume no role."""
    reloading: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Those that are loaded again at each poll, and the fields that are the cause."""
    warnings: tuple[str, ...] = ()


def report(gate: Gate, release: Release) -> Report:
    """Ask Gate who Bowline is, and read what is stored and loaded; send nothing."""
    caller = None
    try:
        caller = gate.caller()
        types = [type_ for type_ in KINDS if not refusal(type_, release)]
        stored = {one.name: one for type_ in types for one in gate.stored(type_)}
        loaded = gate.loaded()
    except GateError as error:
        return Report(caller, error=error)
    known = {one.name for one in loaded}
    bare = tuple(
        one.name
        for one in loaded
        if one.type == "aws" and "assumeRole" not in one.fields
    )
    reloading = {
        one.name: fields
        for one in loaded
        if one.type == "aws"
        and one.name in stored
        and (fields := filled_in(stored[one.name].fields, one.fields))
    }
    found = [refusal(type_, release) for type_ in KINDS]
    found += warnings(types, release)
    if caller is None:
        found.append(NO_ONE)
    elif not caller.is_admin:
        found.append(NOT_ADMIN)
    if bare:
        found.append(WITHOUT_ROLE.format(names=", ".join(bare)))
    return Report(
        caller,
        len(stored),
        len(loaded),
        types=Counter(one.type for one in loaded),
        not_loaded=tuple(name for name in stored if name not in known),
        without_role=bare,
        reloading=reloading,
        warnings=tuple(one for one in found if one),
    )
