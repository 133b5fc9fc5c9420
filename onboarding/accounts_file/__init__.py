"""Read accounts.yaml: every error with its line, or values and nothing half read.

Scalars are read as the text that is written, so an account id keeps its zeros.
"""

from __future__ import annotations

from dataclasses import dataclass

from onboarding.accounts_file.managed import (
    WrittenAccount,
    read_accounts,
    refuse_twins,
)
from onboarding.accounts_file.managing import read_managing
from onboarding.accounts_file.reader import FileProblems, Problem, Reader
from onboarding.bounded_yaml import BadYaml, composed, decoded
from onboarding.topology import Managing

__all__ = ["AccountsFile", "FileProblems", "read"]


@dataclass(frozen=True, slots=True)
class AccountsFile:
    managing: Managing | None
    trusts_bowline: bool
    accounts: tuple[WrittenAccount, ...]
    managing_line: int = 1


def read(content: bytes, *, partition: str = "aws") -> AccountsFile:
    """Read the file; raise FileProblems with every problem in it.

    The partition counts where the file leaves the managing account out.
    """
    try:
        root = composed(decoded(content))
    except BadYaml as error:
        raise FileProblems([Problem(error.line or 1, error.sentence)]) from error
    if root is None:
        raise FileProblems([Problem(1, "The file is empty.")])
    reader = Reader()
    parts = reader.mapping(root, "The file", ("managing", "accounts"))
    managing, trusts, line = None, True, 1
    if "managing" in parts:
        line = parts["managing"].start_mark.line + 1
        managing, trusts = read_managing(reader, parts["managing"])
        partition = managing.partition
    accounts = read_accounts(reader, parts.get("accounts"), partition)
    refuse_twins(reader, accounts)
    if reader.problems:
        raise FileProblems(reader.problems)
    return AccountsFile(managing, trusts, accounts, line)
