"""The API as a whole: its routers, its problems, and the description of both."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError
from ninja.errors import ValidationError as DoesNotFit
from ninja.operation import Operation
from ninja.renderers import JSONRenderer
from ninja.responses import NinjaJSONEncoder

from accounts.api.authentication import READS
from accounts.api.openapi import Document
from accounts.api.problems import problem_of
from accounts.api.requests import refuse_unknown
from accounts.api.v1 import (
    accounts_file,
    adoptions,
    bundles,
    decisions,
    foreign,
    managing,
    organization,
    overview,
    rollouts,
    runs,
    spinnaker,
)
from accounts.api.v1.accounts import access, clusters, describing
from accounts.people.doors import role_required
from accounts.people.roles import VIEWER
from onboarding import VERSION

PREFIX = "api/v1/"
DESCRIPTION = (
    "The Bowline API. Authenticate each request with a token: `Authorization: Bearer "
    "TOKEN`. Create one in **Your settings → API tokens**. It acts as you, within its "
    "scopes and your roles. Errors have the format of RFC 9457: compare their `code`."
)


class ToTheMicrosecond(NinjaJSONEncoder):
    """Times as they are kept: what was read is sent back to find the same."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if isinstance(o, datetime) else super().default(o)


class Renderer(JSONRenderer):
    encoder_class = ToTheMicrosecond


class Api(NinjaAPI):
    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Name it as its function: short, and the same wherever the module is."""
        return operation.view_func.__name__

    def get_openapi_schema(self, **options: Any) -> Any:
        return Document(self, PREFIX).finished()


api = Api(
    title="Bowline",
    version=VERSION,
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

ADD_TO_ROUTERS = (access, decisions)
"""Their operations are at addresses of others: import them before routers are added.
"""

api.add_router("/overview", overview.router, tags=["Overview"])
api.add_router("/managing-account", managing.router, tags=["Managing account"])
api.add_router("/organization", organization.router, tags=["Organization"])
api.add_router("/accounts", describing.router, tags=["Accounts"])
api.add_router("/evaluated-accounts", describing.accepting, tags=["Accounts"])
api.add_router("/accounts-file", accounts_file.router, tags=["Accounts file"])
api.add_router("/adoptions", adoptions.router, tags=["Existing Spinnaker"])
api.add_router("/clusters", clusters.router, tags=["Clusters"])
api.add_router("/runs/same", rollouts.identical, tags=["Runs"])
api.add_router("/runs", runs.router, tags=["Runs"])
api.add_router("/bundles/next", bundles.upcoming, tags=["Bundles"])
api.add_router("/bundles", bundles.router, tags=["Bundles"])
api.add_router("/rollouts", rollouts.router, tags=["Rollouts"])
api.add_router("/foreign-policies/alike", foreign.alike, tags=["Policies of others"])
api.add_router("/foreign-policies", foreign.router, tags=["Policies of others"])
api.add_router("/deliveries", spinnaker.deliveries, tags=["Deliveries"])
api.add_router("/spinnaker", spinnaker.router, tags=["Spinnaker"])
api.add_router("/activity", overview.activity, tags=["Activity"])
refuse_unknown(api)
