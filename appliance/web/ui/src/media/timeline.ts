/** Maps a media element's clock to UTC: stretches of one run each, in which both advance together. */

interface Stretch {
  media: number;
  utcMs: number;
}

export class Timeline {
  private stretches: Stretch[] = [];

  clear(): void {
    this.stretches = [];
  }

  /** From `media` seconds on, frames were captured from `utcMs` on. */
  mark(media: number, utcMs: number): void {
    const last = this.stretches.at(-1);
    // Within 5 ms of what is known already: the same stretch.
    if (last && media >= last.media && Math.abs(last.utcMs + (media - last.media) * 1000 - utcMs) < 5) return;
    while (this.stretches.length && this.stretches.at(-1)!.media >= media) this.stretches.pop();
    this.stretches.push({ media, utcMs });
    if (this.stretches.length > 500) this.stretches.splice(0, 250);
  }

  /** UTC in ms shown at `media` seconds, or null before anything is known. */
  utcAt(media: number): number | null {
    for (let i = this.stretches.length - 1; i >= 0; i -= 1) {
      const stretch = this.stretches[i]!;
      if (stretch.media <= media + 1e-4 || i === 0) return stretch.utcMs + (media - stretch.media) * 1000;
    }
    return null;
  }

  /** The media time that shows `utcMs`, or null before anything is known. */
  mediaAt(utcMs: number): number | null {
    for (let i = this.stretches.length - 1; i >= 0; i -= 1) {
      const stretch = this.stretches[i]!;
      if (stretch.utcMs <= utcMs + 0.1 || i === 0) return stretch.media + (utcMs - stretch.utcMs) / 1000;
    }
    return null;
  }
}
