"""What players are told, line by line."""

from __future__ import annotations

from livestream.rules import playlist
from livestream.rules.playlist import Part, Segment


def a_segment(number: int, *, turn: int = 0, duration: float = 1.0) -> Segment:
    parts = (Part(number * 2, 0.5, True), Part(number * 2 + 1, duration - 0.5, False))
    return Segment(number, duration, turn, turn, 1_700_000_000.0 + number, parts)


def test_a_segment_starts_only_where_a_decoder_can():
    assert playlist.starts_segment(0.95, sync=True)
    assert not playlist.starts_segment(0.5, sync=True)
    assert not playlist.starts_segment(4, sync=False)
    assert playlist.starts_segment(playlist.LONGEST_SEGMENT, sync=False)


def test_the_target_is_rounded_not_up():
    text = playlist.live_playlist([a_segment(0, duration=1.05), a_segment(1, duration=0.98)])
    assert "#EXT-X-TARGETDURATION:1\n" in text


def test_a_new_encoder_session_is_a_discontinuity_with_its_own_map():
    lines = playlist.live_playlist([a_segment(3), a_segment(4, turn=1)]).splitlines()
    at = lines.index("#EXT-X-DISCONTINUITY")
    assert lines[at + 1] == '#EXT-X-MAP:URI="init1.mp4"'
    assert lines.count("#EXT-X-DISCONTINUITY") == 1


def test_a_discontinuity_that_has_left_the_window_is_counted():
    text = playlist.live_playlist([a_segment(7, turn=2), a_segment(8, turn=2)])
    assert "#EXT-X-DISCONTINUITY-SEQUENCE:2" in text
    assert "#EXT-X-DISCONTINUITY\n" not in text


def test_low_latency_names_the_newest_parts_and_the_next_one():
    closed = [a_segment(n) for n in range(8)]
    current = Segment(8, 0.2, 0, 0, 1_700_000_008.0, (Part(16, 0.2, True),))
    text = playlist.ll_playlist(closed, current, 17)
    assert 'URI="part16.m4s",INDEPENDENT=YES' in text
    assert text.endswith('#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part17.m4s"\n')
    assert "CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.75" in text
    assert text.count("#EXT-X-PART:") == 2 * playlist.SEGMENTS_WITH_PARTS + 1


def test_no_part_is_longer_than_the_target():
    assert playlist.PART_TARGET > 5 / 24  # five frames: what 200 ms come to at 24 a second


def test_the_replay_has_an_end():
    text = playlist.vod_playlist([a_segment(0), a_segment(1)])
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in text
    assert text.endswith("#EXT-X-ENDLIST\n")
    assert playlist.total_ms([a_segment(0), a_segment(1, duration=0.5)]) == 1500


def test_a_pause_is_no_part_of_the_replay():
    """Ten seconds of picture, a pause of a minute, ten more; then a camera that came too early."""
    first = [a_segment(n) for n in range(10)]
    second = [a_segment(n + 70) for n in range(10)]
    third = [a_segment(n + 79) for n in range(1)]
    known = playlist.runs([*first, *second, *third])
    start = 1_700_000_000_000
    assert known == [(start, 0), (start + 70_000, 10_000), (start + 79_000, 20_000)]
    for at, offset in ((-5, 0), (0, 0), (4, 4), (30, 10), (69, 10), (70, 10), (75, 15), (90, 31)):
        assert playlist.offset_of(known, start + at * 1000) == offset * 1000, at
    assert playlist.offset_of([], start) == 0


def test_encoders_that_follow_each_other_closely_are_one_run():
    close = [a_segment(n, turn=n, duration=1.0 + n * 0.01) for n in range(20)]
    assert len(playlist.runs(close)) == 1
