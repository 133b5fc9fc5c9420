"""The API as a whole: its routers, its problems, and the description of both."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError
from ninja.errors import ValidationError as DoesNotFit
from ninja.openapi.schema import OpenAPISchema
from ninja.renderers import JSONRenderer
from ninja.responses import NinjaJSONEncoder

from accounts.api.authentication import READS
from accounts.api.problems import CONTENT_TYPE, problem_of
from accounts.api.v1 import (
    accounts_file,
    activity,
    clusters,
    decisions,
    deliveries,
    managing,
    overview,
    runs,
    same_plans,
    spinnaker,
)
from accounts.api.v1.accounts import (
    access,
    access_role,
    describing,
    external_id,
    hand_offs,
    keeping,
    permissions,
    versions,
)
from accounts.api.v1.bundles import building, deltas, files
from accounts.api.v1.bundles import preview as next_bundle
from accounts.api.v1.bundles import reading as bundles
from accounts.api.v1.foreign import alike as foreign_alike
from accounts.api.v1.foreign import policies as foreign_policies
from accounts.api.v1.organization import hand_offs as of_organization
from accounts.api.v1.organization import members, units
from accounts.api.v1.rollouts import deciding as rollouts
from accounts.api.v1.rollouts import report
from accounts.people.doors import role_required
from accounts.people.roles import VIEWER

PREFIX = "api/v1/"
CHANGES = ("post", "put", "patch", "delete")

DESCRIPTION = (
    "Programs do here what people do on Bowline’s pages. Send a token with each "
    "request: `Authorization: Bearer TOKEN`. Create one on your page, under API "
    "tokens: it acts as you, within its scopes and your roles. Errors have the format "
    "of RFC 9457."
)

PROBLEMS = {
    400: "The body is not valid JSON.",
    401: "The token is missing or not valid.",
    403: "The token’s scope or your role does not allow it, or another person must "
    "decide.",
    404: "Not found.",
    405: "This path does not support the method.",
    409: "The request conflicts with the current state.",
    413: "The body is too large.",
    422: "The request does not fit this description, or breaks a rule.",
    429: "There were too many requests this minute.",
    500: "Bowline itself failed.",
}

PROBLEM = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "The sentence that a page shows"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["message"],
                "properties": {
                    "at": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}


class ToTheMicrosecond(NinjaJSONEncoder):
    """Times as they are kept: what was read is sent back to find the same."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if isinstance(o, datetime) else super().default(o)


class Renderer(JSONRenderer):
    encoder_class = ToTheMicrosecond


class Api(NinjaAPI):
    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """Describe the operations, with the problems that each can answer with."""
        schema = super().get_openapi_schema(path_prefix=PREFIX)
        schema["components"]["schemas"]["Problem"] = PROBLEM
        schema["components"]["responses"] = {
            f"Problem{status}": {
                "description": said,
                "content": {
                    CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}
                },
            }
            for status, said in PROBLEMS.items()
        }
        for operations in schema["paths"].values():
            for method, operation in operations.items():
                for status in problems_for(method, operation):
                    operation["responses"].setdefault(
                        status, {"$ref": f"#/components/responses/Problem{status}"}
                    )
        return schema


def problems_for(method: str, operation: dict[str, Any]) -> list[int]:
    """List the problems that an operation can answer with."""
    found = [401, 403, 404, 405, 409, 422, 429, 500]
    return [*found, 400, 413] if method in CHANGES else found


api = Api(
    title="Bowline",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    auth=READS,
    renderer=Renderer(),
    docs_decorator=role_required(VIEWER),
)


def answer(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    assert isinstance(error, Exception)
    return problem_of(request, error)


for kind in (Exception, Http404, HttpError, DoesNotFit):
    api.add_exception_handler(kind, answer)

ADD_TO_ROUTERS = (
    *(access, access_role, external_id, hand_offs, keeping, permissions, versions),
    *(building, decisions, deltas, files, of_organization, report, units),
)
"""Their operations are at addresses of others: import them before routers are added.
"""

api.add_router("/overview", overview.router, tags=["Overview"])
api.add_router("/managing-account", managing.router, tags=["Managing account"])
api.add_router("/organization", members.router, tags=["Organization"])
api.add_router("/accounts", describing.router, tags=["Accounts"])
api.add_router("/accounts-file", accounts_file.router, tags=["Accounts file"])
api.add_router("/clusters", clusters.router, tags=["Clusters"])
api.add_router("/runs/same", same_plans.router, tags=["Runs"])
api.add_router("/runs", runs.router, tags=["Runs"])
api.add_router("/bundles/next", next_bundle.router, tags=["Bundles"])
api.add_router("/bundles", bundles.router, tags=["Bundles"])
api.add_router("/rollouts", rollouts.router, tags=["Rollouts"])
api.add_router(
    "/foreign-policies/alike", foreign_alike.router, tags=["Policies of others"]
)
api.add_router(
    "/foreign-policies", foreign_policies.router, tags=["Policies of others"]
)
api.add_router("/deliveries", deliveries.router, tags=["Deliveries"])
api.add_router("/spinnaker", spinnaker.router, tags=["Spinnaker"])
api.add_router("/activity", activity.router, tags=["Activity"])
