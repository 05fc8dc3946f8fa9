"""The first version of the API. What it promises stands in its OpenAPI document."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.parser import Parser

from openrapport_web.api.scopes import SCOPES
from openrapport_web.api.v1 import caseload, marks, meetings, own, sessions
from openrapport_web.api.v1.door import PerToken, on_their_clock
from openrapport_web.api.v1.problems import answer_problems

__all__ = ["api"]

_ABOUT = (
    "Read and write what the pages show, as the person whose token you send. What that person may not "
    "see does not exist (404). A change carries the version that you saw; if somebody else was faster, the "
    "answer is 409 with the newer version, and nothing is changed. Every look at content and every change "
    "stands in the practice's log."
)


class OneOfEach(Parser):
    """Refuses an object that says something twice: which of the two was meant?"""

    def parse_body(self, request: HttpRequest) -> Any:
        return json.loads(request.body, object_pairs_hook=_once, parse_constant=_no_number)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    once = dict(pairs)
    if len(once) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return once


def _no_number(_: str) -> None:
    raise ValueError("NaN and Infinity are not JSON")


class Api(NinjaAPI):
    """Names operations after their functions, and says in the document which scope each needs."""

    def get_openapi_operation_id(self, operation: Any) -> str:
        return str(operation.view_func.__name__)

    def get_openapi_schema(self, **options: Any) -> Any:
        document = super().get_openapi_schema(**options)
        for operations in document["paths"].values():
            for operation in operations.values():
                scope = operation["x-scope"]
                operation["summary"] = operation["description"].partition(".")[0]
                operation["security"] = [{"Token": [scope] if scope else []}]
        said = "; ".join(f"{scope} ({words})" for scope, (words, _) in SCOPES.items())
        document["components"]["securitySchemes"] = {
            "Token": {
                "type": "http",
                "scheme": "bearer",
                "description": f"Made by a person under “Access for programs”. Scopes: {said}.",
            }
        }
        return document


api = Api(
    title="OpenRapport",
    version="1",
    description=_ABOUT,
    urls_namespace="api",
    docs_url=None,
    parser=OneOfEach(),
    throttle=[PerToken()],
)
answer_problems(api)
api.add_decorator(on_their_clock)
for router in (
    own.me,
    caseload.router,
    meetings.meetings,
    meetings.notes,
    sessions.router,
    marks.marks,
    marks.shares,
    own.consents,
    own.place,
    own.audit,
):
    api.add_router("", router)
