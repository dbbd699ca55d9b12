"""What other people's programs make of an export: FFmpeg, GStreamer, a browser with verify.html."""

import asyncio
import base64
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import av
import pytest
from made_footage import MAIN, NS, T0, Camera, video
from test_plan import source

from appliance.export.sink import write_to_folder
from appliance.media.types import Codec
from scripts.bench.chromium import FOUND, chromium

WIDTH, HEIGHT = 160, 96


def needs(program):
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"needs {program}")


@pytest.fixture
def recorded(writer):
    """Two runs with a gap, cut within GOPs."""

    def record(codec, b_frames, audio, *, noise=False):
        camera = Camera(writer, coded=video(codec, b_frames=b_frames, noise=noise), audio=audio)
        camera.record(T0, 12, phase=3)
        camera.again(run=2)
        camera.record(T0 + 15 * NS, 10)

    return record


def run(*command):
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


@needs("ffmpeg")
@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize(("b_frames", "audio"), [(0, ""), (2, "aac"), (0, "mulaw")])
def test_ffmpeg_copies_what_was_recorded(box, writer, plan, save, recorded, codec, b_frames, audio):
    recorded(codec, b_frames, audio)
    [movie] = plan(5.5, 20).movies
    path = save(movie)
    told = run("ffmpeg", "-v", "error", "-i", path, "-map", "0", "-c", "copy",
               "-f", "framehash", "-").decode()  # fmt: skip
    rows = [line.split(",") for line in told.splitlines() if line[:1].isdigit()]
    begin = (movie.pieces[1].fragments[0].utc_ns - T0) / NS
    wanted = source(box.reader(writers=[writer]), begin, 20)
    for track, samples in wanted.items():
        hashes = [row[5].strip() for row in rows if int(row[0]) == track - 1]
        assert hashes == [hashlib.sha256(sample).hexdigest() for sample in samples]
    decoded = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", path, "-f", "null", "-"], capture_output=True, timeout=60
    )
    assert decoded.stderr == b""


