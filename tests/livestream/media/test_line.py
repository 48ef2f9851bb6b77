"""The two small brains in the browser, run by Node: the bit rate and the speed of playing."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

JS = Path(__file__).parents[3] / "static/js/livestream"
pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed")


def run(module: str, script: str) -> None:
    source = (JS / f"{module}.js").read_text()
    script = f"{source}\nimport assert from 'node:assert';\n{script}"
    done = subprocess.run(
        ["node", "--input-type=module", "-"],
        input=script,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr


def test_a_weak_line_lowers_the_bit_rate_until_nothing_is_left_behind():
    run(
        "rate",
        """
        const rate = new Rate(1_300_000);
        let acked = 0, behind = [];
        for (let now = 0; now < 60_000; now += 200) {
          rate.send(rate.bits / 8 / 5);
          acked = Math.min(rate.sent, acked + 350_000 / 8 / 5);  // a line of 350 kbit/s
          rate.ack(acked, now);
          rate.advice(now);
          behind.push((rate.sent - acked) * 8000 / 350_000);
        }
        assert(rate.bits >= 200_000 && rate.bits <= 700_000, String(rate.bits));
        assert(Math.max(...behind.slice(-50)) < 9000);
        """,
    )


def test_a_good_line_is_left_alone_and_a_better_one_is_used():
    run(
        "rate",
        """
        const rate = new Rate(1_300_000);
        rate.bits = 300_000;
        let changes = 0;
        for (let now = 0; now < 90_000; now += 200) {
          rate.send(rate.bits / 8 / 5);
          rate.ack(rate.sent, now);
          if (rate.advice(now)) changes += 1;
        }
        assert.equal(rate.bits, 1_300_000);
        assert.equal(changes, 4);
        """,
    )


def test_the_player_keeps_little_in_hand_and_learns_from_stalls():
    run(
        "pace",
        """
        const pace = new Pace();
        let ahead = 2, now = 0, part = 0;
        for (; now < 30; now += 0.1) {
          ahead -= 0.1 * pace.look(ahead, now);
          if ((part += 0.1) >= 0.2) { ahead += 0.2; part = 0; }
        }
        assert(ahead > 0.3 && ahead < 0.9, String(ahead));
        pace.stalled(now);
        assert(pace.floor > 0.7);
        for (; now < 80; now += 0.1) pace.look(1, now);
        assert(pace.floor < 0.5);
        """,
    )
