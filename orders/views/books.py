"""The books: what came in and went back, for the shop and its accountant."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from merchants.access import MerchantRequest, merchant_view
from merchants.rules.role import Role
from merchants.selectors.paging import has_more
from merchants.services.sheet import MOST_EXPORTED, too_many, write_csv
from orders.forms.period import PeriodForm
from orders.rules.period import this_month
from orders.selectors.books import books_of, chart_of, entries, entry_table


@require_safe
@merchant_view(Role.MANAGER)
def index(request: MerchantRequest) -> HttpResponse:
    form = _form(request)
    period = form.period
    books = books_of(request.merchant, period)
    context = {"form": form, "period": period, "books": books, "chart": chart_of(books)}
    return render(request, "orders/books/page.html", context)


@require_safe
@merchant_view(Role.MANAGER)
def export(request: MerchantRequest) -> HttpResponse:
    """Every entry of the period as CSV."""
    period = _form(request).period
    if has_more(entries(request.merchant, period), MOST_EXPORTED):
        messages.error(request, too_many(MOST_EXPORTED))
        days = urlencode({"since": period.since, "until": period.until})
        return redirect(f"{reverse('orders:books', args=[request.merchant.slug])}?{days}")
    body = "".join(write_csv(entry_table(request.merchant, period)))
    answer = HttpResponse(body, content_type="text/csv; charset=utf-8")
    name = f"books-{period.since}-{period.until}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _form(request: MerchantRequest) -> PeriodForm:
    return PeriodForm(request.GET, usual=this_month(timezone.localdate()))
