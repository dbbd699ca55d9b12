/** How a live picture stays close to now: a small buffer, gentle speed changes, a jump when far behind. */

export interface Advice {
  rate: number;
  /** Seconds before the buffer's end to jump to, or null to play on. */
  jumpBehind: number | null;
}

const SHORTEST_S = 0.03;
const LONGEST_S = 0.6;
const JUMP_S = 0.9;

export class CatchUp {
  private targetS = SHORTEST_S;
  private lastStarvedMs = 0;

  /** The picture stood still for lack of data: keep a little more from now on. */
  starved(nowMs: number): void {
    if (nowMs - this.lastStarvedMs < 400) return;
    this.lastStarvedMs = nowMs;
    this.targetS = Math.min(LONGEST_S, this.targetS * 1.4 + 0.01);
  }

  /** What to do with `aheadS` seconds in the buffer and frames `frameS` apart. */
  advise(aheadS: number, frameS: number, nowMs: number): Advice {
    if (nowMs - this.lastStarvedMs > 15_000 && this.targetS > SHORTEST_S) {
      this.targetS = Math.max(SHORTEST_S, this.targetS * 0.8);
      this.lastStarvedMs = nowMs - 5000;
    }
    // A fragment lasts a frame: just after one came, `aheadS` is up to a frame more than the reserve.
    const wanted = this.targetS + frameS;
    if (aheadS > wanted + JUMP_S) return { rate: 1, jumpBehind: wanted };
    if (aheadS > wanted + 0.25) return { rate: 1.25, jumpBehind: null };
    if (aheadS > wanted + 0.04) return { rate: 1.06, jumpBehind: null };
    if (aheadS < this.targetS * 0.4) return { rate: 0.97, jumpBehind: null };
    return { rate: 1, jumpBehind: null };
  }
}
