"""Platform admins may look at everything; what verbs own is never edited by hand."""

from merchants.admin import goods, house, names, people, verification
from merchants.admin.base import ReadOnlyAdmin, ReadOnlyInline, act

__all__ = [
    "ReadOnlyAdmin",
    "ReadOnlyInline",
    "act",
    "goods",
    "house",
    "names",
    "people",
    "verification",
]
