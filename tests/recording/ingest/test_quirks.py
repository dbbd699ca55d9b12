"""Every quirk of real cameras that the simulator can show is borne: one named test each.

All cameras run at once, each pulled for a few seconds; then each test looks at its own.
"""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, replace

import pytest

from appliance.cameras.sim.quirks import Quirk
from appliance.cameras.sim.simulator import Simulator
from appliance.cameras.sim.specs import AudioSpec, CameraSpec, StreamSpec, VideoSpec
from appliance.media.types import AccessUnit, AudioFormat, Codec, RunIds
from appliance.recording.ingest.config import Limits, SourceConfig
from appliance.recording.ingest.ingest import Ingest
from appliance.recording.ingest.state import Fault, IngestState, Phase
from appliance.recording.ingest.statistics import IngestStatistics

REFUSED = {
    Quirk.GARBAGE: "not_rtsp",
    Quirk.WEB_SERVER: "web_server",
    Quirk.ABSURD_RESOLUTION: "absurd_resolution",
}
BORNE = [quirk for quirk in Quirk if quirk not in REFUSED]
H265_TOO = [
    Quirk.AGGREGATE, Quirk.ANNEX_B, Quirk.EMPTY_FU, Quirk.FU_TYPE_CHANGE, Quirk.MARK_ON_SEI,
    Quirk.MARKER_ALWAYS, Quirk.MARKER_NEVER, Quirk.NO_SPROP, Quirk.SPS_EXTRA_BYTES,
]  # fmt: skip
SECONDS = 5.0
BASE = CameraSpec(
    name="x", title="quirk", main=StreamSpec(VideoSpec(bframes=0), AudioSpec()), sub=None
)


@dataclass
class Outcome:
    name: str
    units: list[AccessUnit]
    states: list[IngestState]
    figures: IngestStatistics

    def on_access_unit(self, unit: AccessUnit) -> None:
        self.units.append(unit)

    def on_state(self, state: IngestState) -> None:
        self.states.append(state)

    @property
    def faults(self) -> list[Fault]:
        return [s.fault for s in self.states if s.fault and s.phase is Phase.WAITING]


async def pull_all(specs: list[CameraSpec], folder) -> dict[str, Outcome]:
    outcomes = {spec.name: Outcome(spec.name, [], [], IngestStatistics()) for spec in specs}
    async with Simulator(specs, cache=folder) as simulator:
        ingests = {
            name: Ingest(
                SourceConfig(simulator.url(name)),
                outcomes[name],
                run_ids=RunIds(1),
                limits=Limits(answer_s=1.5, tick_s=0.2),
            )
            for name in outcomes
        }
        tasks = [asyncio.create_task(ingest.run()) for ingest in ingests.values()]
        async with asyncio.timeout(SECONDS + 15):
            while not all(enough(o) for o in outcomes.values()):
                await asyncio.sleep(0.1)
        for name, ingest in ingests.items():
            outcomes[name].figures = ingest.statistics
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return outcomes


def enough(outcome: Outcome) -> bool:
    return bool(outcome.faults) or (
        sum(u.is_video for u in outcome.units) >= 30 and outcome.figures is not None
    )


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    folder = tmp_path_factory.mktemp("loops")
    specs = [replace(BASE, name=q.value, quirks=frozenset({q})) for q in Quirk]
    h265 = StreamSpec(VideoSpec(codec="h265"), None)
    specs += [
        replace(BASE, name=f"h265-{q.value}", main=h265, quirks=frozenset({q})) for q in H265_TOO
    ]
    return asyncio.run(pull_all(specs, folder))


def check_whole(outcome: Outcome) -> None:
    assert outcome.faults == []
    video = [u for u in outcome.units if u.is_video]
    assert len(video) >= 30
    assert video[0].key
    assert video[0].dts == 0
    assert not any(u.damaged for u in video)
    assert len({u.run for u in outcome.units}) == 1
    assert all(b.dts > a.dts for a, b in itertools.pairwise(video))
    # 10 frames a second and a key frame each second: nothing lost, nothing made up.
    assert [u.key for u in video[:30]] == [n % 10 == 0 for n in range(30)]
    steps = [b.pts - a.pts for a, b in itertools.pairwise(video)]
    # (10 %: how fast the first sender report may move the clock of a late frame)
    assert all(abs(step - 9000) <= 910 for step in steps)


@pytest.mark.parametrize("quirk", BORNE, ids=[q.value for q in BORNE])
def test_quirk_is_borne_without_losing_a_frame(outcomes: dict[str, Outcome], quirk: Quirk) -> None:
    outcome = outcomes[quirk.value]
    check_whole(outcome)
    audio = [u for u in outcome.units if not u.is_video]
    assert audio, "the sound came through"
    assert all(b.dts > a.dts for a, b in itertools.pairwise(audio))


@pytest.mark.parametrize("quirk", H265_TOO, ids=[q.value for q in H265_TOO])
def test_quirk_is_borne_in_h265(outcomes: dict[str, Outcome], quirk: Quirk) -> None:
    outcome = outcomes[f"h265-{quirk.value}"]
    check_whole(outcome)
    assert outcome.units[0].format.codec is Codec.H265


@pytest.mark.parametrize("quirk", list(REFUSED), ids=[q.value for q in REFUSED])
def test_what_is_no_camera_stream_is_refused_in_words(
    outcomes: dict[str, Outcome], quirk: Quirk
) -> None:
    outcome = outcomes[quirk.value]
    assert outcome.faults[0].code == REFUSED[quirk]
    assert len(outcome.faults[0].text.split()) > 8
    if quirk is not Quirk.ABSURD_RESOLUTION:
        assert outcome.units == []


def test_pcm_at_48_khz_is_l16(outcomes: dict[str, Outcome]) -> None:
    (sound,) = {u.format for u in outcomes["pcm-48000"].units if not u.is_video}
    assert isinstance(sound, AudioFormat)
    assert (sound.codec, sound.sample_rate) == (Codec.L16, 48_000)


def test_aac_at_44100_hz_keeps_its_rate(outcomes: dict[str, Outcome]) -> None:
    audio = [u for u in outcomes["aac-44100"].units if not u.is_video]
    assert audio[0].format.timescale == 44_100
    steps = [b.dts - a.dts for a, b in itertools.pairwise(audio)]
    assert all(abs(step - 1024) <= 2 for step in steps)


def test_the_clock_comes_from_sender_reports_where_they_are_sane(
    outcomes: dict[str, Outcome],
) -> None:
    assert outcomes["control-first"].figures.clock_source == "camera"
    assert outcomes["no-rtcp"].figures.clock_source == "arrival"
    assert outcomes["unknown-ssrc-rtcp"].figures.clock_source == "camera"
