"""An AWS that does something else than it was asked, and says that it is done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.strict_aws.answer import Answer
from tests.strict_aws.proxy import Behaviour, StrictAws
from tests.strict_aws.request import Request

XML = {"Content-Type": "text/xml"}


@dataclass
class AlteredDocument(Behaviour):
    """A policy document is stored with other statements than were sent."""

    operation: str
    name: str
    """What carries the document."""
    statements: list[Mapping[str, Any]]
    """In place of its own; next to them where `widens`."""
    widens: bool = True

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        sent = dict(request.parameters)
        if request.operation != self.operation or self.name not in sent.values():
            return None
        parameter = next(name for name in sent if name.endswith("PolicyDocument"))
        document = json.loads(sent[parameter])
        kept = document["Statement"] if self.widens else []
        document["Statement"] = [*kept, *self.statements]
        sent[parameter] = json.dumps(document)
        sent.pop("Version", None)
        body = aws.as_root(aws.account(request), self.operation, **sent)
        return Answer(200, XML, body)


@dataclass
class Swallowed(Behaviour):
    """Writes are answered as if they were done, and nothing is."""

    operation: str
    calls: list[str] = field(default_factory=list)

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        if request.operation != self.operation:
            return None
        self.calls.append(request.text)
        name = f"{self.operation}Response"
        body = f"<{name}><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"
        return Answer(200, XML, f"{body}</{name}>".encode())
