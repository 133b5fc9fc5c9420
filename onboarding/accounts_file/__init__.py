"""Read an accounts file, YAML or CSV: every error with its line, or values and nothing
half read.

Scalars are read as the text that is written, so an account id keeps its zeros.
"""

from __future__ import annotations

from dataclasses import dataclass

from onboarding.accounts_file.managed import (
    WrittenAccount,
    read_accounts,
    read_managing,
    read_spinnaker,
    refuse_twins,
)
from onboarding.accounts_file.reader import FileProblems, Problem, Reader
from onboarding.accounts_file.spreadsheet import SAVE_AS, rows_as_nodes, wrong_format
from onboarding.bounded_yaml import NOT_UTF_8, BadYaml, composed, decoded
from onboarding.delivery.connection import Connection
from onboarding.topology import Managing

__all__ = ["AccountsFile", "FileProblems", "read"]

EMPTY = "The file is empty."


@dataclass(frozen=True, slots=True)
class AccountsFile:
    managing: Managing | None
    trusts_bowline: bool
    accounts: tuple[WrittenAccount, ...]
    managing_line: int = 1
    spinnaker: Connection | None = None
    spinnaker_line: int = 1


def read_accounts_file(
    content: bytes, *, partition: str = "aws", csv: bool = False
) -> AccountsFile:
    """Read the file; raise FileProblems with every problem in it.

    The partition counts where the file leaves the managing account out, as CSV does.
    """
    reader = Reader()
    file = (read_csv if csv else read_yaml)(reader, content, partition)
    refuse_twins(reader, file.accounts)
    if reader.problems:
        raise FileProblems(reader.problems)
    return file


def read_yaml(reader: Reader, content: bytes, partition: str) -> AccountsFile:
    try:
        root = composed(decoded(content))
    except BadYaml as error:
        raise FileProblems([Problem(error.line or 1, error.sentence)]) from error
    if root is None:
        raise FileProblems([Problem(1, EMPTY)])
    parts = reader.mapping(root, "The file", ("managing", "spinnaker", "accounts"))
    managing, trusts, line = None, True, 1
    if "managing" in parts:
        line = parts["managing"].start_mark.line + 1
        managing, trusts = read_managing(reader, parts["managing"])
        partition = managing.partition
    accounts = read_accounts(reader, parts.get("accounts"), partition)
    if "spinnaker" not in parts:
        return AccountsFile(managing, trusts, accounts, line)
    node = parts["spinnaker"]
    described, place = read_spinnaker(reader, node), node.start_mark.line + 1
    return AccountsFile(managing, trusts, accounts, line, described, place)


def read_csv(reader: Reader, content: bytes, partition: str) -> AccountsFile:
    if other := wrong_format(content):
        raise FileProblems([Problem(1, other)])
    try:
        text = decoded(content)
    except BadYaml as error:
        hint = f" {SAVE_AS}" if error.sentence == NOT_UTF_8 else ""
        sentence = f"{error.sentence}{hint}"
        raise FileProblems([Problem(error.line or 1, sentence)]) from error
    if not text.strip():
        raise FileProblems([Problem(1, EMPTY)])
    rows = rows_as_nodes(reader, text)
    return AccountsFile(None, True, read_accounts(reader, rows, partition))
