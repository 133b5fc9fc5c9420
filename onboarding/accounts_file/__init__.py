"""Read accounts.yaml: every error with its line, or values and nothing half read.

Scalars are read as the text that stands there, so an account id keeps its zeros.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import yaml

from onboarding.accounts_file.managed import (
    WrittenAccount,
    read_accounts,
    refuse_twins,
)
from onboarding.accounts_file.managing import read_managing
from onboarding.accounts_file.reader import Problem, Reader
from onboarding.topology import Managing

LARGEST = 20_000_000
"""Bytes; 10,000 accounts take about four million."""


class FileProblems(ValueError):
    """The file cannot be used; `problems` are all that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(f"{p.line}: {p.message}" for p in self.problems))


@dataclass(frozen=True, slots=True)
class AccountsFile:
    managing: Managing | None
    trusts_bowline: bool
    accounts: tuple[WrittenAccount, ...]


def read(text: str, *, partition: str = "aws") -> AccountsFile:
    """Read the file; raise FileProblems with every problem in it.

    The partition counts where the file leaves the managing account out.
    """
    if len(text) > LARGEST:
        raise FileProblems([Problem(1, "The file is over 20 MB.")])
    try:
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise FileProblems([Problem(line, f"Not YAML: {error.problem}.")]) from error
    except yaml.YAMLError as error:
        raise FileProblems([Problem(1, f"Not YAML: {error}")]) from error
    if root is None:
        raise FileProblems([Problem(1, "The file is empty.")])
    reader = Reader()
    parts = reader.mapping(root, "The file", ("managing", "accounts"))
    managing, trusts = None, True
    if "managing" in parts:
        managing, trusts = read_managing(reader, parts["managing"])
        partition = managing.partition
    accounts = read_accounts(reader, parts.get("accounts"), partition)
    refuse_twins(reader, accounts)
    if reader.problems:
        raise FileProblems(reader.problems)
    return AccountsFile(managing, trusts, accounts)
