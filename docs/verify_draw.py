"""Recomputes a draw from what its page shows, with nothing of Guitai's.

    python verify_draw.py entries.txt COMMITMENT ENTRIES_HASH SEED BEACON|- WINNERS

Prints the winning marks, the first prize first; says what is wrong and ends with 1 otherwise.
"""

import hashlib
import sys
from pathlib import Path

path, commitment, entries_hash, seed, beacon, winners = sys.argv[1:]
beacon = "" if beacon == "-" else beacon
data = Path(path).read_bytes()
handles = data.decode().splitlines()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


if sha256(seed.encode()) != commitment:
    sys.exit("The seed is not the one that was promised at the opening.")
if sha256(data) != entries_hash or len(set(handles)) != len(handles):
    sys.exit("The list is not the one that was frozen at the closing.")
tickets = {h: sha256(f"{seed}|{beacon}|{entries_hash}|{h}".encode()) for h in handles}
sys.stdout.writelines(f"{h}\n" for h in sorted(handles, key=tickets.get)[: int(winners)])
