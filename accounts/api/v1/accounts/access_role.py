"""The access role, for whoever makes it: it trusts Bowline alone, so a worker asks STS
first who Bowline is.
"""

from __future__ import annotations

from typing import Any

from ninja import Field, Schema
from ninja.responses import Status

from accounts.api.authentication import OPERATES, ApiRequest
from accounts.api.problems import answer_of, asked_of
from accounts.api.v1.accounts.access import Statement
from accounts.api.v1.accounts.describing import account_named, router
from accounts.api.v1.texts import READ_AGAIN, Name
from accounts.discover.access import just_answered, texts, who_is_bowline
from accounts.discover.questions import seen


class AccessRoleTexts(Schema):
    path: str = Field(description=READ_AGAIN)
    in_progress: bool = Field(
        description="Whether a worker is processing it. Poll until false"
    )
    name: str
    bowline: str = Field(description="Bowline’s own principal, which the role trusts")
    template: str = Field(description="For CloudFormation")
    terraform: str = Field(description="The same as bowline-access.tf.json")
    commands: list[Statement] = Field(description="How to create it in every account")
    own_policy: dict[str, Any] = Field(
        description="What Bowline’s identity needs to assume it"
    )


@router.get(
    "/{name}/access-role",
    auth=OPERATES,
    response={200: AccessRoleTexts, 202: AccessRoleTexts},
    summary="Read how to create an access role",
)
def read_access_role(request: ApiRequest, name: Name) -> Any:
    """Read the template of a role that trusts only Bowline. Until a worker knows who
    Bowline is, the answer is 202.
    """
    account = account_named(name)
    said: dict[str, Any] = {
        "path": f"/accounts/{name}/access-role",
        "in_progress": True,
        "name": "",
        "bowline": "",
        "template": "",
        "terraform": "",
        "commands": [],
        "own_policy": {},
    }
    question = who_is_bowline()
    found = just_answered() or seen(question) or asked_of(question, request.user)
    if found.waits:
        return Status(202, said)
    answer_of(found)
    shown = texts(account, found)
    role, commands = shown["role"], (*shown["commands"], shown["by_itself"])
    return said | {
        "in_progress": False,
        "name": role.name,
        "bowline": role.bowline,
        "template": role.template,
        "terraform": role.terraform,
        "commands": [{"says": one.says, "text": one.text} for one in commands],
        "own_policy": role.own_policy,
    }
