"""The API's description: as OpenAPI for programs, and as one plain page for people."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

router = APIRouter(tags=["docs"])

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}"
    "h3{font:600 1rem ui-monospace,monospace;margin:1.5rem 0 .25rem}"
    "pre{background:#8881;padding:.5rem;overflow:auto}dt{font-family:ui-monospace,monospace}"
)


@router.get("/api/openapi.json", operation_id="openapi")
async def openapi(request: Request) -> JSONResponse:
    """The description that programs read."""
    return JSONResponse(request.app.openapi())


@router.get("/api/docs", response_class=HTMLResponse, operation_id="docs")
async def docs(request: Request) -> HTMLResponse:
    """The description that people read; it needs no script, and nothing from anywhere else."""
    page = HTMLResponse(_page(request.app.openapi()))
    # Its one style sheet stands in it.
    page.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"
    return page


def _page(described: dict[str, Any]) -> str:
    groups: dict[str, list[str]] = {}
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            tag = (operation.get("tags") or ["other"])[0]
            groups.setdefault(tag, []).append(_operation(method, path, operation, described))
    body = "".join(f"<h2>{escape(tag)}</h2>{''.join(parts)}" for tag, parts in sorted(groups.items()))
    title = f"{escape(described['info']['title'])} API"
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{_STYLE}</style>"
        f"<h1>{title}</h1><p>Log in with <code>POST /api/auth/login</code> and send the token as"
        " <code>Authorization: Bearer …</code>, or a key as <code>X-Api-Key</code>. Errors are problem+json"
        f" with a stable <code>code</code>. Programs read <code>/api/openapi.json</code>.</p>{body}</html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any], described: dict[str, Any]) -> str:
    terms = "".join(
        f"<dt>{escape(one['name'])}</dt><dd>{escape(one['in'])}"
        f"{', needed' if one.get('required') else ''}. {escape(one.get('description', ''))}</dd>"
        for one in operation.get("parameters", ())
    )
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    sent = _example(content["schema"], described) if "schema" in content else None
    shown = f"<pre>{escape(json.dumps(sent, indent=2))}</pre>" if sent is not None else ""
    text = escape(operation.get("description", ""))
    return f"<h3>{method.upper()} {escape(path)}</h3><p>{text}</p><dl>{terms}</dl>{shown}"


def _example(schema: dict[str, Any], described: dict[str, Any], depth: int = 0) -> Any:
    """Something that fits a schema, for people to start from."""
    if "$ref" in schema:
        schema = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for said in ("example", "default", "const"):
        if said in schema:
            return schema[said]
    if depth > 4:
        return None
    for choice in (*schema.get("anyOf", ()), *schema.get("allOf", ())):
        if choice.get("type") != "null":
            return _example(choice, described, depth + 1)
    match schema.get("type"):
        case "object":
            return {
                name: _example(one, described, depth + 1)
                for name, one in schema.get("properties", {}).items()
            }
        case "array":
            return [_example(schema.get("items", {}), described, depth + 1)]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
    return "…"
