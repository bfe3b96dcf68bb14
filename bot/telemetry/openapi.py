"""The description of the door for machines: OpenAPI 3.1, made from the models that check."""

from typing import Any

from bot import __version__
from bot.telemetry.body import PushBody
from bot.telemetry.calendar_door import CALENDAR_PATH as CALENDAR
from bot.telemetry.runs_door import RunReport
from bot.telemetry.wire import MINUTES_PATH
from bot.telemetry.wire import RUNS_PATH as RUNS

_REFUSALS = {
    400: "The body is malformed.",
    401: "The token is missing or unknown.",
    403: "The token belongs to another host.",
    408: "The body came too slowly.",
    409: "The version is another one, or the delivery is refused.",
    413: "The body is larger than 256 KiB.",
    415: "The body is not plain application/json.",
    429: "Too many deliveries; Retry-After says when to come back.",
    503: "The delivery cannot be stored now; Retry-After says when to come back.",
}


def openapi() -> dict[str, Any]:
    """The document of GET /openapi.json."""
    body = PushBody.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = {
        **body.pop("$defs", {}),
        "Push": body,
        "Report": RunReport.model_json_schema(),
        "Runs": _RUNS,
        "Known": _KNOWN,
        "Receipt": _RECEIPT,
        "Error": _ERROR,
        "Health": _HEALTH,
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Valet's door", "version": __version__},
        "paths": {
            MINUTES_PATH: {"post": _post()},
            RUNS: {"get": _ask_runs()},
            RUNS + "/{run_id}": {"post": _tell_run()},
            CALENDAR + "/{secret}.ics": {"get": _calendar()},
            "/healthz": {
                "get": {
                    "summary": "Whether the bot can do its work.",
                    "responses": {"200": _json("It can.", "Health"), "503": _json("It cannot.", "Health")},
                }
            },
            "/metrics": {"get": _metrics()},
            "/openapi.json": {"get": _text("This document.", "application/json")},
        },
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


_ERROR = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
_RECEIPT = {
    "type": "object",
    "properties": {"stored": {"type": "integer"}, "duplicate": {"type": "boolean"}},
    "required": ["stored", "duplicate"],
}
_HEALTH = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}, "problems": {"type": "array", "items": {"type": "string"}}},
    "required": ["ok", "problems"],
}


_RUN = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "command": {"type": "string"}, "seconds": {"type": "integer"}},
    "required": ["id", "command", "seconds"],
}
_RUNS = {"type": "object", "properties": {"runs": {"type": "array", "items": _RUN}}, "required": ["runs"]}
_KNOWN = {"type": "object", "properties": {"known": {"type": "boolean"}}, "required": ["known"]}


def _ask_runs() -> dict[str, Any]:
    refusals = {str(status): _json(_REFUSALS[status], "Error") for status in (401, 429, 503)}
    return {
        "summary": "What this host is to run; 0 seconds means: end it.",
        "security": [{"token": []}],
        "responses": {"200": _json("Its live runs.", "Runs"), **refusals},
    }


def _tell_run() -> dict[str, Any]:
    refusals = {str(status): _json(text, "Error") for status, text in _REFUSALS.items() if status not in {403, 409}}
    return {
        "summary": "How a run stands.",
        "security": [{"token": []}],
        "parameters": [{"name": "run_id", "in": "path", "required": True, "schema": {"type": "string"}}],
        "requestBody": {"required": True, "content": _content("application/json", "Report")},
        "responses": {"200": _json("Noted.", "Known"), "404": _json("This host has no such run.", "Error"), **refusals},
    }


def _metrics() -> dict[str, Any]:
    shown = _text("Figures in Prometheus' text format.", "text/plain")
    busy = _json("Too many look just now; Retry-After says when to come back.", "Error")
    return shown | {"responses": shown["responses"] | {"503": busy}}


def _calendar() -> dict[str, Any]:
    secret = {"name": "secret", "in": "path", "required": True, "schema": {"type": "string"}}
    found = {"description": "An iCalendar file.", "content": {"text/calendar": {}}}
    return {
        "summary": "The calendar feed at an address that Valet gave to one person.",
        "parameters": [secret],
        "responses": {
            "200": found,
            "404": _json("There is no such calendar.", "Error"),
            "503": _json("It can't be read now; Retry-After says when to come back.", "Error"),
        },
    }


def _post() -> dict[str, Any]:
    refusals = {str(status): _json(text, "Error") for status, text in _REFUSALS.items()}
    return {
        "summary": "Deliver minutes of one host.",
        "security": [{"token": []}],
        "requestBody": {"required": True, "content": _content("application/json", "Push")},
        "responses": {"200": _json("Stored, or known already.", "Receipt"), **refusals},
    }


def _json(description: str, schema: str) -> dict[str, Any]:
    return {"description": description, "content": _content("application/json", schema)}


def _content(kind: str, schema: str) -> dict[str, Any]:
    return {kind: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _text(summary: str, kind: str) -> dict[str, Any]:
    return {"summary": summary, "responses": {"200": {"description": summary, "content": {kind: {}}}}}
