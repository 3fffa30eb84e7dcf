"""Our own OpenAPI description of the REST endpoints."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pydantic.json_schema import models_json_schema

from gateway.http.responses import JSON
from gateway.rest.models import BulkOperationRes, BulkTopicSnapshotReq, ErrorRes, HTTPValidationError

BULK_SNAPSHOT_PATH = "/topics/bulk/snapshot"
OPENAPI_PATH = "/openapi.json"


@cache
def describe() -> dict[str, Any]:
    """Return the description, OpenAPI 3.1, as JSON values."""
    models = [
        (model, "validation") for model in (BulkTopicSnapshotReq, BulkOperationRes, HTTPValidationError, ErrorRes)
    ]
    _, schemas = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Topicsnap REST API",
            "version": _version(),
            "description": "The REST twin of one GraphQL mutation. Everything else is at `/graphql`.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {BULK_SNAPSHOT_PATH: {"post": _bulk_snapshot()}, OPENAPI_PATH: {"get": _openapi()}},
        "components": {"schemas": schemas["$defs"]},
    }


def _bulk_snapshot() -> dict[str, Any]:
    return {
        "operationId": "bulkSnapshotTopics",
        "tags": ["Topics"],
        "summary": "Snapshot the selected topics",
        "description": "Finds the source connectors that write the topics, and signals each of them for just those "
        "topics, all at once. One source that fails does not stop the others.",
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "A second call with this key sends nothing and answers what the first one did.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
            }
        ],
        "requestBody": {"required": True, "content": _content("BulkTopicSnapshotReq")},
        "responses": {
            "200": _response("What was done, for each source.", "BulkOperationRes"),
            "400": _response("The header and the body contradict each other.", "ErrorRes"),
            "401": _response("No valid bearer token, where authentication is on.", "ErrorRes"),
            "405": _response("Another method than POST.", "ErrorRes"),
            "413": _response("The body is larger than the gateway takes.", "ErrorRes"),
            "415": _response("The body is not application/json.", "ErrorRes"),
            "422": _response("The request cannot be carried out; nothing was done.", "HTTPValidationError"),
            "500": _response(
                "An unexpected error; see the server log. Send the request again with the same key.", "ErrorRes"
            ),
            "503": _response("The gateway's database does not answer.", "ErrorRes"),
            "504": _response(
                "No answer in time. What has begun goes on: send the request again with the same key.", "ErrorRes"
            ),
        },
    }


def _openapi() -> dict[str, Any]:
    return {
        "operationId": "describe",
        "tags": ["Description"],
        "summary": "This description",
        "responses": {"200": {"description": "OpenAPI 3.1.", "content": {JSON: {"schema": {"type": "object"}}}}},
    }


def _response(description: str, model: str) -> dict[str, Any]:
    return {"description": description, "content": _content(model)}


def _content(model: str) -> dict[str, Any]:
    return {JSON: {"schema": {"$ref": f"#/components/schemas/{model}"}}}


def _version() -> str:
    try:
        return version("topicsnap")
    except PackageNotFoundError:
        return "0"
