/** Shows footage backward: stretches come newest first, each is decoded whole and shown from its end. */
import type { Follow, PlayerEvents } from "./follow";
import type { Packet } from "./protocol";

/** Pictures kept of one stretch; of more, those in between are left out. */
const MOST_PICTURES = 48;
/** Stretches decoded at a time: the one being shown and the next. */
const DECODED_AHEAD = 2;
/** Pictures are kept no larger than they are shown, and never larger than this. */
const WIDEST = 1280;
/** Behind the clock, only the key frame of so many stretches is decoded; of twice as many if it was in vain. */
const FEWEST_LIGHT = 4;
const MOST_LIGHT = 64;
/** The instants that the box is told are whole milliseconds. */
const ROUNDED_MS = 2;

interface Picture {
  utcMs: number;
  image: ImageBitmap;
}

interface Stretch {
  from: number;
  to: number;
  config: VideoDecoderConfig;
  units: Packet[];
  whole: boolean;
  /** Null until it is decoded; the newest first. */
  pictures: Picture[] | null;
}

/** Whether this browser can play backward. */
export const canReverse = (): boolean => "VideoDecoder" in globalThis && "createImageBitmap" in globalThis;

export class BackwardPlayer implements Follow {
  readonly video = document.createElement("canvas");
  roundTripMs = 0;
  private readonly events: PlayerEvents;
  private readonly context: CanvasRenderingContext2D | null;
  private stretches: Stretch[] = [];
  private config: VideoDecoderConfig | null = null;
  private decoder: VideoDecoder | null = null;
  private decoding = false;
  private taken: ((frame: VideoFrame) => void) | null = null;
  private generation = 0;
  private light = 0;
  private nextLight = FEWEST_LIGHT;
  private anchorUtc = 0;
  private anchorPerf = 0;
  private speed = 0;
  private shown: number | null = null;
  private frame = 0;
  private dead = false;

  constructor(events: PlayerEvents) {
    this.events = events;
    this.context = this.video.getContext("2d", { alpha: false });
    this.video.setAttribute("aria-hidden", "true");
    const next = (): void => {
      if (this.dead) return;
      this.draw();
      this.frame = requestAnimationFrame(next);
    };
    this.frame = requestAnimationFrame(next);
  }

  init(codecs: string, packet: Packet): void {
    this.config = { codec: codecs, description: packet.payload };
  }

  /** What comes next shows the frames captured from..to (ms UTC). */
  stretch(from: number, to: number): void {
    if (this.config) this.stretches.push({ from, to, config: this.config, units: [], whole: false, pictures: null });
  }

  fragment(packet: Packet): void {
    const stretch = this.stretches.at(-1);
    if (!stretch || stretch.whole) return;
    stretch.units.push(packet);
    stretch.whole = packet.last;
    if (packet.last) void this.pump();
  }

  flush(): void {
    this.generation += 1;
    for (const stretch of this.stretches) forget(stretch);
    this.stretches = [];
    this.shown = null;
  }

  /** A stretch says itself where it ends. */
  finish(): void {}

  setPaused(paused: boolean): void {
    if (!paused) return;
    this.anchor(this.position(), 0);
  }

  utcNow(): number | null {
    return this.shown;
  }

  holds(utcMs: number): boolean {
    return this.stretches.some((stretch) => stretch.pictures !== null && stretch.from <= utcMs && utcMs <= stretch.to + ROUNDED_MS);
  }

  follow(utcMs: number, speed: number): void {
    this.anchor(utcMs, speed);
  }

  still(utcMs: number): void {
    this.anchor(utcMs, 0);
    this.draw();
  }

  destroy(): void {
    this.dead = true;
    cancelAnimationFrame(this.frame);
    this.flush();
    this.closeDecoder();
    this.video.remove();
  }

  private anchor(utcMs: number, speed: number): void {
    this.anchorUtc = utcMs;
    this.anchorPerf = performance.now();
    this.speed = speed;
  }

  private position(): number {
    return this.anchorUtc + (performance.now() - this.anchorPerf) * this.speed;
  }

  private draw(): void {
    const at = this.position();
    this.pass(at);
    const picture = this.pictureAt(at);
    if (!picture || picture.utcMs === this.shown) return;
    this.shown = picture.utcMs;
    const { image } = picture;
    if (this.video.width !== image.width) this.video.width = image.width;
    if (this.video.height !== image.height) this.video.height = image.height;
    this.context?.drawImage(image, 0, 0);
    this.events.shown({ utcMs: picture.utcMs, latencyMs: null });
  }

