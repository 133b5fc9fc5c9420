"""KMS keys of another account, of which the emulator knows nothing."""

from __future__ import annotations

import json
from typing import Any

from tests.strict_aws.answer import Answer
from tests.strict_aws.delays import denied, session_of
from tests.strict_aws.policies import is_met, speaks
from tests.strict_aws.proxy import Behaviour, StrictAws, send
from tests.strict_aws.request import Request

AUTO_SCALING = "/AWSServiceRoleForAutoScaling"


class KeysOfOthers(Behaviour):
    """KMS takes grants from another account where the policy of the key allows it, to
    the principal that `kms:GranteePrincipal` names there, and grants for a
    service-linked role from that role's account only.
    """

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        key = str(request.parameters.get("KeyId", ""))
        if request.service != "kms" or not key.startswith("arn:"):
            return None
        account, owner = aws.account(request), key.split(":")[4]
        role = str(request.parameters.get("GranteePrincipal", ""))
        theirs = role.endswith(AUTO_SCALING) and role.split(":")[4] != account
        if request.operation == "CreateGrant" and theirs:
            return self.refused(request, account)
        if owner == account:
            return None
        if not self.allowed(self.policy(request, aws, owner), request, account):
            return self.refused(request, account)
        # The emulator knows the keys of the account that asks, and no others.
        return self.as_root(owner, request, aws, request.parameters)

    def refused(self, request: Request, account: str) -> Answer:
        why = (
            f" on resource: {request.parameters['KeyId']} because no resource-based "
            f"policy allows the kms:{request.operation} action"
        )
        who = session_of(account, "Access")
        return denied(f"kms:{request.operation}", who, why).answer(request)

    def policy(self, request: Request, aws: StrictAws, owner: str) -> dict[str, Any]:
        asked = {"KeyId": request.parameters["KeyId"], "PolicyName": "default"}
        answer = self.as_root(owner, request, aws, asked, operation="GetKeyPolicy")
        if not answer.done:
            return {"Statement": []}
        policy: dict[str, Any] = json.loads(json.loads(answer.body)["Policy"])
        return policy

    def allowed(self, policy: dict[str, Any], request: Request, account: str) -> bool:
        action, key = f"kms:{request.operation}", str(request.parameters["KeyId"])
        context = {"kms:calleraccount": account}
        if grantee := request.parameters.get("GranteePrincipal"):
            context["kms:granteeprincipal"] = str(grantee)
        return any(
            statement["Principal"]["AWS"] == f"arn:aws:iam::{account}:root"
            and speaks(statement, action, key)
            and is_met(statement, context)
            for statement in policy["Statement"]
        )

    def as_root(
        self,
        owner: str,
        request: Request,
        aws: StrictAws,
        parameters: dict[str, Any],
        *,
        operation: str = "",
    ) -> Answer:
        scope = f"Credential={owner}/20260101/{request.region}/kms/aws4_request"
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, "
            "Signature=0",
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"TrentService.{operation or request.operation}",
        }
        return send(aws.upstream, "POST", "/", headers, json.dumps(parameters).encode())
