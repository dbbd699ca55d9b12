"""Parameter sets written bit by bit, for streams that no coder makes."""

from __future__ import annotations

import pytest

from appliance.media.codec.bits import BitWriter, escape


class MadeSets:
    """Writes H.264 and H.265 parameter sets and slices with chosen fields."""

    @staticmethod
    def finish(bits: BitWriter, header: bytes) -> bytes:
        bits.u(1, 1)
        return header + escape(bits.bytes())

    @classmethod
    def h264_sps(
        cls,
        width: int = 1920,
        height: int = 1080,
        *,
        profile: int = 100,
        constraints: int = 0,
        level: int = 40,
        sps_id: int = 0,
        poc_type: int = 0,
        interlaced: bool = False,
        reorder: int | None = None,
        tick: tuple[int, int] | None = None,
        colour: tuple[int, int, int, bool] | None = None,
        scaling: bool = False,
        hrd: bool = False,
    ) -> bytes:
        bits = BitWriter()
        for value in (profile, constraints, level):
            bits.u(value, 8)
        bits.ue(sps_id)
        if profile >= 100:
            for value in (1, 0, 0):
                bits.ue(value)
            bits.u(0, 1)
            bits.u(scaling, 1)
            if scaling:
                for index in range(8):
                    bits.u(index in (0, 6), 1)
                    if index in (0, 6):
                        for step in range(16 if index == 0 else 64):
                            bits.se(1 if step % 2 else -1)
        bits.ue(0)
        bits.ue(poc_type)
        if poc_type == 0:
            bits.ue(2)
        elif poc_type == 1:
            bits.u(0, 1)
            for value in (-3, 2):
                bits.se(value)
            bits.ue(2)
            bits.se(1)
            bits.se(-1)
        bits.ue(4)
        bits.u(0, 1)
        lines = 32 if interlaced else 16
        bits.ue((width + 15) // 16 - 1)
        bits.ue((height + lines - 1) // lines - 1)
        bits.u(not interlaced, 1)
        if interlaced:
            bits.u(0, 1)
        bits.u(1, 1)
        right = -width % 16
        bottom = -height % lines
        bits.u(bool(right or bottom), 1)
        if right or bottom:
            for value in (0, right // 2, 0, bottom // (4 if interlaced else 2)):
                bits.ue(value)
        vui = reorder is not None or tick or colour or hrd
        bits.u(bool(vui), 1)
        if vui:
            bits.u(1, 1)
            bits.u(255, 8)
            bits.u(4, 16)
            bits.u(3, 16)
            bits.u(0, 1)
            bits.u(colour is not None, 1)
            if colour:
                bits.u(5, 3)
                bits.u(colour[3], 1)
                bits.u(1, 1)
                for value in colour[:3]:
                    bits.u(value, 8)
            bits.u(0, 1)
            bits.u(tick is not None, 1)
            if tick:
                bits.u(tick[0], 32)
                bits.u(tick[1], 32)
                bits.u(1, 1)
            bits.u(hrd, 1)
            if hrd:
                bits.ue(0)
                bits.u(0x12, 8)
                bits.ue(100)
                bits.ue(200)
                bits.u(1, 1)
                bits.u(0, 20)
            bits.u(0, 1)
            if hrd:
                bits.u(0, 1)
            bits.u(0, 1)
            bits.u(reorder is not None, 1)
            if reorder is not None:
                bits.u(1, 1)
                for value in (0, 0, 10, 10, reorder, max(1, reorder)):
                    bits.ue(value)
        return cls.finish(bits, b"\x67")

    @classmethod
    def h264_pps(cls, pps_id: int = 0, sps_id: int = 0, tail: int = 0) -> bytes:
        bits = BitWriter()
        bits.ue(pps_id)
        bits.ue(sps_id)
        bits.u(1, 1)
        bits.ue(tail)
        return cls.finish(bits, b"\x68")

    @classmethod
    def h264_slice(
        cls,
        body: bytes = b"picture",
        *,
        key: bool = False,
        first_mb: int = 0,
        slice_type: int | None = None,
        pps_id: int = 0,
    ) -> bytes:
        bits = BitWriter()
        bits.ue(first_mb)
        bits.ue(slice_type if slice_type is not None else 7 if key else 5)
        bits.ue(pps_id)
        return cls.finish(bits, b"\x65" if key else b"\x41") + body

    @classmethod
    def h264_recovery_point(cls, frames: int = 0) -> bytes:
        bits = BitWriter()
        bits.ue(frames)
        bits.u(0b1001, 4)
        payload = bits.bytes()
        return b"\x06\x06" + bytes([len(payload)]) + payload + b"\x80"


@pytest.fixture(scope="session")
def made() -> type[MadeSets]:
    return MadeSets
