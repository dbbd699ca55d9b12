"""A process that records and says what is durable, until it is killed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "storage"))

from made_fragments import SUB, made_fragment

from appliance.storage.ledger import Ledger
from appliance.storage.signing import DeviceKey
from appliance.storage.volume import Volume
from appliance.storage.writer import VolumeWriter


def main(root, first):
    key = DeviceKey.load(root / "device.key")
    volume = Volume.open(root / "one", device_key=key, ledger=Ledger(root / "ledger.jsonl"))
    writer = VolumeWriter(volume, "recorder-0")
    second = first
    while True:
        report = writer.commit([made_fragment(second), made_fragment(second, SUB, 4_000)])
        print(second if report.stored == 2 else f"failed {report.faults}", flush=True)
        second += 1


main(Path(sys.argv[1]), int(sys.argv[2]))
