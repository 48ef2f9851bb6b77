"""What the races are run for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from livestream.services.shelf import add_to_shelf
from merchants.models import Variant
from tests.conftest import product_of


@pytest.fixture
def scarce(live, shop) -> Callable[[str, int], Variant]:
    """A new thing on the shelf of the room on air, of which there are so many pieces."""

    def scarce(name: str, pieces: int) -> Variant:
        product = product_of(shop, name, 1000, pieces)
        add_to_shelf(room=live, product=product)
        return product.variants.get()

    return scarce
