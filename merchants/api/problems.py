"""Every error of the API as problem details (RFC 9457)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from merchants.errors import RuleBroken


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """`{"type", "title", "status", "code", "detail", "errors"?}`; None lets Django log a 500."""
    if isinstance(error, RuleBroken):
        return _problem(error.status, error.code, str(error))
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    plain = exception_handler(error, context)
    if plain is None or not isinstance(error, exceptions.APIException):
        return None
    codes = error.get_codes()
    code = codes if isinstance(codes, str) else "invalid"
    detail = str(error.detail) if isinstance(codes, str) else str(error.default_detail)
    fields = None if isinstance(codes, str) else error.detail
    response = _problem(error.status_code, code, detail, fields)
    for header in ("WWW-Authenticate", "Retry-After"):
        if header in plain:
            response[header] = plain[header]
    return response


def _problem(status: int, code: str, detail: str, errors: Any = None) -> Response:
    body = {
        "type": "about:blank",
        "title": code.replace("_", " "),
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors is not None:
        body["errors"] = errors
    return Response(body, status=status, content_type="application/problem+json")
