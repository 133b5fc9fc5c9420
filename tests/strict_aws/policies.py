"""Policy documents, as AWS reads them: what they allow, and under which condition."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import unquote

from tests.strict_aws.proxy import StrictAws

Statement = Mapping[str, Any]
VARIABLE = re.compile(r"\$\{([^}]+)\}")
OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "ArnEquals": lambda known, wanted: fnmatchcase(known, wanted),
    "ArnLike": lambda known, wanted: fnmatchcase(known, wanted),
    "Bool": lambda known, wanted: known == wanted.lower(),
    "DateGreaterThan": lambda known, wanted: known > wanted,
    "DateLessThan": lambda known, wanted: known < wanted,
    "IpAddress": lambda known, wanted: ip_address(known) in ip_network(wanted),
    "NumericGreaterThan": lambda known, wanted: float(known) > float(wanted),
    "NumericLessThan": lambda known, wanted: float(known) < float(wanted),
    "StringEquals": lambda known, wanted: known == wanted,
    "StringEqualsIgnoreCase": lambda known, wanted: known.lower() == wanted.lower(),
    "StringLike": lambda known, wanted: fnmatchcase(known, wanted),
}
ALL, ANY, NOT = "ForAllValues:", "ForAnyValue:", "Not"
IF_EXISTS = "IfExists"


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def speaks(statement: Statement, action: str, resource: str) -> bool:
    """Tell whether it allows the action on the resource, under a condition or none."""
    return statement["Effect"] == "Allow" and concerns(statement, action, resource)


def concerns(statement: Statement, action: str, resource: str) -> bool:
    """Tell whether it is about the action on the resource, under whatever condition."""
    if "NotAction" in statement:
        of_action = not among(action.lower(), statement["NotAction"], lower=True)
    else:
        of_action = among(action.lower(), statement["Action"], lower=True)
    if "NotResource" in statement:
        return of_action and not among(resource, statement["NotResource"])
    return of_action and among(resource, statement.get("Resource", "*"))


def among(value: str, patterns: Any, *, lower: bool = False) -> bool:
    return any(
        fnmatchcase(value, pattern.lower() if lower else pattern)
        for pattern in listed(patterns)
    )


def is_met(statement: Statement, context: Mapping[str, str]) -> bool:
    """Tell whether all its conditions are met; what is not in the context is not."""
    return all(
        one_is_met(operator, context.get(key.lower()), wanted, context)
        for operator, block in statement.get("Condition", {}).items()
        for key, wanted in block.items()
    )


def one_is_met(
    operator: str, known: str | None, wanted: Any, context: Mapping[str, str]
) -> bool:
    if operator == "Null":
        return (known is None) == (str(wanted).lower() == "true")
    if known is None:
        if operator.endswith(IF_EXISTS) or operator.startswith(ALL):
            return True
        return NOT in operator and not operator.startswith(ANY)
    plain = operator.removeprefix(ALL).removeprefix(ANY).removesuffix(IF_EXISTS)
    compare = OPERATORS[plain.replace(NOT, "")]
    return (NOT in plain) != any(
        compare(known, filled(str(one), context)) for one in listed(wanted)
    )


def filled(text: str, context: Mapping[str, str]) -> str:
    """Write the values of policy variables; one without a value equals nothing."""
    return VARIABLE.sub(lambda found: context.get(found[1].lower(), "\0"), text)


def names(statement: Statement, key: str) -> bool:
    return key in keys(statement)


def keys(statement: Statement) -> set[str]:
    blocks = statement.get("Condition", {}).values()
    return {name.lower() for block in blocks for name in block}


def statements(aws: StrictAws, account: str, kind: str, name: str) -> list[Statement]:
    """Read all that a Role or a User is allowed."""
    found = [s for text in documents(aws, account, kind, name) for s in of(text)]
    return [statement for statement in found if "Action" in statement]


def of(document: str) -> list[Statement]:
    return listed(json.loads(unquote(document))["Statement"])


def boundary(
    aws: StrictAws, account: str, kind: str, name: str
) -> list[Statement] | None:
    """Read its permissions boundary; None: it has none."""
    described = aws.as_root(account, f"Get{kind}", **{f"{kind}Name": name}).decode()
    for arn in all_of("PermissionsBoundaryArn", described):
        return [s for text in managed(aws, account, arn) for s in of(text)]
    return None


def all_of(element: str, answer: str) -> list[str]:
    return re.findall(rf"<{element}>(.*?)</{element}>", answer, re.DOTALL)


def managed(aws: StrictAws, account: str, arn: str) -> list[str]:
    found = aws.as_root(account, "GetPolicy", PolicyArn=arn).decode()
    (version,) = all_of("DefaultVersionId", found)
    given = {"PolicyArn": arn, "VersionId": version}
    return all_of(
        "Document", aws.as_root(account, "GetPolicyVersion", **given).decode()
    )


def documents(aws: StrictAws, account: str, kind: str, name: str) -> Iterator[str]:
    def read(operation: str, what: str, **given: str) -> list[str]:
        return all_of(what, aws.as_root(account, operation, **given).decode())

    holder = {f"{kind}Name": name}
    for arn in read(f"ListAttached{kind}Policies", "PolicyArn", **holder):
        yield from managed(aws, account, arn)
    for policy in read(f"List{kind}Policies", "member", **holder):
        given = {"PolicyName": policy, **holder}
        yield from read(f"Get{kind}Policy", "PolicyDocument", **given)
