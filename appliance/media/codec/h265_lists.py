"""The long lists inside an H.265 SPS, passed over so that the VUI behind them can be read."""

from __future__ import annotations

from appliance.media.codec.bits import BitReader

_MAX_SETS = 64
_MAX_PICTURES = 16


def skip_scaling_lists(bits: BitReader) -> None:
    """Pass over scaling_list_data (H.265 7.3.4); raises MalformedError."""
    for size_id in range(4):
        for _ in range(0, 6, 3 if size_id == 3 else 1):
            if not bits.flag():  # scaling_list_pred_mode_flag
                bits.ue()
                continue
            if size_id > 1:
                bits.se()
            for _ in range(min(64, 1 << (4 + (size_id << 1)))):
                bits.se()


def skip_short_term_sets(bits: BitReader) -> None:
    """Pass over num_short_term_ref_pic_sets and the sets (H.265 7.3.7, 7.4.8); MalformedError.

    A set may be written as the difference to the one before it, whose pictures therefore have to
    be worked out: `negative` and `positive` are the POC differences, nearest first.
    """
    negative: list[int] = []
    positive: list[int] = []
    for index in range(bits.ue(_MAX_SETS)):
        if index and bits.flag():  # inter_ref_pic_set_prediction_flag
            negative, positive = _predicted(bits, negative, positive)
        else:
            counts = bits.ue(_MAX_PICTURES), bits.ue(_MAX_PICTURES)
            negative, positive = _listed(bits, counts[0], -1), _listed(bits, counts[1], 1)


def _listed(bits: BitReader, count: int, sign: int) -> list[int]:
    deltas: list[int] = []
    last = 0
    for _ in range(count):
        last += sign * (bits.ue(32_767) + 1)
        bits.skip(1)  # used_by_curr_pic_flag
        deltas.append(last)
    return deltas


def _predicted(
    bits: BitReader, negative: list[int], positive: list[int]
) -> tuple[list[int], list[int]]:
    """Derive a set from the one before (7-61, 7-62)."""
    sign = -1 if bits.flag() else 1
    shift = sign * (bits.ue(32_767) + 1)
    reference = [*negative, *positive, 0]
    kept = [
        delta + shift
        for delta in reference
        if bits.flag() or bits.flag()  # used_by_curr_pic_flag, else use_delta_flag
    ]
    below = sorted((delta for delta in kept if delta < 0), reverse=True)
    above = sorted(delta for delta in kept if delta > 0)
    return below[:_MAX_PICTURES], above[:_MAX_PICTURES]
