"""Run the benches: all of them, or those that are named.

    python -m bench              all that stand in ALL
    python -m bench fanout

A bench is a module here with a function `run(out)`; `out(line)` says what it is doing.
"""

from __future__ import annotations

import importlib
import sys
import time
import traceback

from bench.report import OUT, table

ALL = (
    "media",
    "back",
    "fanout",
    "chat",
    "pages",
    "room",
    "inventory",
    "orders",
    "hot",
    "broker",
    "imports",
    "draws",
)  # media first: it wants the quietest machine


def main(names: list[str]) -> int:
    """Run each in turn; one that fails does not keep the others from being measured."""
    unknown = set(names) - set(ALL)
    if unknown:
        print(f"No bench called {', '.join(sorted(unknown))}. There are: {', '.join(ALL)}.")
        return 2
    failed = []
    for name in names or ALL:
        began = time.monotonic()
        print(f"{name} …", flush=True)
        try:
            importlib.import_module(f"bench.{name}").run(
                lambda line: print(f"  {line}", flush=True)
            )
        except Exception:
            traceback.print_exc()
            failed.append(name)
        print(f"  {time.monotonic() - began:.0f} s")
    print(f"\n{table()}\n\nEach figure is also a line of {OUT}.")
    if failed:
        print(f"Not measured: {', '.join(failed)}")
    return 1 if failed else 0


sys.exit(main(sys.argv[1:]))
