"""Every variable that Bowline reads when it starts: its type and its default.

.env.example says what each is for; docs/reference/settings.md is made of both.
"""

from __future__ import annotations

import re
from typing import Annotated

from django.core.exceptions import ImproperlyConfigured
from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bowline.environment.values import (
    Address,
    Broker,
    Bucket,
    Count,
    Database,
    Days,
    Email,
    Flag,
    Folder,
    Host,
    Hosts,
    Issuer,
    Key,
    Minutes,
    Names,
    Networks,
    Port,
    Prefix,
    Region,
    Scopes,
    Secret,
    SiteNames,
    Threads,
    Url,
    VariableNames,
    one_of,
)


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
    SECRET_KEY_FALLBACKS: Names = ()
    HTTPS: Flag = True
    OIDC_GROUPS_CLAIM: str = "groups"
    OIDC_SCOPES: Scopes = "openid profile email"
    SESSION_IDLE_MINUTES: Minutes = 120
    KEEP_CHECKS_DAYS: Days = 90
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
