"""How the values of variables are written, and what is said of those that aren't so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_before_validator_function

from onboarding.partitions import PARTITIONS

REGIONS = [region for one in PARTITIONS.values() for region in one.regions]


PORT = (
    "(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]"
    "|6553[0-5])"
)
HOST = r"(?:\w[\w.-]*|\[[\da-fA-F:]+\])"
SERVER = rf"(?:[^\s/?#@]*@)?{HOST}(?::{PORT})?"
"""Of a URL: who signs in, where."""


@dataclass(frozen=True, slots=True)
class Written:
    """A pattern that the whole text matches, and the words for it."""

    pattern: str
    says: str
    is_secret: bool = False
    """No message repeats it."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return no_info_before_validator_function(self.read, handler(source))

    def read(self, text: str) -> Any:
        if not re.fullmatch(self.pattern, text, re.ASCII):
            raise self.refused(text)
        return text

    def refused(self, text: str) -> ValueError:
        not_this = "" if self.is_secret else f", not {text!r}"
        return ValueError(f"must be {self.says.replace('`', '')}{not_this}.")


class Listed(Written):
    """The same of each part of a list with commas between."""

    def read(self, text: str) -> Any:
        parts = (part.strip() for part in text.split(","))
        return tuple(self.part(part) for part in parts if part)

    def part(self, text: str) -> Any:
        return super().read(text)


class ListedNetworks(Listed):
    def part(self, text: str) -> Any:
        try:
            return ip_network(text)
        except ValueError:
            raise self.refused(text) from None


def one_of(*words: str) -> Written:
    *others, last = (f"`{word}`" for word in words)
    return Written("|".join(words), f"{', '.join(others)} or {last}")


Flag = Annotated[bool, Written("(?i:true|false)|1|0", "`true` or `false`")]
Days = Annotated[int, Written("[0-9]{1,5}", "a number of days, 0 to 99999")]
Minutes = Annotated[int, Written("[0-9]{1,4}", "a number of minutes, 0 to 9999")]
Count = Annotated[int, Written("[1-9][0-9]{0,3}", "a number, 1 to 9999")]
Port = Annotated[int, Written(PORT, "a port, 1 to 65535")]
Threads = Annotated[
    int, Written("[4-9]|[1-9][0-9]{1,2}", "a number of threads, 4 to 999")
]

SiteNames = Annotated[
    tuple[str, ...],
    Listed(
        rf"\*|\.?{HOST}",
        "comma-separated host names without a scheme or a port, such as "
        "`bowline.example.com`",
    ),
]
Names = Annotated[tuple[str, ...], Listed(".+", "a comma-separated list")]
Hosts = Annotated[
    tuple[str, ...],
    Listed(r"[\w.-]+|[\da-fA-F:]+", "comma-separated host names"),
]
VariableNames = Annotated[
    tuple[str, ...], Listed(r"[A-Za-z_]\w*", "comma-separated names of variables")
]
Networks = Annotated[
    tuple[IPv4Network | IPv6Network, ...],
    ListedNetworks(
        "",
        "comma-separated addresses or networks, such as `192.0.2.7` or `10.0.1.0/24`",
    ),
]

Address = Annotated[
    str, Written(f"{HOST}:{PORT}", "a host and a port, such as `nginx:8443`")
]
Host = Annotated[str, Written(HOST, "a host name, such as `smtp.example.com`")]
Folder = Annotated[str, Written(r"/[\w./-]{1,200}", "an absolute path")]
Bucket = Annotated[str, Written("[a-z0-9][a-z0-9-]{2,62}", "the name of a bucket")]
Prefix = Annotated[str, Written(r"[\w./-]{1,200}", "a prefix of keys")]
Region = Annotated[str, Written("|".join(REGIONS), "an AWS Region")]
Email = Annotated[str, Written(r"[^@\s,;<>]+@[\w.-]+", "an email address")]
Url = Annotated[
    str,
    Written(
        rf"https?://{HOST}(:{PORT})?/?",
        "a URL without a path, such as `https://bowline.example.com`",
    ),
]
Secret = Annotated[
    str,
    Written(
        "[!-~]{20,200}",
        "20 to 200 letters, digits, and symbols, without a space, such as one of "
        "`python3 -c 'import secrets; print(secrets.token_urlsafe(32))'`",
        is_secret=True,
    ),
]
Key = Annotated[
    str,
    Written(r"[\s\S]{20,}", "at least 20 random characters", is_secret=True),
]
QUOTED = (
    "with `%23`, `%2F`, `%3F`, and `%40` for `#`, `/`, `?`, and `@` in the password"
)
Database = Annotated[
    str,
    Written(
        rf"sqlite:///[^\s?#]+|postgres(?:ql)?://(?:{SERVER}|(?:[^\s/?#@]*@)?)"
        r"/[^\s/?#]+(?:\?[^\s#]*)?",
        f"`sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST:PORT/NAME`, {QUOTED}",
        is_secret=True,
    ),
]
Broker = Annotated[
    str,
    Written(
        rf"rediss?://{SERVER}(?:/[0-9]{{0,3}})?(?:\?[^\s#]*)?",
        f"`redis://HOST:PORT/0`, or `rediss://:PASSWORD@HOST:PORT/0`, {QUOTED}",
        is_secret=True,
    ),
]
Issuer = Annotated[
    str,
    Written(
        rf"https?://{HOST}(:{PORT})?(/[\w./~%:-]*)?",
        "the provider's address, such as `https://login.example.com/realms/company`",
    ),
]
Scopes = Annotated[
    str,
    Written(
        r"(?:\S+ +)*openid(?: +\S+)*", "scopes with spaces between, `openid` among them"
    ),
]
