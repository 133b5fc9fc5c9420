"""What is never kept of a source: only that it is there, or the reference that names
where it lies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

SECRET_KEY = re.compile(
    r"password|passwd|passphrase|secret|token|accesskey|privatekey|clientkey|apikey"
    r"|kubeconfigcontents|clientcertificate|credential|authorization|cookie",
    re.IGNORECASE,
)
"""In a key's name, without its dashes and underscores."""
SECRET_VALUE = re.compile(
    r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|-----BEGIN "
    r"|(?<![\w-])(?=([\w-]*?)\beyJ[\w-]{8})[\w-]++\."
    r"|://[^/\s@:]*+:[^/\s@]++@"
    r"|\b(gh[pousr]_|xox[abprs]-|spk_|glpat-|k8s-aws-v1\.)[\w-]{6}"
    r"|(password|passwd|secret|token|client-key-data)[\"']?\s*[=:]\s*\S"
    r"|\bbearer\s+\S",
    re.IGNORECASE,
)
"""It is tried on text of others, so no part of it starts over what another try has
passed: the work grows as the text does."""
AWS_SECRET = re.compile(
    r"(?<![\w/+=.:-])(?=[\w/+]*[a-z])(?=[\w/+]*[A-Z])(?=[\w/+]*[0-9])[A-Za-z0-9/+]{40}"
    r"(?![\w/+=.:-])"
)
"""What a secret access key looks like."""
REFERENCE = re.compile(
    r"(encrypted(File)?:|secret(File)?://|configserver:)[^\s]{1,500}|\$\{[\w.-]{1,200}\}"
)


LONGEST = 64 * 1024
"""Characters of a value that is looked at; the longest that is carried is shorter."""


@dataclass(frozen=True, slots=True)
class Secret:
    """That there is one, or what refers to it."""

    reference: str = ""

    def __str__(self) -> str:
        return self.reference or "a secret, which isn't shown"


def is_secret_key(key: str) -> bool:
    return bool(SECRET_KEY.search(re.sub(r"[-_.]", "", key)))


def hidden(text: str) -> Secret:
    """Return what may be kept of a secret."""
    return Secret(text if REFERENCE.fullmatch(text) else "")


def looks_secret(text: str) -> bool:
    """Return whether it may be a secret; what no field needs is taken for one."""
    if len(text) > LONGEST:
        return True
    if REFERENCE.fullmatch(text):
        return False
    return bool(SECRET_VALUE.search(text) or AWS_SECRET.search(text))


def masked(key: str, value: Any) -> Any:
    """Return a value with every secret in it replaced, however nested."""
    match value:
        case dict() if not is_secret_key(key):
            return {
                "a key that isn't shown" if looks_secret(name) else name: masked(
                    name, inner
                )
                for name, inner in value.items()
            }
        case list() if not is_secret_key(key):
            return [
                Secret() if is_variable(inner) else masked(key, inner)
                for inner in value
            ]
        case bool() | None:
            return value
        case str():
            if is_secret_key(key):
                return hidden(value) if value else value
            return Secret() if looks_secret(value) else value
    return Secret() if is_secret_key(key) else value


def holds_secret(value: Any) -> bool:
    match value:
        case dict():
            return any(map(holds_secret, value.values()))
        case list():
            return any(map(holds_secret, value))
    return isinstance(value, Secret)


def is_variable(item: Any) -> bool:
    """Return whether it is an environment variable, whose value is often secret."""
    return isinstance(item, dict) and {"name", "value"} <= item.keys()
