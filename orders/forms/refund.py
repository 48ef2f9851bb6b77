"""What is written to have money back, to give it, and to answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from merchants.forms.money import MoneyField, speak
from merchants.forms.product import SeveralFiles
from merchants.models import Store
from orders.forms.exchange import instead_field
from orders.models import Line, Order
from orders.models.refund import REASONS
from orders.models.shipment import CARRIER_LABELS
from orders.rules.dispute import MOST_TEXT
from orders.rules.line import UNSENT
from orders.rules.refund import RefundKind
from orders.rules.shipment import is_tracking_number
from orders.selectors.exchange import free_instead

NOWHERE = "nowhere"
SENT_KINDS = {
    RefundKind.RETURN.value: _("I send the goods back"),
    RefundKind.EXCHANGE.value: _("I send them back and want others"),
    RefundKind.MONEY.value: _("I keep the goods"),
}


class PiecesForm(forms.Form):
    """How many pieces of each line: the base of asking and of giving."""

    def offers(self, line: Line) -> bool:
        """Whether its pieces may be among them."""
        return line.left > 0

    def __init__(self, *args: Any, order: Order, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order = order
        self.lines = [line for line in order.lines.all() if self.offers(line)]
        alone = len(self.lines) == 1
        for line in self.lines:
            self.fields[f"line-{line.pk}"] = forms.IntegerField(
                label=line.title,
                min_value=0,
                max_value=line.left,
                initial=line.left if alone else 0,
                required=False,
                widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
                error_messages={
                    "max_value": _("At most %(limit_value)s of it."),
                    "invalid": _("Write a whole number."),
                },
            )

    def rows(self) -> list[tuple[Line, forms.BoundField, forms.BoundField | None]]:
        """Each line with its field, and the one that says what is wanted instead, if there is."""
        return [
            (
                line,
                self[f"line-{line.pk}"],
                self[name] if (name := f"for-{line.pk}") in self.fields else None,
            )
            for line in self.lines
        ]

    def pieces(self) -> dict[int, int]:
        """The cleaned choice in the shape that the refund's verbs take."""
        return {line.pk: self.cleaned_data.get(f"line-{line.pk}") or 0 for line in self.lines}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors and not any(self.pieces().values()):
            raise forms.ValidationError(_("Choose at least one piece."))
        return data


class AskForm(PiecesForm):
    """The buyer asks. Her photos are read by the verb, which tells what is wrong with each."""

    kind = forms.ChoiceField(
        label=_("And the goods?"), choices=SENT_KINDS.items(), widget=forms.RadioSelect
    )
    reason = forms.ChoiceField(label=_("Why"), choices=REASONS.items())
    words = forms.CharField(
        label=_("In your words"),
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    file = forms.FileField(
        label=_("Photos"),
        required=False,
        widget=SeveralFiles(attrs={"accept": "image/*"}),
        help_text=_("Up to 6. The shop sees them, and the platform if you ask it; nobody else."),
    )

    def offers(self, line: Line) -> bool:
        """A gift too, once it is hers: it can be exchanged."""
        return super().offers(line) and not (line.is_gift and line.state in UNSENT)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sent = any(line.state not in UNSENT for line in self.lines)
        bought = any(line.paid for line in self.lines)
        # Something of it cost nothing: its return needs the shop's word. What is unsent does not.
        self.free = self.sent and not all(line.paid for line in self.lines)
        self.fields["kind"].initial = (RefundKind.RETURN if bought else RefundKind.EXCHANGE).value
        if not self.sent:  # nothing can be sent back that has not been sent
            del self.fields["kind"]
            return
        away = [line for line in self.lines if line.state not in UNSENT]
        free = free_instead(self.order, away)
        for line in away:
            self.fields[f"for-{line.pk}"] = instead_field(line, free, self.order.currency)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("kind") == RefundKind.EXCHANGE:
            for pk, count in self.pieces().items():
                name = f"for-{pk}"
                if count and name in self.fields and not data.get(name) and name not in self.errors:
                    self.add_error(name, _("Choose which one you want instead."))
        elif self.sent:
            self._refuse_gifts()
        return data

    def _refuse_gifts(self) -> None:
        for line in self.lines:
            if line.is_gift and self.pieces()[line.pk]:
                trouble = _("A gift cost nothing: it can be exchanged, but not for money.")
                self.add_error(f"line-{line.pk}", trouble)

    def wish(self) -> dict[str, Any]:
        """The cleaned data in the shape that `request_refund` takes."""
        data = self.cleaned_data
        kind = RefundKind(data.get("kind") or RefundKind.MONEY)
        words = {"reason": data["reason"], "words": data["words"]}
        wish = {"pieces": self.pieces(), "kind": kind, **words}
        if kind == RefundKind.EXCHANGE:
            chosen = {line.pk: data.get(f"for-{line.pk}") for line in self.lines}
            wish["wanted"] = {pk: int(other) for pk, other in chosen.items() if other}
        return wish


class GiveForm(PiecesForm):
    """The shop gives."""

    amount = MoneyField(
        label=_("Amount"), required=False, help_text=_("Empty: all that these pieces cost.")
    )
    words = forms.CharField(label=_("A word to the customer"), max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        speak(self, self.order.currency)

    def gift(self) -> dict[str, Any]:
        """The cleaned data in the shape that `give_refund` takes."""
        data = self.cleaned_data
        return {"pieces": self.pieces(), "amount": data["amount"] or None, "words": data["words"]}


class SentBackForm(forms.Form):
    """The buyer's parcel."""

    carrier = forms.ChoiceField(label=_("Carrier"), choices=CARRIER_LABELS.items)
    tracking_number = forms.CharField(label=_("Tracking number"), max_length=40)

    def clean_tracking_number(self) -> str:
        number = self.cleaned_data["tracking_number"].strip()
        if not is_tracking_number(number):
            raise forms.ValidationError(
                _("A tracking number has 6 to 32 letters, digits or hyphens.")
            )
        return number


class AnswerForm(forms.Form):
    """The version that somebody decided on, and what she says to it."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    words = forms.CharField(max_length=200, required=False)


class AgreeForm(AnswerForm):
    """Agreed, perhaps with money instead of the other goods that are wanted."""

    money = forms.BooleanField(required=False)


class WordsForm(forms.Form):
    """What the buyer, or the shop, tells the platform."""

    words = forms.CharField(
        max_length=MOST_TEXT,
        error_messages={"required": _("Write something first.")},
    )


class TakeBackForm(AnswerForm):
    """Where the goods go that have come back; `nowhere` if they cannot be sold any more."""

    store = forms.ChoiceField()

    def __init__(self, *args: Any, stores: Iterable[Store], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stores = {str(store.pk): store for store in stores}
        field = self.fields["store"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(pk, pk) for pk in (*self.stores, NOWHERE)]

    def place(self) -> Store | None:
        """The store that was chosen."""
        return self.stores.get(self.cleaned_data["store"])
