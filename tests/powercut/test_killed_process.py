"""`kill -9` of a real recording process: what it said was durable is there, and goes on."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from made_fragments import MAIN, SUB, T0, S, body_of, made_fragment, stored

from appliance.storage.check_volume import check_volume
from appliance.storage.ledger import Ledger
from appliance.storage.reader import FootageReader
from appliance.storage.signing import DeviceKey
from appliance.storage.volume import Volume
from appliance.storage.writer import VolumeWriter

PROGRAM = Path(__file__).parent / "recording_process.py"


def kill_many(root, times, rng):
    key = DeviceKey.load(root / "device.key")
    ledger = Ledger(root / "ledger.jsonl")
    Volume.create(
        root / "one", capacity_bytes=40 << 20, name="one", block_bytes=1 << 20, device_key=key
    )
    last, under_way = -1, set()
    for _n in range(times):
        wanted = last + rng.randrange(3, 40)
        last = record_and_kill(root, last + 1, wanted)
        volume = Volume.open(root / "one", device_key=key, ledger=ledger)
        writer = VolumeWriter(volume, "recorder-0", background=False)
        reader = FootageReader([root / "one"], writer.open_blocks)
        said = last
        under_way.add(said + 1)
        for stream, size in ((MAIN, 20_000), (SUB, 4_000)):
            found = stored(reader, stream)
            seconds = [(f.utc_ns - T0) // S for f, _body in found]
            assert seconds == sorted(set(seconds))
            assert set(range(seconds[0], seconds[-1])) - set(seconds) <= under_way
            assert said <= seconds[-1] <= said + 1  # one commit may have been under way
            last = max(last, seconds[-1])
            for second, (_f, body) in zip(seconds, found, strict=True):
                assert body == body_of(made_fragment(second, stream, size))
        before = writer.keeper.catalogue.dump()
        writer.keeper.distrust("tested")
        writer.housekeeping.work()
        assert writer.keeper.catalogue.dump() == before
        reader.close()
        writer.close()
        volume.close()
    found = check_volume(root / "one", ledger=ledger, key=key.public)
    assert not found.problems


def record_and_kill(root, first, wanted):
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), str(root), str(first)], stdout=subprocess.PIPE, text=True
    )
    last = first - 1
    try:
        for line in process.stdout:
            last = int(line)
            if last >= wanted:
                break
    finally:
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split()
        process.wait()
        process.stdout.close()
    return int(rest[-1]) if rest else last


def test_a_killed_process_loses_nothing_it_said_was_durable(tmp_path):
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    kill_many(tmp_path, 6, random.Random(seed))


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_process_killed_sixty_times_loses_nothing_it_said_was_durable(tmp_path):
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    kill_many(tmp_path, 60, random.Random(seed))
