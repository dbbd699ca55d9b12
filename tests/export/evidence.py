"""A small export as evidence: folder and archive, with all kinds of parts; made once and copied."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from made_footage import MAIN, NS, SUB, T0, Box, Camera, video

from appliance.export.manifest import MANIFEST, SIGNATURE, signature_text, statement
from appliance.export.movie import MovieReader
from appliance.export.package import Package
from appliance.export.page import PAGE_NAME
from appliance.export.plan import plan_export
from appliance.export.request import BoxIdentity, ExportRequest
from appliance.export.sink import write_to_folder
from appliance.export.zip import Contents
from appliance.storage.signing import DeviceKey

DOCUMENTS = [MANIFEST, SIGNATURE, PAGE_NAME]


@dataclass
class Evidence:
    """`folder` and `archive` hold the same export; `state` has the key of the box that made it."""

    folder: Path
    archive: Path
    state: Path
    key: str

    @property
    def movies(self) -> list[Path]:
        return sorted(self.folder.glob("*.mp4"))

    @property
    def manifest(self) -> dict:
        return json.loads((self.folder / MANIFEST).read_text())

    def forge(self, manifest: dict | bytes, key: DeviceKey | None = None) -> None:
        """Sign another manifest, as anybody can, with a key of one's own."""
        text = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
        (self.folder / MANIFEST).write_bytes(text)
        signed = (key or DeviceKey.new()).sign(statement(text))
        (self.folder / SIGNATURE).write_bytes(signature_text(signed))
        (self.folder / PAGE_NAME).unlink(missing_ok=True)

    def copied(self, root: Path) -> Evidence:
        """The same at another place, to be changed."""
        folder = Path(shutil.copytree(self.folder, root / "copy" / self.folder.name))
        archive = Path(shutil.copy(self.archive, root / "copy.zip"))
        return Evidence(folder, archive, self.state, self.key)


def make(root: Path) -> Evidence:
    """Two channels, a gap, two runs, two blocks, sound, a cut within a GOP."""
    box = Box(root / "box")
    volume = box.create(blocks=16, block_bytes=1 << 20)
    writer = box.writer()
    camera = Camera(writer, coded=video(noise=True), audio="aac")
    camera.record(T0, 8, phase=3)
    camera.again(run=2)
    camera.record(T0 + 10 * NS, 6)
    Camera(writer, stream=SUB, audio="mulaw").record(T0, 6)
    reader = box.reader(volume.name, writers=[writer])
    request = ExportRequest(
        (MAIN, SUB), T0 + 5 * NS // 2, T0 + 15 * NS, "anna@192.0.2.7", "theft in the yard"
    )
    identity = BoxIdentity("Office", "1.2.3")
    plan = plan_export(
        reader, request, {1: "Front / door"}, ZoneInfo("Europe/Berlin"), identity,
        now_ns=T0 + 100_000 * NS,
    )  # fmt: skip
    (root / "out").mkdir()
    folder = write_to_folder(plan, root / "out", signer=box.key)
    archive = root / "all.zip"
    package = Package(plan)
    with MovieReader() as source, archive.open("wb") as out:
        package.seal_with(box.key, source)
        for span in package.archive.spans(0, package.archive.size):
            if not isinstance(span, Contents):
                out.write(span.data)
            elif (name := package.names[span.number]) in package.movies:
                out.write(source.read(package.movies[name], span.start, span.end))
            else:
                out.write(package.document(name)[span.start : span.end])
    key = box.key.public
    box.close()
    return Evidence(folder, archive, root / "elsewhere", key)
