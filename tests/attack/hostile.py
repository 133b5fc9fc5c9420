"""Text that tries to become more than text, and an AWS that answers with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from botocore.model import Shape

PLANTED = "planted"
"""An element, an attribute, a path and a tag of templates that no page has."""

HOSTILE = (
    f"<{PLANTED}>\"'><i {PLANTED}=1 hx-get=/{PLANTED} hx-trigger=load></title>"
    f"</textarea></script>{{{{ x }}}}{{% {PLANTED} %}}\u202egnp.exe\u200b\x7f"
)
HARMLESS = "harmless" + re.sub("[^ -]", "!", HOSTILE)[len("harmless") :]
"""As long, with its breaks, and no name that any rule takes either."""

SHORT = len(f"<{PLANTED}>")
"""So much of it where there is no room for more."""

ACCOUNT_ID = "922222222222"
FIXED: dict[str, Any] = {
    "Account": ACCOUNT_ID,
    "IsTruncated": False,
    "Marker": "",
    "NextToken": "",
    "nextToken": "",
}
"""What AWS's own rules keep from being any text, by name."""


def answer_of(shape: Shape | None, text: str, name: str = "") -> Any:
    """Make an answer of AWS in which every free text is the given one."""
    if name in FIXED:
        return FIXED[name]
    if shape is None:
        return {}
    match shape.type_name:
        case "structure":
            members = shape.members.items()
            return {key: answer_of(member, text, key) for key, member in members}
        case "list":
            return [answer_of(shape.member, text)]
        case "map":
            return {text: answer_of(shape.value, text)}
        case "string":
            return shape.enum[0] if shape.enum else text
        case "timestamp":
            return datetime.now(UTC) + timedelta(hours=1)
        case "boolean":
            return True
        case "blob":
            return text.encode()
        case _:
            return 1


def aws_answers(patch: pytest.MonkeyPatch, text: str) -> None:
    """Let every call of AWS succeed, and answer with the text wherever it can."""

    def answer(client: BaseClient, operation: str, _: Any) -> Any:
        return answer_of(
            client.meta.service_model.operation_model(operation).output_shape, text
        )

    become_aws(patch, answer)


def aws_refuses(patch: pytest.MonkeyPatch, text: str) -> None:
    """Let every call of AWS fail with the text as its message."""

    def answer(client: BaseClient, operation: str, _: Any) -> Any:
        raise ClientError(
            {"Error": {"Code": "AccessDenied", "Message": text}}, operation
        )

    become_aws(patch, answer)


def become_aws(
    patch: pytest.MonkeyPatch, answer: Callable[[BaseClient, str, Any], Any]
) -> None:
    patch.setenv("AWS_ACCESS_KEY_ID", "AKIDPLANTED")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "planted")
    patch.setattr(BaseClient, "_make_api_call", answer)
