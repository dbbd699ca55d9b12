"""Access units made up for tests of the recorder."""

from appliance.media.types import AccessUnit, AudioFormat, Codec, VideoFormat

# A real baseline SPS and PPS of 320x180.
SPS = bytes.fromhex("6742c00dda0507e8400000030040000005a3c50aa8")
PPS = bytes.fromhex("68ce0fc8")
VIDEO = VideoFormat(Codec.H264, 320, 180, "avc1.42C00D", (SPS, PPS), 10.0, 0)
AUDIO = AudioFormat(Codec.AAC, 16000, 1, bytes.fromhex("1408"), codec_string="mp4a.40.2")
START_UTC_NS = 1_700_000_000_000_000_000


def video(n, *, key=None, gop=10, run=1, fps=10, track=VIDEO, size=100):
    """Frame number `n` of a run at `fps`."""
    step = 90_000 // fps
    key = n % gop == 0 if key is None else key
    nal = bytes([0x65 if key else 0x41]) + bytes([n & 0xFF]) * (size - 1)
    return AccessUnit(
        format=track,
        run=run,
        pts=n * step,
        dts=n * step,
        duration=step,
        utc_ns=START_UTC_NS + n * 1_000_000_000 // fps,
        mono_ns=n * 1_000_000_000 // fps,
        rtp_time=n * step,
        key=key,
        damaged=False,
        data=len(nal).to_bytes(4, "big") + nal,
    )


def audio(n, *, run=1):
    """AAC frame number `n` of a run."""
    return AccessUnit(
        format=AUDIO,
        run=run,
        pts=n * 1024,
        dts=n * 1024,
        duration=1024,
        utc_ns=START_UTC_NS + n * 64_000_000,
        mono_ns=n * 64_000_000,
        rtp_time=n * 1024,
        key=True,
        damaged=False,
        data=bytes([n & 0xFF]) * 40,
    )
