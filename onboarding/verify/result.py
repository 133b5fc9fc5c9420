"""What a check found: how far it got, and, where it was refused, what refused it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from onboarding.checks import Outcome

COMPARED = "resources"
"""In the place of a provider: what exists was compared with what was approved."""


class Located(StrEnum):
    """Where a refusal comes from, in the API's words."""

    OUR_POLICY = "our policy"
    """What Bowline grants to Spinnaker's identity or to the managed role."""
    THEIR_POLICY = "their policy"
    """What somebody else attached to the same role."""
    THEIR_TRUST = "their trust"
    CONDITION = "a condition"
    BOUNDARY = "a boundary"
    HIGHER_UP = "denied higher up"
    """All that can be read in both accounts allows it."""
    ABSENT = "not there"
    OWNER = "the owner's side"
    """Of an account whose owner makes the roles: AWS does not say more."""
    BOWLINE = "Bowline itself"
    """AWS does not know it or does not answer it: nothing is known of the account."""


IN_WORDS: dict[str, str] = {
    Located.OUR_POLICY: "Bowline's policy",
    Located.THEIR_POLICY: "a policy that isn't Bowline's",
    Located.THEIR_TRUST: "the role's trust policy",
    Located.CONDITION: "a condition",
    Located.BOUNDARY: "the permissions boundary",
    Located.HIGHER_UP: "a policy that Bowline can't read",
    Located.ABSENT: "something that doesn't exist",
    Located.OWNER: "the owner's side",
    Located.BOWLINE: "Bowline itself",
}
"""What pages and commands call each; a check may also hold none, or an earlier one."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why AWS refuses: which document decides, in which line, and what fixes it."""

    located: Located
    sentence: str
    fix: str
    document: str = ""
    """JSON, a line for each value; empty where no document can be shown."""
    line: int = 0
    """The line that decides, counted from 1."""
    change: str = ""
    """A command or a document that fixes it, to be copied."""
    certain: bool = True
    """False: it may be this, but the document alone does not tell."""


def unsettled(cause: Cause, what: str) -> Cause:
    """Say that it may be AWS's delay: Bowline wrote it a moment ago."""
    return replace(
        cause,
        sentence=f"Bowline has just written {what}, and AWS might not show it as it is "
        f"yet. {cause.sentence}",
        fix=f"Verify again in a few minutes. If it is still so: {cause.fix}",
        change="",
        certain=False,
    )


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found, in a sentence, and what fixes it."""

    provider: str
    name: str
    outcome: Outcome
    sentence: str = ""
    fix: str = ""
    seconds: float = 0.0
    located: str = ""
    document: str = ""
    line: int = 0
    change: str = ""
    unknown_writes: int = 0
    """How many of the calls that it is about may be allowed or denied."""
    undeployable: str = ""
    """The region in which nothing can be deployed, as something is missing there."""
    as_spinnaker: bool = False
    """Whether it was called as Spinnaker's identity or as the managed role."""

    def because(self, cause: Cause | None) -> Result:
        """Add why; the cause's own sentence follows what was tried."""
        if cause is None:
            return self
        return replace(
            self,
            sentence=f"{self.sentence} {cause.sentence}".strip(),
            fix=cause.fix,
            located=cause.located,
            document=cause.document,
            line=cause.line,
            change=cause.change,
        )


Path = Sequence[str | int]
"""The keys and positions that lead to a value of a document."""


def printed_document(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)


def line_of(document: Any, path: Path) -> int:
    """Count the line on which the value at the path begins, once it is printed."""
    marked = deepcopy(document)
    *way, last = path
    inner = marked
    for key in way:
        inner = inner[key]
    inner[last] = MARK
    before, _, _ = printed_document(marked).partition(MARK)
    return before.count("\n") + 1


def lower_first(text: str) -> str:
    """Write it so that it can follow other words of a sentence."""
    return text[:1].lower() + text[1:]


def deploy_again(account: str) -> str:
    """Say what fixes an account whose owner makes the roles."""
    return f"Deploy the template that was handed off again, in account {account}."


MARK = "❖"
"""No policy holds it: IAM takes Latin letters only."""


def command(*words: str, **documents: Any) -> str:
    """Write a command of the AWS CLI; keywords are options that hold a document."""
    written = ["aws", *(shlex.quote(word) for word in words)]
    for option, document in documents.items():
        text = json.dumps(document, ensure_ascii=False)
        written.append(f"--{option.replace('_', '-')} {shlex.quote(text)}")
    return " ".join(written)
