"""Who sells, and what: tenants, stores, staff, customers, goods, stock, news."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MerchantsConfig(AppConfig):
    name = "merchants"
    verbose_name = _("Merchants")

    def ready(self) -> None:
        from merchants import checks, receivers  # noqa: F401
        from merchants.forms.sentences import speak

        speak()
