"""What Spinnaker, AWS and a shell all take as a name, and sentences for the rest."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

UNSEEN = (
    r"\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f"
    r"\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\u2800\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""What a page draws as nothing, or draws other text by: controls but tabs and line
breaks, directions of writing, joiners, fillers, selectors and tags of Unicode.
"""
INVISIBLE = re.compile(f"[{UNSEEN}]")


def visible(text: str) -> str:
    """Write each invisible character as its number: ‹U+202E›."""
    return INVISIBLE.sub(lambda found: f"‹U+{ord(found[0]):04X}›", text)


def one_line(text: str) -> str:
    """Write line breaks as numbers, too: no text becomes a line of its own."""
    return visible(text).replace("\n", "‹U+000A›").replace("\r", "‹U+000D›")


@dataclass(frozen=True, slots=True)
class NameFormat:
    """A pattern for the whole of a name, and the rule in words."""

    regex: re.Pattern[str]
    rule: str

    @property
    def pattern(self) -> str:
        return self.regex.pattern

    def __call__(self, value: str) -> str:
        """Return a name that is in it; raise BadName."""
        if not (isinstance(value, str) and self.regex.fullmatch(value)):
            raise BadName(str(value), self.rule)
        for text in replaced(value):
            raise BadName(text, REPLACED_RULE)
        return value


ACCOUNT_NAME = NameFormat(
    re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}"),
    "Use 1 to 60 letters, digits or any of “._-”, and begin with a letter or a digit: "
    "Spinnaker's cache keys break on anything else.",
)
ENVIRONMENT = NameFormat(
    re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}"),
    "Use 1 to 60 letters, digits or any of “._-”, and begin with a letter or a digit.",
)
ROLE_NAME = NameFormat(
    re.compile(r"[A-Za-z0-9_+=,.@-]{1,64}"),
    "Use 1 to 64 letters, digits or any of “+=,.@_-”.",
)
PATH_AND_ROLE = NameFormat(
    re.compile(rf"(?=.{{1,576}}\Z)([A-Za-z0-9_+=,.@-]+/)*{ROLE_NAME.pattern}"),
    "Enter the role's name, or its path and name, like spinnaker/deploy, without "
    "“role/”, its ARN or a “/” before it.",
)
PASSED_ROLE = NameFormat(
    re.compile(rf"(?=.{{1,512}}\Z)/([A-Za-z0-9_+=,.@-]+/)*{ROLE_NAME.pattern}"),
    "Enter the role's path and name, like /web or /teams/web, without “role” or its "
    "ARN.",
)
EXTERNAL_ID = NameFormat(
    re.compile(r"(?!(?i:true|false|yes|no|on|off)\Z)[A-Za-z0-9+=,.@:/_-]{2,1224}"),
    "Use 2 to 1,224 letters, digits or any of “+=,.@:/_-”, and no word that means true "
    "or false.",
)
SESSION_NAME = NameFormat(
    re.compile(r"[A-Za-z0-9_+=,.@-]{2,64}"),
    "Use 2 to 64 letters, digits or any of “+=,.@_-”.",
)
ORGANIZATION = NameFormat(
    re.compile(r"o-[a-z0-9]{10,32}"),
    "An organization ID looks like o-a1b2c3d4e5.",
)
FIAT_ROLE = NameFormat(
    re.compile(rf"(?!-)[^,\t\n\r{UNSEEN}]{{1,100}}"),
    "A role has 1 to 100 characters, without commas, control characters or invisible "
    "characters. It must not begin with “-”, which hal reads as an option.",
)
IDENTITY_ARN = NameFormat(
    re.compile(
        r"arn:(?P<partition>aws|aws-us-gov|aws-cn):iam::(?P<account>\d{12}):"
        r"(?P<kind>role|user)/(?P<name>[\w+=,.@/-]{1,512})",
        re.ASCII,
    ),
    "Enter the full ARN of a role or user, as `aws iam get-role` prints it. The ARN of "
    "a session isn't valid.",
)
BOUNDARY_ARN = NameFormat(
    re.compile(
        r"arn:(aws|aws-us-gov|aws-cn):iam::(aws|\d{12}):policy/[\w+=,.@/-]{1,512}",
        re.ASCII,
    ),
    "Give the whole ARN of a managed policy, like the one that `aws iam get-policy` "
    "prints.",
)
KMS_KEY = NameFormat(
    re.compile(r"mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "Give a KMS key's id, like 1234abcd-12ab-34cd-56ef-1234567890ab or mrk-… with 32 "
    "digits; neither its ARN nor an alias.",
)
KMS_KEY_ARN = NameFormat(
    re.compile(
        r"arn:(?P<partition>aws|aws-us-gov|aws-cn):kms:(?P<region>[a-z0-9-]{1,30}):"
        rf"(?P<account>\d{{12}}):key/(?:{KMS_KEY.pattern})",
        re.ASCII,
    ),
    "Enter the full ARN of a KMS key, as `aws kms describe-key` prints it. An alias "
    "isn't valid.",
)
ROLES_PATH = NameFormat(
    re.compile(r"(?=.{3,512}\Z)(/[A-Za-z0-9_][A-Za-z0-9_+=,.@-]*)+/"),
    "A path begins and ends with “/” and names a folder, like “/spinnaker/”. With “/” "
    "alone, Spinnaker could pass every role, including its own.",
)
KEY_PAIR = NameFormat(
    re.compile(r"[A-Za-z0-9]([A-Za-z0-9 _.+=:/@-]{0,253}[A-Za-z0-9_.+=:/@-])?"),
    "Use 1 to 255 letters, digits, spaces or any of “_.+=:/@-”, and begin with a "
    "letter or a digit.",
)
BUCKET = NameFormat(
    re.compile(r"(?!.*\.\.)(?![0-9.]+\Z)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"),
    "A bucket's name has 3 to 63 of a–z, 0–9, “.” and “-”, and begins and ends with a "
    "letter or a digit. Give the name only, without “s3://” and without a folder.",
)
CLUSTER = NameFormat(
    re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}"),
    "A cluster's name has 1 to 100 letters, digits, “-” or “_”, and begins with a "
    "letter or a digit.",
)
NAMESPACE = NameFormat(
    re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"),
    "A namespace has 1 to 63 of a–z, 0–9 and “-”, and neither begins nor ends with "
    "“-”.",
)
SERVICE_ACCOUNT = NameFormat(
    re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?"),
    "A service account's name has 1 to 253 of a-z, 0-9, “-” and “.”, and begins and "
    "ends with a letter or a digit.",
)

