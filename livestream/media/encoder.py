"""The ffmpeg child of one recorder session: container bytes in, fragmented MP4 out.

The picture is copied where the browser already gives H.264, and the sound becomes AAC. A child can
be killed at any moment without harm to anyone but itself; nothing it is fed reaches a shell, and it
may read and write pipes only. The one exception listens for packets of a media server on this
machine, at ports that a description of ours names; what a publisher sends never is one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import signal
from collections import deque
from functools import lru_cache
from typing import cast

from django.conf import settings

logger = logging.getLogger(__name__)

READ = 64 * 1024
FRAME_RATE = 24
MEMORY = 4 * 1024**3  # address space, not resident: ffmpeg maps much and touches little
STALLED = 5.0  # seconds without taking a byte
FRAGMENTS = [  # what the packager reads: a fragment per 200 ms, and one at each key frame
    *("-f", "mp4", "-movflags", "+frag_keyframe+empty_moov+default_base_moof"),
    *("-frag_duration", "200000", "-flush_packets", "1"),
]
_H264 = ("avc1", "avc3", "h264")
_CONTAINERS = {"video/webm": "matroska", "video/x-matroska": "matroska", "video/mp4": "mp4"}


class NoEncoder(Exception):
    """There is no free processor to encode this browser's picture on."""


class EncoderGone(Exception):
    """The child has died or takes nothing more."""


class UnknownContainer(ValueError):
    """A MIME type that no recorder of ours produces."""


@lru_cache(maxsize=1)
def find_ffmpeg() -> str:
    """The system's ffmpeg where the operator names one, else the one in the wheel."""
    if named := getattr(settings, "LIVE_FFMPEG", ""):
        return str(named)
    import imageio_ffmpeg  # here: a system ffmpeg needs no wheel

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def container(mime: str) -> str:
    """The demuxer for a MIME type. Raises UnknownContainer."""
    try:
        return _CONTAINERS[mime.partition(";")[0].strip().lower()]
    except KeyError:
        raise UnknownContainer(mime) from None


def can_copy(mime: str) -> bool:
    """Whether the picture can go to every player as it is."""
    return any(codec in mime.lower() for codec in _H264)


def arguments(mime: str, *, transcode: bool, by_rtp: bool = False) -> list[str]:
    """The command line of one child, without the program itself."""
    source = BY_RTP if by_rtp else _by_pipe(container(mime))
    picture = ENCODE if transcode else ["-c:v", "copy"]
    return [
        *("-hide_banner", "-loglevel", "error", "-nostdin"),
        *("-fflags", "+genpts", "-flags", "low_delay", "-fpsprobesize", "0"),
        *(*source, "-i", "pipe:0"),
        *("-map", "0:v:0", "-map", "0:a:0?", *picture, "-threads", "1"),
        *("-c:a", "aac", "-b:a", "64k", "-ar", "48000", "-ac", "1"),
        *("-af", "aresample=async=1:first_pts=0", *FRAGMENTS, "pipe:1"),
    ]


def _by_pipe(demuxer: str) -> list[str]:
    # The smallest probe that works: probing waits for data, and `nobuffer` would throw away
    # what it has read, the first key frame with it.
    probe = "4096" if demuxer == "mp4" else "32"
    return [
        *("-protocol_whitelist", "pipe", "-probesize", probe),
        *("-analyzeduration", "0", "-f", demuxer),
    ]


BY_RTP = [  # packets name no size of the picture: the first key frame does, within a second
    *("-protocol_whitelist", "pipe,udp,rtp", "-localaddr", "127.0.0.1"),
    *("-probesize", "200000", "-analyzeduration", "1500000"),
    *("-max_delay", "100000", "-reorder_queue_size", "50", "-f", "sdp"),
]
H264 = [
    *("-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-profile:v", "main"),
    *("-g", f"{FRAME_RATE}", "-keyint_min", f"{FRAME_RATE}", "-sc_threshold", "0"),
    *("-b:v", "1200k", "-maxrate", "1200k", "-bufsize", "1200k"),
]
ENCODE = [
    "-vf",
    f"scale=w='min(iw,if(gt(iw,ih),1280,720))':h=-2,fps={FRAME_RATE},format=yuv420p",
    *H264,
]


