"""What moto does not know, or says differently from AWS, put right in front of it."""

from __future__ import annotations

import json
from xml.sax.saxutils import escape

from tests.strict_aws.answer import Answer
from tests.strict_aws.proxy import Behaviour, StrictAws, send
from tests.strict_aws.request import Request

NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"


class Simulator(Behaviour):
    """Allows all that is simulated; moto answers 500."""

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        if request.operation != "SimulatePrincipalPolicy":
            return None
        actions = [
            value
            for name, value in request.parameters.items()
            if name.startswith("ActionNames.member.")
        ]
        members = "".join(
            f"<member><EvalActionName>{escape(action)}</EvalActionName>"
            "<EvalDecision>allowed</EvalDecision></member>"
            for action in actions
        )
        body = (
            f'<SimulatePrincipalPolicyResponse xmlns="{NAMESPACE}">'
            "<SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated>"
            f"<EvaluationResults>{members}</EvaluationResults>"
            "</SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
        )
        return Answer(200, {"Content-Type": "text/xml"}, body.encode())


class JsonIsJson(Behaviour):
    """Says that JSON is JSON; moto says that Lambda answers web pages."""

    def changed(self, request: Request, answer: Answer, aws: StrictAws) -> Answer:
        if "json" not in request.protocol:
            return answer
        others = {k: v for k, v in answer.headers.items() if k != "Content-Type"}
        headers = {**others, "Content-Type": "application/json"}
        return answer._replace(headers=headers)


class TwentyMembersAPage(Behaviour):
    """Gives members of an organization as AWS does; moto puts 100 into a page."""

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        if request.operation != "ListAccounts":
            return None
        scope = f"{request.key}/20260101/{request.region}/organizations/aws4_request"
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, "
            "SignedHeaders=host, Signature=0",
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "AWSOrganizationsV20161128.ListAccounts",
        }
        asked = json.dumps({**request.parameters, "MaxResults": 20})
        answer = send(aws.upstream, "POST", "/", headers, asked.encode())
        return answer._replace(headers={"Content-Type": headers["Content-Type"]})