@needs("ffprobe")
def test_ffprobe_finds_nothing_to_complain_of(plan, save, recorded):
    recorded("h264", 0, "aac")
    [movie] = plan(0, 20).movies
    path = save(movie)
    done = subprocess.run(
        ["ffprobe", "-v", "warning", "-show_entries", "format=duration", "-of", "csv=p=0", path],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stderr == b""
    assert float(done.stdout) == pytest.approx(20, abs=0.2)


@needs("gst-launch-1.0")
@pytest.mark.parametrize(("codec", "decoder"), [("h264", "avdec_h264"), ("h265", "avdec_h265")])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_gstreamer_shows_the_range_and_nothing_before_it(
    plan, save, recorded, tmp_path, codec, decoder, b_frames
):
    recorded(codec, b_frames, "aac")
    [movie] = plan(5.5, 20).movies
    raw = tmp_path / "raw"
    run("gst-launch-1.0", "-q", "filesrc", f"location={save(movie)}", "!", "qtdemux", "!",
        f"{codec}parse", "!", decoder, "max-threads=1", "!", "videoconvert", "!",
        f"video/x-raw,format=GRAY8,width={WIDTH},height={HEIGHT}", "!", "filesink",
        f"location={raw}")  # fmt: skip
    data = raw.read_bytes()
    size = WIDTH * HEIGHT
    greys = [data[at + size // 2] for at in range(0, len(data), size)]
    lead = 0 if not b_frames else 2  # the recorder's clock is that of decoding in these streams
    assert abs(len(greys) - (65 + 50)) <= lead
    assert abs(greys[0] - (16 + 8 * 15)) <= 8 * lead + 2
    assert 16 in range(min(greys) - 2, min(greys) + 3)


@needs("gst-launch-1.0")
def test_gstreamer_plays_from_a_run_that_is_hours_old(plan, save, writer, tmp_path):
    camera = Camera(writer)
    camera.number = 5 * 3600 * 10
    camera.record(T0, 10, phase=4)
    [movie] = plan(3, 8).movies
    raw = tmp_path / "raw"
    run("gst-launch-1.0", "-q", "filesrc", f"location={save(movie)}", "!", "qtdemux", "!",
        "h264parse", "!", "avdec_h264", "!", "videoconvert", "!",
        f"video/x-raw,format=GRAY8,width={WIDTH},height={HEIGHT}", "!", "filesink",
        f"location={raw}")  # fmt: skip
    frames = raw.stat().st_size / (WIDTH * HEIGHT)
    assert 50 <= frames <= 54  # GStreamer 1.22 does not hide what follows within the last fragment
    assert abs(raw.read_bytes()[WIDTH * HEIGHT // 2] - (16 + 8 * 10)) <= 2


def recorded_pictures(samples, form):
    """SHA-256 of each picture (4:2:0) of coded samples as they were recorded."""
    coder = av.CodecContext.create("hevc" if form.codec is Codec.H265 else "h264", "r")
    coder.thread_count = 1
    head = b"".join(b"\0\0\0\1" + part for part in form.parameter_sets)
    shown = []
    for sample in [*samples, None]:
        data, at = head, 0
        while sample and at < len(sample):
            size = int.from_bytes(sample[at : at + 4], "big")
            data += b"\0\0\0\1" + sample[at + 4 : at + 4 + size]
            at += 4 + size
        shown += coder.decode(av.Packet(data) if sample else None)
        head = b""
    planes = [frame.to_ndarray(format="yuv420p").tobytes() for frame in shown]
    return [hashlib.sha256(data).hexdigest() for data in planes]


def raw_pictures(data):
    size = WIDTH * HEIGHT * 3 // 2
    assert len(data) % size == 0
    return [hashlib.sha256(data[at : at + size]).hexdigest() for at in range(0, len(data), size)]


def cvlc(movie, folder):
    """Have VLC decode a film; returns its pictures in 4:2:0."""
    raw = folder / "raw"
    rights = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]  # it refuses root
    subprocess.run(
        [*(rights if os.geteuid() == 0 else []), "cvlc", "-q", "--play-and-exit",
         "--no-one-instance", "--avcodec-threads=1", "--sout",
         f"#transcode{{vcodec=I420,acodec=none}}:std{{access=file,mux=dummy,dst={raw}}}",
         movie.as_uri(), "vlc://quit"],
        env={**os.environ, "HOME": str(folder)}, capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    return raw.read_bytes()


def gstreamer(movie, folder, codec):
    raw = folder / "raw"
    run("gst-launch-1.0", "-q", "filesrc", f"location={movie}", "!", "qtdemux", "!",
        f"{codec}parse", "!", f"avdec_{codec}", "max-threads=1", "!", "videoconvert", "!",
        "video/x-raw,format=I420", "!", "filesink", f"location={raw}")  # fmt: skip
    return raw.read_bytes()


def ffmpeg(movie, folder, codec):
    return run("ffmpeg", "-v", "error", "-threads", "1", "-i", movie, "-map", "0:v", "-fps_mode",
               "passthrough", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-")  # fmt: skip


@pytest.fixture
def open_folder():
    """A folder that VLC may use, which does not run as root."""
    made = Path(tempfile.mkdtemp(dir="/tmp"))
    made.chmod(0o777)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.mark.parametrize(
    "player",
    [
        pytest.param(ffmpeg, marks=needs("ffmpeg"), id="ffmpeg"),
        pytest.param(gstreamer, marks=needs("gst-launch-1.0"), id="gstreamer"),
        pytest.param(lambda m, f, _c: cvlc(m, f), marks=needs("cvlc"), id="vlc"),
    ],
)
@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_players_show_every_picture_as_it_was_recorded(
    box, writer, plan, recorded, open_folder, save, player, codec
):
    """Decoded pictures are those of the footage; only around the cuts do players differ."""
    recorded(codec, 2, "aac", noise=True)
    [movie] = plan(5.5, 20).movies
    path = save(movie, open_folder / "film.mp4")
    path.chmod(0o644)
    samples = source(box.reader(writers=[writer]), 3.8, 21)[1]
    wanted = recorded_pictures(samples, video(codec, b_frames=2, noise=True).format)
    shown = raw_pictures(player(path, open_folder, codec))
    assert len(set(wanted)) >= 20
    assert len(shown) >= 65 + 50 - 2
    starts = [at for at in range(len(wanted)) if wanted[at : at + len(shown)] == shown]
    assert starts, (len(shown), len(wanted))


@pytest.fixture
def stick(box, plan, recorded, tmp_path):
    recorded("h264", 0, "aac", noise=True)
    return write_to_folder(plan(5.5, 20, streams=(MAIN,)), tmp_path, signer=box.key)


def in_browser(folder: Path, work, before=""):
    """Open verify.html by file:// and let `work(page)` act; `before` is a script run first."""

    async def act():
        async with chromium() as browser, browser.page() as page:
            if before:
                await page.call("Page.addScriptToEvaluateOnNewDocument", source=before)
            await page.go((folder / "verify.html").as_uri())
            await page.until("document.documentElement.dataset.ready === 'true'")
            return await work(page)

    return asyncio.run(act())


async def choose(page, *files: Path, field="several"):
    """Choose files as a person does in the dialog."""
    await page.evaluate("delete document.documentElement.dataset.verdict")
    document = await page.call("DOM.getDocument")
    field = await page.call(
        "DOM.querySelector", nodeId=document["root"]["nodeId"], selector=f"#{field}"
    )
    await page.call("DOM.setFileInputFiles", nodeId=field["nodeId"], files=[str(f) for f in files])
    await page.until("document.documentElement.dataset.verdict")
    return await page.evaluate("document.body.innerText")


@pytest.mark.browser
@pytest.mark.skipif(FOUND is None, reason="needs Chromium (Debian's package chromium)")
def test_the_page_in_the_export_checks_and_plays_it(stick):
    async def look(page):
        words = await page.evaluate("document.body.innerText")
        assert "Signed, and the list of files is unchanged." in words
        assert "theft in the yard" in words
        await page.evaluate("document.querySelector('#files button').click()")
        await page.until("document.getElementById('video').currentTime > 1")
        clock = await page.evaluate("document.getElementById('clock').textContent")
        assert "16:13:2" in clock
        assert "GMT+02:00" in clock
        await page.evaluate("document.getElementById('video').currentTime = 7")
        await page.until(
            "document.getElementById('video').currentTime >= 9.5"
        )  # the gap is skipped
        told = await choose(page, *stick.iterdir())
        assert "All files are unchanged since they were signed." in told
        assert page.complaints == []
        assert {url.partition(":")[0] for url in page.requests} <= {"file", "blob", "data"}

    in_browser(stick, look)


SHOWN = """(async (times) => {
    const video = document.getElementById("video"), found = [];
    video.pause();
    for (const time of times) {
        const there = new Promise((done) => { video.onseeked = done; });
        video.currentTime = time;
        await there;
        const picture = new VideoFrame(video), data = new Uint8Array(picture.allocationSize());
        await picture.copyTo(data);
        found.push([picture.format, hex(await sha(data))]);
        picture.close();
    }
    return found;
})"""


@pytest.mark.browser
@pytest.mark.skipif(FOUND is None, reason="needs Chromium (Debian's package chromium)")
def test_chromium_shows_the_pictures_that_were_recorded(stick, box, writer):
    samples = source(box.reader(writers=[writer]), 3.8, 21)[1]
    wanted = recorded_pictures(samples, video("h264", noise=True).format)
    cut, second_run = 15, 80  # pictures before the cut, and before the camera came back
    places = {0.05: cut, 0.95: cut + 9, 3.45: cut + 34, 6.35: cut + 63, 9.55: second_run,
              12.05: second_run + 25}  # fmt: skip

    async def look(page):
        await choose(page, *stick.iterdir())
        await page.evaluate("document.querySelector('#files button').click()")
        await page.until("document.getElementById('video').readyState === 4")
        shown = await page.evaluate(f"{SHOWN}({list(places)})")
        assert shown == [["I420", wanted[at]] for at in places.values()]

    in_browser(stick, look)


@pytest.mark.browser
@pytest.mark.skipif(FOUND is None, reason="needs Chromium (Debian's package chromium)")
def test_the_page_names_what_was_changed(stick):
    movie = next(stick.glob("*.mp4"))
    right = movie.read_bytes()
    data = bytearray(right)
    data[len(data) // 2] ^= 1
    movie.write_bytes(data)

    async def look(page):
        told = await choose(page, *stick.iterdir())
        assert "This export is not as it was made. Problems: 1" in told
        assert "Fragment " in told
        assert "was changed" in told
        manifest = stick / "manifest.json"
        manifest.write_bytes(manifest.read_bytes().replace(b"theft", b"visit"))
        movie.write_bytes(right)
        await page.evaluate("delete document.documentElement.dataset.verdict")
        told = await choose(page, *stick.iterdir())
        assert "manifest.json: It is not the one that this page was made with." in told

    in_browser(stick, look)


@pytest.mark.browser
@pytest.mark.skipif(FOUND is None, reason="needs Chromium (Debian's package chromium)")
def test_a_page_with_a_forged_list_says_so(stick):
    page_file = stick / "verify.html"

    text = (stick / "manifest.json").read_bytes()
    forged = text.replace(b"theft", b"visit")
    page_file.write_bytes(
        page_file.read_bytes().replace(base64.b64encode(text), base64.b64encode(forged))
    )

    async def look(page):
        await page.until("document.documentElement.dataset.signed === 'forged'")
        assert "The signature does not fit" in await page.evaluate("document.body.innerText")

    in_browser(stick, look)


@pytest.mark.browser
@pytest.mark.skipif(FOUND is None, reason="needs Chromium (Debian's package chromium)")
def test_a_page_that_cannot_check_the_signature_says_so_and_is_not_green(stick):
    """Browsers before Chrome 137, Firefox 129 and Safari 17 do not know Ed25519."""
    old = """
        const real = crypto.subtle.importKey.bind(crypto.subtle);
        crypto.subtle.importKey = (form, key, kind, ...more) => kind === "Ed25519"
          ? Promise.reject(new DOMException("Unrecognized name.", "NotSupportedError"))
          : real(form, key, kind, ...more);
    """

    async def look(page):
        told = await choose(page, *stick.iterdir())
        assert "who made that list is not proved" in told
        assert "Firefox 129" in told
        assert "All files are unchanged since" not in told
        verdict = "[document.documentElement.dataset.verdict, verdict.className]"
        assert await page.evaluate(verdict) == ["unsigned", "warn"]
        next(stick.glob("*.mp4")).write_bytes(b"x")
        await choose(page, *stick.iterdir())
        assert await page.evaluate(verdict) == ["wrong", "bad"]

    in_browser(stick, look, old)


@pytest.mark.browser
@pytest.mark.skipif(FOUND is None, reason="needs Chromium (Debian's package chromium)")
def test_the_page_names_what_does_not_belong_to_the_export(stick):
    (stick / ".DS_Store").write_bytes(b"Bud1")
    (stick / "._film.mp4").write_bytes(b"\0\5\x16\7\0\2\0\0")

    async def look(page):
        verdict = "[document.documentElement.dataset.verdict, verdict.className]"
        for field, chosen in (("folder", [stick]), ("several", stick.iterdir())):
            await choose(page, *chosen, field=field)
            assert await page.evaluate(verdict) == ["right", "good"]
        film = next(path for path in stick.glob("*.mp4") if path.name[0] != ".")
        (stick / "more").mkdir()
        shutil.copy(film, stick / "more" / film.name)
        (stick / "other\u202e.mp4").write_bytes(b"x")
        (stick / ".hidden.mp4").write_bytes(b"x")
        told = await choose(page, stick, field="folder")
        assert f"more/{film.name}: It does not belong to the export." in told
        assert "other\ufffd.mp4: It does not belong to the export." in told
        assert ".hidden.mp4: It does not belong to the export." in told
        assert "This export is not as it was made. Problems: 3" in told
        assert await page.evaluate(verdict) == ["wrong", "bad"]

    in_browser(stick, look)


@pytest.mark.browser
@pytest.mark.skipif(FOUND is None, reason="needs Chromium (Debian's package chromium)")
@pytest.mark.parametrize("forged", [b"null", b'{"files": 7}', b"{", b"\xff"])
def test_a_page_whose_list_is_none_is_not_green(stick, forged):
    page_file = stick / "verify.html"
    text = base64.b64encode((stick / "manifest.json").read_bytes())
    page_file.write_bytes(page_file.read_bytes().replace(text, base64.b64encode(forged)))

    async def act():
        async with chromium() as browser, browser.page() as page:
            await page.go(page_file.as_uri())
            await page.until("document.documentElement.dataset.verdict === 'wrong'")
            assert await page.evaluate("folder.disabled && several.disabled")

    asyncio.run(act())
