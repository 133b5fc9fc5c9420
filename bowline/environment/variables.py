"""Every variable that Bowline reads when it starts: its type, how its value is
written, and what is said of a wrong one; databases' addresses included.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from psycopg.pq import Conninfo
from pydantic import GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_before_validator_function
from pydantic_settings import BaseSettings, SettingsConfigDict

from onboarding.partitions import PARTITIONS


def caches(redis_url: str) -> dict[str, dict[str, Any]]:
    """Count the API's requests in Redis, for all processes; keep the rest in each."""
    return {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
        "api": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": redis_url,
            "KEY_PREFIX": "bowline",
            # Without an answer nothing is counted: the API works without Redis.
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
        },
    }


FORGETS_CLIENTS = (
    "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=3 -c tcp_keepalives_count=3 "
    "-c tcp_user_timeout=14000"
)
"""Lets PostgreSQL give up a client that is gone without a word after 14 seconds, which
is before its leases end. By default it takes two hours, and what a transaction of that
client has locked stays locked.
"""


def database(url: str) -> dict[str, Any]:
    """Read sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME?OPTION=…"""
    parts = urlsplit(url)
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    if parts.scheme == "sqlite":
        # Django's defaults lose one write in fifteen when six processes write.
        return {
            "ENGINE": "bowline.sqlite3",
            "NAME": unquote(parts.path.removeprefix("/")),
            "OPTIONS": {
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
            },
        }
    # A server that is gone without a word is given up after seconds, not a quarter of
    # an hour, and also where it took the statement and owes the answer. It counts what
    # is not acknowledged: a slow statement may take its time.
    patience = {
        "keepalives_idle": "10",
        "keepalives_interval": "5",
        "tcp_user_timeout": "10000",
        "options": FORGETS_CLIENTS,
    }
    options = {"connect_timeout": "5", **patience, **options}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.removeprefix("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(options.pop("port", parts.port or "")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


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
        parts = [*filter(None, map(str.strip, text.split(",")))]
        if not parts:
            raise self.refused(text)
        return tuple(map(self.part, parts))

    def part(self, text: str) -> Any:
        return super().read(text)


class ListedNetworks(Listed):
    def part(self, text: str) -> Any:
        try:
            return ip_network(text)
        except ValueError:
            refused = self.refused(text)
        try:
            of, address = ip_network(text, strict=False), text.partition("/")[0]
        except ValueError:
            raise refused from None
        raise ValueError(
            f"{refused} It has host bits set: use {of} for the network, or {address} "
            "for the address."
        )


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
Keys = Annotated[
    tuple[str, ...],
    Listed(
        r"[\s\S]{20,}",
        "comma-separated keys, each of at least 20 characters",
        is_secret=True,
    ),
]
QUOTED = (
    "with `%23`, `%2F`, `%3F`, and `%40` for `#`, `/`, `?`, and `@` in the password"
)


def options(*names: str, **written: str) -> str:
    """Return the pattern of what may follow a URL; some values must be written so."""
    known = {**dict.fromkeys(names, r"[^\s#&]+"), **written}
    one = "|".join(f"{name}=(?:{value})" for name, value in known.items())
    return rf"(?:\?(?:{one})(?:&(?:{one}))*)?"


OF_POSTGRESQL = options(
    *(one.keyword.decode() for one in Conninfo.get_defaults()),
    connect_timeout="-?[0-9]{1,9}",
    sslmode="disable|allow|prefer|require|verify-ca|verify-full",
)
"""What libpq knows: with any other, each connection fails."""
OF_REDIS = options(
    *("ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile", "ssl_password"),
    ssl_cert_reqs="none|optional|required",
    ssl_check_hostname="true|false",
)
"""What both Celery's client and the cache's take."""
Database = Annotated[
    str,
    Written(
        rf"sqlite:///[^\s?#]+|postgres(?:ql)?://(?:{SERVER}|(?:[^\s/?#@]*@)?)"
        rf"/[^\s/?#]+{OF_POSTGRESQL}",
        f"`sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST:PORT/NAME`, {QUOTED}, "
        "and after the name only options of PostgreSQL's libpq, such as "
        "`?sslmode=require&connect_timeout=5`",
        is_secret=True,
    ),
]
Broker = Annotated[
    str,
    Written(
        rf"(?:redis://{SERVER}(?:/[0-9]{{0,3}})?"
        rf"|rediss://{SERVER}(?:/[0-9]{{0,3}})?{OF_REDIS})",
        f"`redis://HOST:PORT/0`, or `rediss://:PASSWORD@HOST:PORT/0`, {QUOTED}, and "
        "after `rediss://…` only the options `ssl_cert_reqs` (`none`, `optional`, or "
        "`required`), `ssl_check_hostname` (`true` or `false`), `ssl_ca_certs`, "
        "`ssl_ca_path`, `ssl_certfile`, `ssl_keyfile`, and `ssl_password`",
        is_secret=True,
    ),
]
Endpoint = Annotated[
    str,
    Written(
        rf"https?://{HOST}(?::{PORT})?(?:/[\w./~%-]*)?",
        "the emulator's address, such as `http://127.0.0.1:4566`",
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


class Environment(BaseSettings):
    """The environment of this process. An empty value means the default."""

    model_config = SettingsConfigDict(
        case_sensitive=True,
        enable_decoding=False,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        validate_default=False,
    )

    # onboarding/aws and boto3 read these by themselves, and know no other Region.
    AWS_REGION: Region = "us-east-1"
    AWS_ENDPOINT_URL: Endpoint = ""
    SECRET_KEY: Key = ""
    ALLOWED_HOSTS: SiteNames = ()
    SITE_URL: Url = ""
    TRUSTED_PROXIES: Networks = ()
    DATABASE_URL: Database = ""
    OIDC_ISSUER: Issuer = ""
    OIDC_CLIENT_ID: str = ""
    OIDC_CLIENT_SECRET: str = ""
    OIDC_ROLES: str = ""
    OIDC_NAME: str = "single sign-on"
    SAML_METADATA_FILE: str = ""
    SAML_ENTITY_ID: str = ""
    PASSWORDS_FOR: Names = ()
    SECOND_FACTOR: Annotated[str, one_of("optional", "required")] = "optional"
    EMAIL_HOST: Host = ""
    EMAIL_PORT: Port = 587
    EMAIL_HOST_USER: str = ""
    EMAIL_HOST_PASSWORD: str = ""
    DEFAULT_FROM_EMAIL: Email = ""
    SPINNAKER_ALLOWED_HOSTS: Hosts = ()
    TEMPLATES_BUCKET: Bucket = ""
    TEMPLATES_REGION: Region = "us-east-1"
    LOG_FORMAT: Annotated[str, one_of("line", "json")] = "line"
    ACTIVITY_TO_STDOUT: Flag = False
    METRICS_TOKEN: Secret = ""
    METRICS_NETWORKS: Networks = ()
    TLS_ADDRESS: Address = ""
    SECRET_KEY_FALLBACKS: Keys = ()
    HTTPS: Flag = True
    OIDC_GROUPS_CLAIM: str = "groups"
    OIDC_SCOPES: Scopes = "openid profile email"
    SESSION_IDLE_MINUTES: Minutes = 120
    KEEP_CHECKS_DAYS: Days = 90
    KEEP_BUNDLES_DAYS: Days = 0
    VERIFICATION_MAX_AGE: Days = 7
    READ_ORGANIZATION_DAILY: Flag = True
    SPINNAKER_ALLOWED_NETWORKS: Networks = ()
    SPINNAKER_ALLOW_HTTP: Flag = False
    SPINNAKER_SECRET_VARIABLES: VariableNames = ("GATE_TOKEN", "GATE_PASSWORD")
    SPINNAKER_SECRET_DIRECTORY: Folder = "/run/secrets/spinnaker"
    NOTICE_SECRET_VARIABLES: VariableNames = ("SLACK_WEBHOOK_URL", "TEAMS_WEBHOOK_URL")
    NOTICE_SECRET_DIRECTORY: Folder = "/run/secrets/notices"
    NOTICE_HOSTS: Hosts = ()
    NOTICE_NETWORKS: Networks = ()
    EMAIL_USE_TLS: Flag = True
    TEMPLATES_PREFIX: Prefix = "bowline/"
    WEB_THREADS: Threads = 16
    API_RATE: Count = 600
    RUN_THREADS: Count = 32
    SCHEDULE_THREADS: Count = 8
    SCHEDULE_ASSUMES_A_SECOND: Count = 10
    STOP_SECONDS: Count = 15
    REDIS_URL: Broker = "redis://127.0.0.1:6379/0"
    DEBUG: Flag = False
    STATIC_ROOT: str = ""
    LOG_LEVEL: Annotated[
        str, one_of("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    ] = "INFO"

    def secret_key(self) -> str:
        if not self.SECRET_KEY and not self.DEBUG:
            raise ImproperlyConfigured(
                "SECRET_KEY isn't set. It signs sessions, so it must be long, random "
                "and the same for every process: python3 -c 'import secrets; "
                "print(secrets.token_urlsafe(50))'. script/demo makes its own."
            )
        return self.SECRET_KEY or "only-for-debugging"

    def site_url(self) -> str:
        """Return where people open the site, without a slash at the end: by default at
        the first of the names that it answers to. Empty: it has none.
        """
        scheme = "https" if self.HTTPS else "http"
        for host in self.ALLOWED_HOSTS:
            if not self.SITE_URL and re.fullmatch(r"\w[\w.-]*", host, re.ASCII):
                return f"{scheme}://{host}"
        return self.SITE_URL.removesuffix("/")


def read_environment() -> Environment:
    """Read all variables; raise a sentence for each value that can't be."""
    try:
        return Environment()
    except ValidationError as error:
        wrong = [
            f"{one['loc'][0]} {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors()
        ]
    raise ImproperlyConfigured(" ".join(wrong))
