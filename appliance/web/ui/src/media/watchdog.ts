/** Notices a picture that stands still although it is being received: some decoders give up without an error. */

/** Without a shown frame for so long, while frames come. */
export const STUCK_MS = 8000;

export class Watchdog {
  private sinceMs: number | null = null;
  private packets = 0;

  /** A frame is on the screen, or there is no reason to expect one. */
  calm(): void {
    this.sinceMs = null;
    this.packets = 0;
  }

  /** A piece of the picture came. */
  fed(nowMs: number): void {
    this.packets += 1;
    this.sinceMs ??= nowMs;
  }

  /** Whether a picture should have been shown long ago: a lone frame (a still) proves nothing. */
  isStuck(nowMs: number): boolean {
    return this.sinceMs !== null && this.packets > 10 && nowMs - this.sinceMs > STUCK_MS;
  }
}
