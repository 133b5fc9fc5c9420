"""Every answer of AWS is counted, by few words, whatever it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ClientError, EndpointConnectionError

from onboarding.aws.session import Credentials, Sessions
from onboarding.aws.shared_clients import counted_error
from onboarding.aws_calls import ANSWERS, Answer

BUSY = b"<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>"
ROLES = b"<ListRolesResponse><ListRolesResult/></ListRolesResponse>"


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    ANSWERS.take()
    yield
    ANSWERS.take()


class Body:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.content


def answering(monkeypatch: pytest.MonkeyPatch, *answers: tuple[int, bytes]) -> None:
    left = iter(answers)

    def send(_: object, request: AWSPreparedRequest) -> AWSResponse:
        status, content = next(left)
        headers = {"Content-Type": "text/xml"}
        return AWSResponse(request.url, status, headers, Body(content))

    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", send)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)


def iam() -> Any:
    return Sessions("test").client_with(Credentials("AKID", "key", ""), "iam")


def test_what_boto3_asks_again_is_counted_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answering(monkeypatch, (400, BUSY), (400, BUSY), (200, ROLES))

    iam().list_roles()

    assert ANSWERS.take() == Counter(
        {Answer("iam:ListRoles", "Throttling"): 2, Answer("iam:ListRoles", ""): 1}
    )


def test_a_refusal_is_counted_by_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, (403, BUSY.replace(b"Throttling", b"AccessDenied")))

    with pytest.raises(ClientError):
        iam().list_roles()

    assert ANSWERS.take() == Counter([Answer("iam:ListRoles", "AccessDenied")])


def test_silence_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://iam.example.com")

    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", refuse)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)

    with pytest.raises(EndpointConnectionError):
        iam().list_roles()

    assert {*ANSWERS.take()} == {Answer("iam:ListRoles", "no answer")}


@pytest.mark.parametrize(
    ("code", "status", "word"),
    [
        ("AccessDenied", 403, "AccessDenied"),
        ('Made"Up\n{} 1', 400, "other"),
        ("", 400, "other"),
        ("InternalFailure", 500, "server error"),
    ],
)
def test_whatever_is_written_as_a_code_is_one_of_few_words(
    code: str, status: int, word: str
) -> None:
    answer = {
        "Error": {"Code": code},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }

    assert counted_error(answer) == word


def test_an_answer_without_an_error_is_none() -> None:
    assert counted_error({"Roles": []}) == ""
