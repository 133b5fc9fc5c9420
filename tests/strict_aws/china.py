"""The emulator as if it were in the partition aws-cn: it knows ARNs of `aws` only."""

from __future__ import annotations

import re

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.strict_aws.answer import Answer
from tests.strict_aws.proxy import Behaviour, Sent, StrictAws
from tests.strict_aws.request import SCOPE, Request

WORDS = {
    "arn:aws-cn:": "arn:aws:",
    "arn%3Aaws-cn%3A": "arn%3Aaws%3A",
    "cn-northwest-1": "us-west-2",
    "cn-north-1": "us-east-1",
}
"""What is said in China, and what the emulator calls it."""
GIVEN = re.compile(
    r"<AccessKeyId>(.+?)</AccessKeyId>\s*<SecretAccessKey>(.+?)</SecretAccessKey>\s*"
    r"<SessionToken>(.+?)</SessionToken>"
)
OF_SIGNATURES = ("authorization", "x-amz-date", "x-amz-security-token")


class China(Behaviour):
    """Translates what is asked and answered, and signs again what it has changed."""

    def __init__(self, access_key: str, secret_key: str) -> None:
        self.keys = {access_key: Credentials(access_key, secret_key)}

    def sent(self, sent: Sent) -> Sent:
        headers = {name: heard(value) for name, value in sent.headers.items()}
        body = heard(sent.body.decode("latin-1")).encode("latin-1")
        return self.signed(Sent(sent.method, heard(sent.path), headers, body))

    def signed(self, sent: Sent) -> Sent:
        scope = SCOPE.search(sent.headers.get("Authorization", ""))
        if scope is None or scope[1] not in self.keys:  # of an account's root
            return sent
        key, region, service = scope.groups()
        headers = {
            name: value
            for name, value in sent.headers.items()
            if name.lower() not in OF_SIGNATURES
        }
        url = f"http://{sent.headers['Host']}{sent.path}"
        request = AWSRequest(sent.method, url, headers, sent.body)
        SigV4Auth(self.keys[key], service, region).add_auth(request)
        return sent._replace(headers=dict(request.headers.items()))

    def changed(self, request: Request, answer: Answer, aws: StrictAws) -> Answer:
        text = answer.body.decode("latin-1")
        if given := GIVEN.search(text):
            self.keys[given[1]] = Credentials(*given.groups())
        for theirs, ours in WORDS.items():
            text = text.replace(ours, theirs)
        return answer._replace(body=text.encode("latin-1"))


def heard(text: str) -> str:
    for theirs, ours in WORDS.items():
        text = text.replace(theirs, ours)
    return text
