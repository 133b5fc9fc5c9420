"""Names that the details hold, each with its form in AWS, Kubernetes or Spinnaker."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

from onboarding import names
from onboarding.details import DetailsError


class Format(NamedTuple):
    """A pattern for the whole of a name, and the rule in words."""

    pattern: re.Pattern[str]
    rule: str


ACCOUNT = Format(names.ACCOUNT_NAME, names.ACCOUNT_NAME_RULE)
ROLE = Format(names.ROLE_NAME, names.ROLE_NAME_RULE)
ROLES_PATH = Format(
    re.compile(r"(?=.{3,512}\Z)(/[A-Za-z0-9_][A-Za-z0-9_+=,.@-]*)+/"),
    "A path begins and ends with “/” and names a folder, like “/spinnaker/”. “/” alone "
    "would let Spinnaker hand out every role, its own among them.",
)
KEY_PAIR = Format(
    re.compile(r"[A-Za-z0-9]([A-Za-z0-9 _.+=:/@-]{0,253}[A-Za-z0-9_.+=:/@-])?"),
    "Use 1 to 255 letters, digits, spaces or any of “_.+=:/@-”, and begin with a "
    "letter or a digit.",
)
BUCKET = Format(
    re.compile(r"(?!.*\.\.)(?![0-9.]+\Z)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"),
    "A bucket's name has 3 to 63 of a–z, 0–9, “.” and “-”, and begins and ends with a "
    "letter or a digit. Give the name only, without “s3://” and without a folder.",
)
KMS_KEY = Format(names.KMS_KEY, names.KMS_KEY_RULE)
CLUSTER = Format(
    re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}"),
    "A cluster's name has 1 to 100 letters, digits, “-” or “_”, and begins with a "
    "letter or a digit.",
)
NAMESPACE = Format(
    re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"),
    "A namespace has 1 to 63 of a–z, 0–9 and “-”, and neither begins nor ends with "
    "“-”.",
)


def require(field: str, wanted: Format, *values: str) -> None:
    """Raise DetailsError for the first value that is not in this format."""
    for value in values:
        if not (isinstance(value, str) and wanted.pattern.fullmatch(value)):
            raise DetailsError(field, f"“{value}” cannot be used. {wanted.rule}")


def require_one_of(field: str, known: Iterable[str], value: str) -> None:
    if value not in known:
        raise DetailsError(
            field, f"“{value}” cannot be used. Choose one of {', '.join(known)}."
        )


def require_at_most(
    field: str, most: int, values: Collection[str], *, called: str
) -> None:
    if len(values) > most:
        raise DetailsError(
            field,
            f"{len(values)} {called} are too many for one policy: name {most} at most.",
        )


def require_no_doubles(field: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise DetailsError(field, f"“{value}” is listed twice.")
        seen.add(value)
