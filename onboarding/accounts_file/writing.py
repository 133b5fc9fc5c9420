"""Write accounts as a file that the reader takes: the same columns, as YAML or CSV.

Only what differs from the defaults is written, and nothing that was looked up in AWS.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from itertools import islice
from typing import Any

import yaml

from onboarding.accounts_file.managed import ADOPTED_FROM, RENAMED_FROM, WrittenAccount
from onboarding.accounts_file.spreadsheet import BY_KEY, COLUMNS, csv_row
from onboarding.description.fields import FIELDS, Kind
from onboarding.description.values import (
    Description,
    completed,
    has,
    read_back,
    spelled,
)
from onboarding.providers import PROVIDERS
from onboarding.providers.base import providers_of
from onboarding.topology import (
    ExistingIdentity,
    Identity,
    InstanceRole,
    Managing,
)

Written = dict[str, Any]
"""An account, or the managing one, in the keys of the file."""

AT_ONCE = 100
"""The accounts that one call of YAML's writer writes: it holds their nodes."""


class FileDumper(yaml.CSafeDumper):
    """Writes out what comes twice: no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def account_written(account: Description) -> Written:
    columns, made_by = account.columns, account.columns["made_by"]
    said = (
        one
        for one in FIELDS
        if has(made_by, one)
        and (one.default is None or columns[one.name] != one.default)
    )
    chosen_of = {
        one.key: chosen(one.choices()) for one in providers_of(account.managed)
    }
    return {**spelled(columns, said), "providers": chosen_of}


def file_written(account: WrittenAccount) -> Written:
    """Write all that a file says of an account, not only how it is described."""
    written = account_written(account)
    if account.renamed_from:
        written[RENAMED_FROM] = account.renamed_from
    if account.adopted_from is not None:
        written[ADOPTED_FROM] = dict(account.adopted_from)
    return written


def written_account(written: Mapping[str, Any], line: int) -> WrittenAccount:
    """Return the value of what `file_written` gave."""
    providers = tuple(
        PROVIDERS[key].from_details(details)
        for key, details in written["providers"].items()
    )
    return WrittenAccount(
        completed(read_back(written)),
        providers,
        line,
        written.get(RENAMED_FROM, ""),
        written.get(ADOPTED_FROM),
    )


def chosen(details: Any) -> dict[str, Any]:
    """Return the fields that differ from their defaults, as JSON."""
    return {
        one.name: as_written(getattr(details, one.name))
        for one in fields(details)
        if one.default is MISSING or getattr(details, one.name) != one.default
    }


def as_written(value: Any) -> Any:
    if isinstance(value, tuple):
        return [as_written(one) for one in value]
    return chosen(value) if is_dataclass(value) else value


def managing_written(managing: Managing, *, trusts_bowline: bool) -> Written:
    """Return the managing account, without what is at its default."""
    usual = Managing("", "")
    plain = ("partition", "access_role", "managed_role", "base_role")
    bakes = ("bakes", "image_keys") if managing.bakes else ()
    more = ("made_by", "trust_organization", "boundary", "ami_owner")
    differing = {
        name: as_written(getattr(managing, name))
        for name in (*plain, *more, *bakes)
        if getattr(managing, name) != getattr(usual, name)
    }
    written: Written = {
        "name": managing.name,
        "account_id": managing.account_id,
        "identity": identity_written(managing.identity),
        **differing,
    }
    if managing.organization:
        written["assume"] = {"organization": managing.organization}
    if not trusts_bowline:
        written["trusts_bowline"] = False
    return written


def identity_written(identity: Identity) -> Written:
    match identity:
        case InstanceRole(name=name):
            return {"instance_role": name}
        case ExistingIdentity(arn=arn):
            return {"existing": arn}
        case pod:
            keys = ("name", "cluster", "region", "namespace", "service_account")
            return {"pod_role": {key: getattr(pod, key) for key in keys}}


def yaml_text(managing: Written | None, accounts: Iterable[Written]) -> str:
    parts = {"managing": managing} if managing else {}
    return "".join(yaml_lines(parts, accounts))


def yaml_lines(parts: Written, accounts: Iterable[Written]) -> Iterator[str]:
    """Write the accounts as they come, after these other parts of the file."""
    left = iter(accounts)
    some = list(islice(left, AT_ONCE))
    yield dumped({**parts, "accounts": some})
    while some := list(islice(left, AT_ONCE)):
        yield dumped(some)


def dumped(value: Any, *, flow: bool | None = None) -> str:
    text: str = yaml.dump(
        value,
        Dumper=FileDumper,
        allow_unicode=True,
        default_flow_style=flow,
        sort_keys=False,
        width=10**6 if flow else 100,
    )
    return text


def csv_text(accounts: Iterable[Written]) -> str:
    """Write a row an account, so that a spreadsheet keeps every cell as it is."""
    return "".join(csv_lines(accounts))


def csv_lines(accounts: Iterable[Written]) -> Iterator[str]:
    yield csv_row(COLUMNS)
    for written in accounts:
        yield csv_row(cell(written, column) for column in COLUMNS)


def cell(written: Written, column: str) -> str:
    if column in PROVIDERS:
        if column not in written["providers"]:
            return ""
        details = written["providers"][column]
        return in_one_line(details) if details else "yes"
    if column == "account_id":
        return in_groups(written[column])
    value: Any = written
    for key in BY_KEY[column].keys:
        value = value.get(key, {})
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict) or BY_KEY[column].kind is Kind.NAMES:
        return quoted(value) if value else ""
    return separated(value) if isinstance(value, list) else str(value or "")


def in_groups(account_id: str) -> str:
    """Write an id as AWS's console does: no spreadsheet takes it for a number."""
    return "-".join((account_id[:4], account_id[4:8], account_id[8:]))


def separated(values: list[str]) -> str:
    """Separate by `;`, or write as in YAML where a value could be taken for several."""
    text = ";".join(values)
    unclear = text.startswith("[") or any(";" in value for value in values)
    return quoted(values) if unclear else text


def quoted(value: Any) -> str:
    """Write JSON that no reader of a cell takes for YAML's anchors and aliases."""
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("&", "\\u0026").replace("*", "\\u002a")


def in_one_line(value: Any) -> str:
    return dumped(value, flow=True).strip()