REPLACED = re.compile(
    r"\s*(encrypted(File)?:|secret(File)?://|configserver:)|.*[$#]\{",
    re.IGNORECASE | re.DOTALL,
)
"""What Spinnaker reads as a reference to a secret, a file or a setting. Roles are
delivered in lower case, so the case does not matter.
"""
REPLACED_RULE = (
    "Spinnaker would put something else in its place. A text must not begin with "
    "“encrypted:”, “encryptedFile:”, “secret://”, “secretFile://” or “configserver:”, "
    "or contain “${” or “#{”."
)
ACCOUNT_ID_RULE = "An AWS account ID has 12 digits; spaces and dashes are ignored."
CALCULATED_ID = re.compile(r"\d+([.,]\d+)?E\+?\d+|\d+[.,]0+", re.IGNORECASE | re.ASCII)
CALCULATED_ID_RULE = (
    "A spreadsheet saved the account ID as a number. Format its column as text, and "
    "enter the 12 digits again."
)
SHORTENED_ID_RULE = (
    "An AWS account ID has 12 digits, and this one has {}. Spreadsheets remove leading "
    "zeros: format the column as text, and enter the ID again."
)
SEEN_RULE = (
    "It contains invisible characters, shown here by their code points. Type the value "
    "instead of pasting it."
)
CHAIN_ROLE_RULE = (
    "Clouddriver takes a role whose name contains “aws-cn” or “aws-us-gov” for one of "
    "that partition, and asks the wrong STS."
)


LONGEST_QUOTED = 600
"""As long as the longest ARN that is asked for."""


def short(text: str, longest: int = 60) -> str:
    """Cut what is quoted in a sentence, where it is too long for one."""
    return text if len(text) <= longest else text[:longest] + "…"


def counted(count: int, one: str) -> str:
    """Write a count with its noun: “1 account”, “2,000 accounts”."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def some(names: Sequence[str], most: int = 3) -> str:
    """Name the first ones, and count the rest: “a, b and 3 more”."""
    more = len(names) - most
    named = ", ".join(names[:most])
    return f"{named} and {more:,} more" if more > 0 else named


class BadName(ValueError):
    """A name that cannot be right; the message quotes it and says what can."""

    def __init__(self, value: str, rule: str) -> None:
        quoted = short(value, LONGEST_QUOTED)
        super().__init__(f"“{quoted}” isn't valid. {rule}")


def replaced(value: Any) -> Iterator[str]:
    """Yield each text, however nested, that Spinnaker would not read as itself."""
    match value:
        case str():
            if REPLACED.match(value):
                yield value
        case Mapping():
            for item in value.items():
                yield from replaced(item)
        case list() | tuple():
            for item in value:
                yield from replaced(item)
        case _ if is_dataclass(value):
            for field in fields(value):
                yield from replaced(getattr(value, field.name))


def seen(value: str) -> str:
    """Refuse text that holds what nobody sees."""
    if INVISIBLE.search(value):
        raise BadName(visible(value), SEEN_RULE)
    return value


def any_case(name: str) -> str:
    """Return what all spellings of a name have in common: two accounts never differ
    only in upper and lower case.
    """
    return name.lower()


def account_name_from(text: str, *, longest: int = 60) -> str:
    """Make an account's name of any text, as near to it as can be; empty where none of
    its letters can be in one.
    """
    spread = unicodedata.normalize("NFKD", text.casefold())
    plain = re.sub(r"['’]", "", spread).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return name[:longest].rstrip("-")


def chain_role(value: str) -> str:
    """Check the name of a role that Clouddriver assumes."""
    if "aws-cn" in value or "aws-us-gov" in value:
        raise BadName(value, CHAIN_ROLE_RULE)
    return ROLE_NAME(value)


def chain_role_in_path(value: str) -> str:
    """Check the name of such a role, with or without its path."""
    PATH_AND_ROLE(value)
    if value.startswith("role/"):
        raise BadName(value, PATH_AND_ROLE.rule)
    chain_role(value.rpartition("/")[2])
    if value != value.replace("aws-cn", "").replace("aws-us-gov", ""):
        raise BadName(value, CHAIN_ROLE_RULE)
    return value


def fiat_role(value: str) -> str:
    return FIAT_ROLE(value.strip())


def account_id(value: str) -> str:
    """Return the 12 digits, without the spaces and dashes that people write."""
    digits = re.sub(r"[\s-]", "", value)
    if CALCULATED_ID.fullmatch(value):
        raise BadName(value, CALCULATED_ID_RULE)
    if re.fullmatch(r"\d{8,11}", value, re.ASCII):
        raise BadName(value, SHORTENED_ID_RULE.format(len(value)))
    if not re.fullmatch(r"\d{12}", digits, re.ASCII):
        raise BadName(value, ACCOUNT_ID_RULE)
    return digits
