"""Pages of a list that may be as long as it likes: nobody counts it to its end."""

from __future__ import annotations

from typing import Any, cast

from django.core.paginator import EmptyPage, Page, PageNotAnInteger, Paginator
from django.db.models import QuerySet

COUNTED = 200  # rows that are counted on the first pages; the words then say "200+"
DEEPEST = 400  # a page further down is asked for by no person; the filters lead there


def has_more(rows: QuerySet[Any], most: int) -> bool:
    """Whether there are more than `most`; counted no further."""
    return rows.order_by()[: most + 1].count() > most


class Pages(Paginator):
    """A paginator that counts to the end of the list, or to COUNTED, or a page past the asked one.

    `more` is whether there may be rows beyond what was counted.
    """

    more = False
    _count = 0

    @property
    def count(self) -> int:  # type: ignore[override]
        return self._count

    @property
    def num_pages(self) -> int:  # type: ignore[override]
        return max(1, -(-self.count // self.per_page))

    def get_page(self, number: Any) -> Page:
        """The page with this number; the first or the last one counted if there is none such."""
        try:
            wanted = min(max(int(str(number)[:9]), 1), DEEPEST)
        except ValueError:
            wanted = 1
        most = max(COUNTED, (wanted + 1) * self.per_page)
        rows = cast("QuerySet[Any]", self.object_list)
        found = rows.order_by()[: most + 1].count()
        self.more = found > most
        self._count = min(found, most)
        try:
            return super().page(wanted)
        except (EmptyPage, PageNotAnInteger):
            return super().page(self.num_pages)