  private pictureAt(utcMs: number): Picture | null {
    // The instants of the box are whole milliseconds, those of frames are not.
    for (const stretch of this.stretches) {
      const found = stretch.pictures?.find((picture) => picture.utcMs < utcMs + 1);
      if (found) return found;
    }
    return null;
  }

  /** Give back what lies behind; what is on the canvas stays there. */
  private pass(utcMs: number): void {
    let passed = false;
    while (this.speed < 0 && this.stretches.length > 1 && this.stretches[0]!.whole && this.stretches[0]!.from > utcMs) {
      const gone = this.stretches.shift()!;
      if (gone.pictures === null && this.light === 0) {
        // This computer cannot decode as fast as that.
        this.light = this.nextLight;
        this.nextLight = Math.min(MOST_LIGHT, this.nextLight * 2);
      }
      forget(gone);
      passed = true;
    }
    if (passed) void this.pump();
  }

  private async pump(): Promise<void> {
    if (this.decoding || this.dead) return;
    const next = this.stretches.slice(0, DECODED_AHEAD).find((stretch) => stretch.pictures === null);
    if (!next?.whole) return;
    this.decoding = true;
    const { generation } = this;
    try {
      const pictures = await this.decode(next);
      if (generation === this.generation && !this.dead && this.stretches.includes(next)) next.pictures = pictures;
      else for (const picture of pictures) picture.image.close();
      next.units = [];
    } catch (error) {
      this.closeDecoder();
      if (generation === this.generation) this.fail(error instanceof Error ? error.message : String(error));
    } finally {
      this.decoding = false;
    }
    void this.pump();
  }

  private async decode(stretch: Stretch): Promise<Picture[]> {
    const waiting: Promise<Picture | null>[] = [];
    const apart = (stretch.to - stretch.from) / MOST_PICTURES;
    const light = this.light > 0;
    if (light) this.light -= 1;
    let last = -Infinity;
    this.taken = (frame) => {
      const utcMs = frame.timestamp / 1000;
      if ((utcMs < stretch.from && !light) || utcMs >= stretch.to || utcMs - last < apart) return frame.close();
      last = utcMs;
      waiting.push(this.keep(frame, utcMs));
    };
    const decoder = this.ready(stretch.config);
    for (const unit of light ? stretch.units.slice(0, 1) : stretch.units) {
      decoder.decode(new EncodedVideoChunk({ type: unit.key ? "key" : "delta", timestamp: Math.round(unit.utcMs * 1000), data: unit.payload }));
    }
    await decoder.flush();
    const pictures = (await Promise.all(waiting)).filter((picture) => picture !== null);
    return pictures.toSorted((a, b) => b.utcMs - a.utcMs);
  }

  private async keep(frame: VideoFrame, utcMs: number): Promise<Picture | null> {
    const shown = this.video.clientWidth * devicePixelRatio || WIDEST;
    const width = Math.round(Math.min(frame.displayWidth, WIDEST, Math.max(160, shown)));
    const height = Math.round((frame.displayHeight * width) / frame.displayWidth);
    try {
      return { utcMs, image: await createImageBitmap(frame, { resizeWidth: width, resizeHeight: height }) };
    } catch {
      return null; // One picture less.
    } finally {
      frame.close();
    }
  }

  /** The decoder for a coding, begun anew where it is another one. */
  private ready(config: VideoDecoderConfig): VideoDecoder {
    if (this.decoder?.state === "configured" && this.decoderConfig === config) return this.decoder;
    this.closeDecoder();
    this.decoder = new VideoDecoder({
      output: (frame) => (this.taken ? this.taken(frame) : frame.close()),
      error: () => {}, // flush() throws it
    });
    this.decoder.configure(config);
    this.decoderConfig = config;
    return this.decoder;
  }

  private decoderConfig: VideoDecoderConfig | null = null;

  private closeDecoder(): void {
    if (this.decoder && this.decoder.state !== "closed") this.decoder.close();
    this.decoder = null;
  }

  private fail(text: string): void {
    if (this.dead) return;
    this.dead = true;
    this.events.failed(text);
  }
}

function forget(stretch: Stretch): void {
  for (const picture of stretch.pictures ?? []) picture.image.close();
  stretch.pictures = null;
  stretch.units = [];
}
