/**
 * How far the pictures on the screen are ahead of a shared clock, learnt from when each is composed.
 *
 * A browser chooses by a cadence of its own which picture is composed, and keeps to it: of two elements whose
 * clocks are the same, one may show the picture before that of the other for minutes. What counts is what is seen.
 */

/** So many pictures are looked at; the one in the middle tells. */
const SEEN = 5;
/** A picture is composed so long after its instant where all is well: less than the time between two compositions. */
const USUAL_MS = 10;
/** Faster than this pictures are left out, and which ones says little about the clock. */
const FASTEST = 2;

export class Lead {
  private utcMs = 0;
  private perfMs = 0;
  private speed = 0;
  private seen: number[] = [];

  /** The shared clock shows `utcMs` at `nowMs` and goes on at `speed`. */
  led(utcMs: number, speed: number, nowMs: number): void {
    if (speed !== this.speed) this.forget();
    this.utcMs = utcMs;
    this.perfMs = nowMs;
    this.speed = speed;
  }

  /** The picture of `utcMs` is on the screen from `atMs` on. */
  composed(utcMs: number, atMs: number): void {
    if (this.speed <= 0 || this.speed > FASTEST) return;
    const clock = this.utcMs + (atMs - this.perfMs) * this.speed;
    this.seen.push(utcMs + USUAL_MS * this.speed - clock);
    if (this.seen.length > SEEN) this.seen.shift();
  }

  /** It went elsewhere: what was seen says nothing any more. */
  forget(): void {
    this.seen = [];
  }

  /** Seconds of footage (negative: behind), or null before enough was seen. */
  seconds(): number | null {
    if (this.seen.length < SEEN) return null;
    return this.seen.toSorted((a, b) => a - b)[SEEN >> 1]! / 1000;
  }
}
