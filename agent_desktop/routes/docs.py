"""The API's documentation as one plain page from /openapi.json: no script, nothing fetched from elsewhere."""

from __future__ import annotations

from typing import cast

from fastapi import APIRouter, Request, Response
from fastapi.templating import Jinja2Templates

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def docs(request: Request) -> Response:
    """Every operation with its parameters and answers."""
    templates = cast(Jinja2Templates, request.app.state.templates)
    schema = request.app.openapi()
    operations = [
        {"method": method.upper(), "path": path, **operation}
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]
    context = {"operations": operations, "schemas": schema.get("components", {}).get("schemas", {})}
    return templates.TemplateResponse(request, "docs.html", {**context, "version": request.app.state.version})
