"""`manage.py onboard`, called as a person calls it, and the lines of its file."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import NamedTuple

from django.core.management import call_command

from script.emulated_organization import ACCESS_ROLE, Account


class Ending(NamedTuple):
    code: int
    out: str
    err: str


def entry(account: Account, providers: str = "{ec2: {}}") -> str:
    return (
        f"- {{name: {account.name}, account_id: '{account.account_id}', "
        f"regions: [us-east-1], access_role: {ACCESS_ROLE}, providers: {providers}}}\n"
    )


def onboard(*arguments: object) -> Ending:
    out, err = io.StringIO(), io.StringIO()
    code = 0
    try:
        call_command("onboard", *map(str, arguments), stdout=out, stderr=err)
    except SystemExit as end:
        code = int(end.code or 0)
    return Ending(code, out.getvalue(), err.getvalue())


def approved(file: object, *options: object) -> Ending:
    """Plan, and approve what waits then, with these options."""
    onboard(file, *planning(options))
    return onboard(file, "--approve", *options)


def planning(options: tuple[object, ...]) -> list[object]:
    """Keep the options that planning takes as well."""
    found: list[object] = []
    for option, value in pairwise((*options, None)):
        if option in ("--by", "--threads"):
            found += [option, value]
    return found
