"""Answers, and AWS's refusals as each protocol words them."""

from __future__ import annotations

import json
from typing import NamedTuple
from xml.sax.saxutils import escape

from tests.strict_aws.request import Request


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def done(self) -> bool:
        return self.status < 300


class Refusal(NamedTuple):
    """A code of AWS with its status; the protocol decides how it is written."""

    code: str
    message: str
    status: int = 400

    def answer(self, request: Request) -> Answer:
        return WRITERS[request.protocol](self)


def query(refusal: Refusal) -> Answer:
    error = (
        f"<Type>Sender</Type><Code>{refusal.code}</Code>"
        f"<Message>{escape(refusal.message)}</Message>"
    )
    body = f"<ErrorResponse><Error>{error}</Error><RequestId>1</RequestId>"
    return xml(refusal, f"{body}</ErrorResponse>")


def ec2(refusal: Refusal) -> Answer:
    error = f"<Code>{refusal.code}</Code><Message>{escape(refusal.message)}</Message>"
    body = f"<Response><Errors><Error>{error}</Error></Errors>"
    return xml(refusal, f"{body}<RequestID>1</RequestID></Response>")


def xml(refusal: Refusal, body: str) -> Answer:
    return Answer(refusal.status, {"Content-Type": "text/xml"}, body.encode())


def json_error(refusal: Refusal) -> Answer:
    body = json.dumps({"__type": refusal.code, "message": refusal.message})
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    return Answer(refusal.status, headers, body.encode())


def rest_json(refusal: Refusal) -> Answer:
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": refusal.code}
    body = json.dumps({"message": refusal.message})
    return Answer(refusal.status, headers, body.encode())


WRITERS = {
    "query": query,
    "ec2": ec2,
    "json": json_error,
    "rest-json": rest_json,
}
