"""What Spinnaker, AWS and a shell all take as a name, and sentences for the rest."""

from __future__ import annotations

import re
import unicodedata

ACCOUNT_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?")
ROLE_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{1,64}")
ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
FIAT_ROLE = re.compile(r"(?!-)(?!.*\$\{)[^\x00-\x1f\x7f]{1,100}")
IDENTITY_ARN = re.compile(
    r"arn:(?P<partition>aws|aws-us-gov|aws-cn):iam::(?P<account>\d{12}):"
    r"(?P<kind>role|user)/(?P<name>[\w+=,.@/-]{1,512})",
    re.ASCII,
)
BOUNDARY_ARN = re.compile(
    r"arn:(aws|aws-us-gov|aws-cn):iam::(aws|\d{12}):policy/[\w+=,.@/-]{1,512}",
    re.ASCII,
)
KMS_KEY = re.compile(r"mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
KMS_KEY_ARN = re.compile(
    r"arn:(?P<partition>aws|aws-us-gov|aws-cn):kms:(?P<region>[a-z0-9-]{1,30}):"
    rf"(?P<account>\d{{12}}):key/(?:{KMS_KEY.pattern})",
    re.ASCII,
)

ACCOUNT_NAME_RULE = (
    "Use 1 to 60 of a–z, 0–9 and “-”, and neither begin nor end with “-”: "
    "Spinnaker's cache keys break on anything else."
)
ACCOUNT_ID_RULE = "An AWS account id has 12 digits; spaces and dashes do not matter."
ROLE_NAME_RULE = "Use 1 to 64 letters, digits or any of “+=,.@_-”."
ORGANIZATION_RULE = "An organization id looks like o-a1b2c3d4e5."
IDENTITY_ARN_RULE = (
    "Give the whole ARN of a role or user, like "
    "the one that `aws iam get-role` prints; a session's ARN is not one."
)
BOUNDARY_ARN_RULE = (
    "Give the whole ARN of a managed policy, like the one that `aws iam get-policy` "
    "prints."
)
KMS_KEY_RULE = (
    "Give a KMS key's id, like 1234abcd-12ab-34cd-56ef-1234567890ab or mrk-… with 32 "
    "digits; neither its ARN nor an alias."
)
KMS_KEY_ARN_RULE = (
    "Give the whole ARN of a KMS key, like the one that `aws kms describe-key` prints; "
    "no alias."
)
FIAT_ROLE_RULE = (
    "A role has 1 to 100 characters, none of them a control character. hal cannot be "
    "told one that begins with “-”, and Spring would replace “${”."
)
CHAIN_ROLE_RULE = (
    "Clouddriver takes a role whose name contains “aws-cn” or “aws-us-gov” for one of "
    "that partition, and asks the wrong STS."
)


class BadName(ValueError):
    """A name that cannot be right; the message quotes it and says what can."""

    def __init__(self, value: str, rule: str) -> None:
        super().__init__(f"“{value}” cannot be used. {rule}")


def matching(pattern: re.Pattern[str], value: str, rule: str) -> str:
    if not pattern.fullmatch(value):
        raise BadName(value, rule)
    return value


def account_name(value: str) -> str:
    return matching(ACCOUNT_NAME, value, ACCOUNT_NAME_RULE)


def account_name_from(text: str, *, longest: int = 60) -> str:
    """Make an account's name of any text, as near to it as can be; empty where none of
    its letters can stand in one.
    """
    spread = unicodedata.normalize("NFKD", text.casefold())
    plain = re.sub(r"['’]", "", spread).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return name[:longest].rstrip("-")


def role_name(value: str) -> str:
    return matching(ROLE_NAME, value, ROLE_NAME_RULE)


def chain_role(value: str) -> str:
    """Check the name of a role that Clouddriver assumes."""
    if "aws-cn" in value or "aws-us-gov" in value:
        raise BadName(value, CHAIN_ROLE_RULE)
    return role_name(value)


def organization(value: str) -> str:
    return matching(ORGANIZATION, value, ORGANIZATION_RULE)


def identity_arn(value: str) -> str:
    return matching(IDENTITY_ARN, value, IDENTITY_ARN_RULE)


def boundary_arn(value: str) -> str:
    return matching(BOUNDARY_ARN, value, BOUNDARY_ARN_RULE)


def kms_key_arn(value: str) -> str:
    return matching(KMS_KEY_ARN, value, KMS_KEY_ARN_RULE)


def fiat_role(value: str) -> str:
    return matching(FIAT_ROLE, value.strip(), FIAT_ROLE_RULE)


def account_id(value: str) -> str:
    """Return the 12 digits, without the spaces and dashes that people write."""
    digits = re.sub(r"[\s-]", "", value)
    if not re.fullmatch(r"\d{12}", digits, re.ASCII):
        raise BadName(value, ACCOUNT_ID_RULE)
    return digits
