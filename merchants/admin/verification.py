"""The admin's desk for brand verifications: who waits, the papers large, approve or send back."""

from __future__ import annotations

from typing import cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.utils.translation import override

from merchants.errors import RuleBroken
from merchants.forms.verification import DecisionForm
from merchants.models import User, Verification, VerificationPaper
from merchants.private import picture_answer
from merchants.rules.verification import VerificationState
from merchants.services.verification import approve, reject

REASONS = (  # shown in the language of who handed in, for she reads the answer
    _l("The picture is not legible. Take it again in good light, the whole page."),
    _l("The company on the licence is not the one that was typed."),
    _l("The licence number is not the one on the picture."),
    _l("The stamp on the authorisation cannot be read."),
    _l("The authorisation has run out, or does not name your company."),
    _l("The trademark belongs to somebody else. An authorisation is needed."),
)


class PaperInline(admin.TabularInline):
    """The papers below a verification: their names; the pictures are on the desk."""

    model = VerificationPaper
    fields = ("paper", "file_name", "at")
    readonly_fields = ("paper", "file_name", "at")
    extra = 0
    can_delete = False

    def has_add_permission(self, *args: object) -> bool:
        return False


@admin.register(Verification)
class VerificationAdmin(admin.ModelAdmin):
    """Read here, decided on the desk (`waiting/`), written by the verbs alone."""

    list_display = ["merchant", "brand", "company", "state", "submitted_at", "decided_by"]
    list_filter = ["state", "claim"]
    list_select_related = ["merchant", "decided_by"]
    search_fields = ["company", "licence_number", "brand", "trademark_number", "merchant__name"]
    date_hierarchy = "submitted_at"
    inlines = [PaperInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        desk = self.admin_site.admin_view
        own = [
            path("waiting/", desk(self.waiting), name="merchants_verification_waiting"),
            path("<int:pk>/desk/", desk(self.waiting), name="merchants_verification_desk"),
            path(
                "<int:pk>/papers/<slug:paper>/",
                desk(self.paper),
                name="merchants_verification_paper",
            ),
        ]
        return [*own, *super().get_urls()]

    def waiting(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """One verification on the desk, the longest waiting first; POST decides on it."""
        self._may(request, "view")
        rows = self._queue()
        if pk is None:
            shown = rows.first()
        else:
            known = Verification.objects.select_related("merchant", "submitted_by", "decided_by")
            shown = get_object_or_404(known, pk=pk)
        if request.method == "POST" and shown is not None:
            return self._decided(request, shown)
        return self._desk(request, shown)

    def _decided(self, request: HttpRequest, shown: Verification) -> HttpResponse:
        self._may(request, "change")
        form = DecisionForm(request.POST)
        after = self._after(shown)
        if not form.is_valid():
            return self._desk(request, shown, _("Look at it again, then decide."), 422)
        try:
            said = self._decide(shown, by=cast(User, request.user), **form.cleaned_data)
        except RuleBroken as refusal:
            shown.refresh_from_db()
            reason = form.cleaned_data["reason"]
            return self._desk(request, shown, str(refusal), refusal.status, reason)
        messages.success(request, said % {"shop": shown.merchant})
        if after is None:
            return redirect("admin:merchants_verification_waiting")
        return redirect("admin:merchants_verification_desk", after.pk)

    @staticmethod
    def _decide(shown: Verification, *, by: User, decision: str, version: int, reason: str) -> str:
        if decision == "approve":
            approve(verification=shown, version=version, by=by)
            return _("%(shop)s is approved and wears the badge.")
        reject(verification=shown, version=version, by=by, reason=reason)
        return _("%(shop)s has been told what to mend.")

    def _desk(
        self,
        request: HttpRequest,
        shown: Verification | None,
        refusal: str = "",
        status: int = 200,
        reason: str = "",
    ) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": _("Brand verifications that wait"),
            "opts": self.opts,
            "is_nav_sidebar_enabled": False,  # the pictures need the room
            "refusal": refusal,
            "reason": reason,
            "may_decide": request.user.has_perm("merchants.change_verification"),
        }
        context |= self._beside(shown) | (self._about(shown) if shown else {"shown": None})
        template = "admin/merchants/verification/waiting.html"
        answer = TemplateResponse(request, template, context, status=status)
        answer["Cache-Control"] = "private, no-store"
        return answer

    def _beside(self, shown: Verification | None) -> dict[str, object]:
        """The queue, and who lies before and behind the one on the desk."""
        queue = list(self._queue())
        place = next((at for at, one in enumerate(queue) if shown and one.pk == shown.pk), None)
        if place is None:
            earlier, later = None, next(iter(queue), None)
        else:
            earlier = queue[place - 1] if place else None
            later = queue[place + 1] if place + 1 < len(queue) else None
        return {"queue": queue, "earlier": earlier, "later": later}

    def _about(self, shown: Verification) -> dict[str, object]:
        return {
            "shown": shown,
            "papers": shown.papers.all(),
            "reasons": self._reasons(shown),
            "decidable": shown.state == VerificationState.SUBMITTED,
            "approved": shown.state == VerificationState.APPROVED,
            "address": reverse("admin:merchants_verification_desk", args=[shown.pk]),
        }

    def paper(self, request: HttpRequest, pk: int, paper: str) -> HttpResponse:
        self._may(request, "view")
        found = get_object_or_404(VerificationPaper, verification=pk, paper=paper)
        return picture_answer(found.image)

    def _may(self, request: HttpRequest, what: str) -> None:
        if not request.user.has_perm(f"merchants.{what}_verification"):
            raise PermissionDenied

    def _queue(self) -> QuerySet[Verification]:
        waiting = Verification.objects.filter(state=VerificationState.SUBMITTED.value)
        return waiting.select_related("merchant", "submitted_by", "decided_by").order_by(
            "submitted_at", "pk"
        )

    def _after(self, shown: Verification) -> Verification | None:
        """The next in the queue behind this one, else the first of those before it."""
        others = [one for one in self._queue() if one.pk != shown.pk]
        at = shown.submitted_at
        later = [one for one in others if at is None or (one.submitted_at or at) >= at]
        return next(iter(later or others), None)

    @staticmethod
    def _reasons(shown: Verification) -> list[str]:
        language = shown.submitted_by.language if shown.submitted_by else ""
        if not language:
            return [str(reason) for reason in REASONS]
        with override(language):
            return [str(reason) for reason in REASONS]
