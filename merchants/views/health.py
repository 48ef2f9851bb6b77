"""For operators: is the process up, and can it serve?"""

from __future__ import annotations

from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from merchants import readiness


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"ok": True})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers and has the tables this code needs; 503 otherwise."""
    checks = {"database": _database(), "cache": _cache()}
    for name, check in readiness.checks.items():
        checks[name] = check()
    # Without the cache or the camera's tools everything still sells: they are told, not counted.
    return JsonResponse(
        {"ok": checks["database"], **checks}, status=200 if checks["database"] else 503
    )


def _database() -> bool:
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Exception:  # whatever the driver raises means the same to a load balancer
        return False


def _cache() -> bool:
    try:
        cache.set("readyz", 1, 5)
        return cache.get("readyz") == 1
    except Exception:
        return False
