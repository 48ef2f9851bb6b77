"""When a server looks for what holds itself in a ring, and at what.

Python looks through everything once enough has come. With 5,000 sockets that stops every viewer's
chat for a third of a second, a few seconds after they have come.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

WHOLE = 2  # the generation that everything is in
HOUR = 3600.0


class Sparing:
    """What a whole look found alive is not looked at for an hour.

    A socket that closes is freed by its references. The one or two kilobytes of it that hold each
    other wait for that hour: measured with 1,500 sockets that come and go, six times over.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._all_at = clock()

    def begin(self) -> None:
        gc.collect()
        gc.freeze()
        gc.callbacks.append(self)

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        """Python calls it before ("start") and after ("stop") each look."""
        if phase != "stop" or info["generation"] != WHOLE:
            return
        if self._clock() - self._all_at < HOUR:
            gc.freeze()
        else:
            self._all_at = self._clock()
            gc.unfreeze()  # the next look is at everything
