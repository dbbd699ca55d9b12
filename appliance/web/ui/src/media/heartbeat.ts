/** Whether the other side of a connection is still there, reckoned so that a page that slept is no proof of silence. */

export const PING_MS = 2000;
const PATIENCE_MS = 10_000;
/** After a sleep the connection is often dead, and the person is waiting. */
const PATIENCE_AFTER_SLEEP_MS = 4000;
/** Timers of hidden pages come once a minute at worst; a tick this late means that the page did not run. */
const SLEPT_MS = 3 * PING_MS;

export type Verdict = "ping" | "gone";

export class Heartbeat {
  private askedMs: number | null = null;
  private lastTickMs: number;
  private patienceMs = PATIENCE_MS;

  constructor(nowMs: number) {
    this.lastTickMs = nowMs;
  }

  /** Every `PING_MS`, or much later when the page slept. */
  tick(nowMs: number): Verdict {
    const slept = nowMs - this.lastTickMs > SLEPT_MS;
    this.lastTickMs = nowMs;
    if (slept) return this.wake(nowMs);
    if (this.askedMs === null) {
      this.askedMs = nowMs;
      return "ping";
    }
    return nowMs - this.askedMs > this.patienceMs ? "gone" : "ping";
  }

  /** The page runs again, is seen again, or the network came back: ask anew, and wait for less long. */
  wake(nowMs: number): Verdict {
    this.lastTickMs = nowMs;
    this.askedMs = nowMs;
    this.patienceMs = PATIENCE_AFTER_SLEEP_MS;
    return "ping";
  }

  /** Anything was received. */
  heard(): void {
    this.askedMs = null;
    this.patienceMs = PATIENCE_MS;
  }
}