class _Slots:
    """How many pictures may be encoded at once: one processor stays free for the shop."""

    def __init__(self) -> None:
        self.taken = 0

    @property
    def limit(self) -> int:
        named = getattr(settings, "LIVE_TRANSCODES", None)
        return max(1, (os.cpu_count() or 2) - 1) if named is None else int(named)

    def take(self) -> None:
        if self.taken >= self.limit:
            raise NoEncoder
        self.taken += 1

    def give_back(self) -> None:
        self.taken -= 1


slots = _Slots()


class Encoder:
    """One child and its two pipes."""

    def __init__(
        self, child: asyncio.subprocess.Process, *, transcode: bool, by_rtp: bool = False
    ) -> None:
        self.child = child
        self.by_rtp = by_rtp
        self.input = cast(asyncio.StreamWriter, child.stdin)
        self.output = cast(asyncio.StreamReader, child.stdout)
        self.transcode = transcode
        self.stopping = False
        self.complaints: deque[str] = deque(maxlen=20)
        self._listener = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, mime: str, *, transcode: bool = False, sdp: str = "") -> Encoder:
        """Start a child for one recorder session; it encodes only if it must or `transcode`.

        `sdp`, of our own making, says at which ports it listens instead of reading a recorder.
        Raises UnknownContainer or NoEncoder.
        """
        transcode = transcode or not can_copy(mime)
        args = arguments(mime, transcode=transcode, by_rtp=bool(sdp))
        if transcode:
            slots.take()
        try:
            child = await asyncio.create_subprocess_exec(
                find_ffmpeg(),
                *args,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=READ * 4,
            )
        except BaseException:
            if transcode:
                slots.give_back()
            raise
        restrain(child.pid, polite=transcode)
        encoder = cls(child, transcode=transcode, by_rtp=bool(sdp))
        if sdp:
            with contextlib.suppress(OSError, RuntimeError):
                encoder.input.write(sdp.encode())
                encoder.input.close()
        return encoder

    async def write(self, data: bytes) -> None:
        """Hand over bytes and wait until the child has room again. Raises EncoderGone."""
        try:
            self.input.write(data)
            await asyncio.wait_for(self.input.drain(), STALLED)
        except (OSError, RuntimeError, TimeoutError) as failure:
            self.kill()
            raise EncoderGone from failure

    async def read(self) -> bytes:
        """The next bytes of the MP4; none when the child is done or dead."""
        return await self.output.read(READ)

    def finish_input(self) -> None:
        """No more will come: the child writes what it still holds, and ends."""
        self.stopping = True
        with contextlib.suppress(OSError, RuntimeError):
            self.input.close()
        if self.by_rtp and self.child.returncode is None:
            # Packets have no end, and one signal does not wake it from waiting for the next.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.child.pid, signal.SIGINT)
                os.kill(self.child.pid, signal.SIGTERM)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.child.kill()

    async def reap(self) -> None:
        """Make sure that nothing of the child is left. Call once, always."""
        self.kill()
        await self.child.wait()
        self._listener.cancel()
        if self.transcode:
            slots.give_back()
        if self.complaints and not self.stopping:
            logger.warning("ffmpeg ended: %s", " | ".join(self.complaints))

    async def _listen(self) -> None:
        errors = cast(asyncio.StreamReader, self.child.stderr)
        with contextlib.suppress(ValueError, OSError):
            while line := await errors.readline():
                self.complaints.append(line.decode(errors="replace").strip()[:200])


def restrain(pid: int, *, polite: bool, writes: bool = False) -> None:
    """Limits set from outside: a hook between fork and exec is unsafe beside threads.

    Only a child that `writes` may make files; the others speak through their pipes.
    """
    if not hasattr(resource, "prlimit"):
        return
    with contextlib.suppress(OSError, ValueError):
        resource.prlimit(pid, resource.RLIMIT_AS, (MEMORY, MEMORY))
        if not writes:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, 0))
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
        if polite:
            os.setpriority(os.PRIO_PROCESS, pid, 5)
