"""Texts in requests that every database takes."""

from __future__ import annotations

from typing import Annotated

from ninja import Field, Path
from pydantic import AfterValidator

from accounts.api.paging import LARGEST
from accounts.runs.deciding.confirmation import LONGEST_ANSWER, UNTESTED
from onboarding import names

READ_AGAIN = "Where to read it again, below /api/v1"
IN_PROGRESS = "Whether a worker is processing it. Poll until false"
NO_NUL = "^[^\\x00]*$"


def seen(text: str) -> str:
    return names.seen(text) if text else text


Comment = Annotated[str, Field(max_length=2000, pattern=NO_NUL), AfterValidator(seen)]
Digest = Annotated[str, Field(min_length=1, max_length=64, pattern=NO_NUL)]
"""Of what was read, and is to be approved."""
AccessTest = Annotated[str, Field(max_length=LONGEST_ANSWER, pattern=NO_NUL)]
"""What verify.sh printed, or a word."""
TEST = Field(
    "",
    description="What verify.sh printed, if a plan removes permissions or trust of an "
    f"evaluated account; or “{UNTESTED}” to continue without a test",
)
Typed = Annotated[str, Field(max_length=100, pattern=NO_NUL)]
"""What is typed to confirm."""
Filter = Annotated[str, Field(max_length=200, pattern=NO_NUL)]
Name = Annotated[str, Path(max_length=60, pattern=f"^{names.ACCOUNT_NAME.pattern}$")]
"""The name of an account in Bowline."""
Number = Annotated[int, Path(ge=1, le=LARGEST)]
