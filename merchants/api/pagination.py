"""Cursor pages, the newest first."""

from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    """Stable while rows are added: a cursor is a place, not a page number."""

    ordering = "-pk"
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200
