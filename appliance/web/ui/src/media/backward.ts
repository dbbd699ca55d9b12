/** Shows footage backward: stretches come newest first, each is decoded whole and shown from its end. */
import type { Follow, PlayerEvents } from "./follow";
import type { Packet } from "./protocol";
import { makeSurface, type Surface } from "./surface";

/** Pictures kept of one stretch; of more, those in between are left out. */
const MOST_PICTURES = 48;
/** And no more bytes of frames as they are decoded: of a tile of a wall, and of one that fills the page. */
const MOST_BYTES = 20_000_000;
const MOST_BYTES_WIDE = 80_000_000;
const WIDE_PX = 900;
/** Stretches decoded at a time: the one being shown and the next. */
const DECODED_AHEAD = 2;
/** So many pictures a second are shown; what lies between is decoded and not kept. */
const PICTURES_A_S = 40;
/** Frames of no more pixels are kept as they are decoded; larger ones are made as small as they are shown. */
const SMALL_PIXELS = 1280 * 720;
const WIDEST = 1280;
/** Behind the clock, only the key frame of so many stretches is decoded; of twice as many if it was in vain. */
const FEWEST_LIGHT = 4;
const MOST_LIGHT = 64;
/** The instants that the box is told are whole milliseconds. */
const ROUNDED_MS = 2;

interface Picture {
  utcMs: number;
  frame: VideoFrame;
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

/** Some browsers have no decoder of their own beside that of the computer. */
let ownDecoder = true;

export class BackwardPlayer implements Follow {
  readonly video: HTMLElement;
  roundTripMs = 0;
  private readonly events: PlayerEvents;
  private readonly surface: Surface = makeSurface();
  private stretches: Stretch[] = [];
  private config: VideoDecoderConfig | null = null;
  private decoder: VideoDecoder | null = null;
  private decoding = false;
  private taken: ((frame: VideoFrame) => void) | null = null;
  private generation = 0;
  private small = false;
  private frameBytes = Infinity;
  private light = 0;
  private nextLight = FEWEST_LIGHT;
  /** Null until the clock leads it: where it is, and so what lies behind, is not known. */
  private anchorUtc: number | null = null;
  private anchorPerf = 0;
  private speed = 0;
  /** How fast it plays, also while it stands still. */
  private pace = 1;
  private shown: number | null = null;
  private frame = 0;
  private dead = false;

  constructor(events: PlayerEvents) {
    this.events = events;
    this.video = this.surface.element;
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

  /** How large the pictures are that the next head tells of. */
  sized(width: number, height: number): void {
    this.small = width * height <= SMALL_PIXELS;
    this.frameBytes = width * height * 1.5;
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
    this.anchorUtc = null;
  }

  /** A stretch says itself where it ends. */
  finish(): void {}

  setPaused(paused: boolean): void {
    const at = this.position();
    if (paused && at !== null) this.anchor(at, 0);
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
    this.surface.destroy();
  }

  private anchor(utcMs: number, speed: number): void {
    this.anchorUtc = utcMs;
    this.anchorPerf = performance.now();
    this.speed = speed;
    if (speed !== 0) this.pace = Math.abs(speed);
  }

  private position(): number | null {
    return this.anchorUtc === null ? null : this.anchorUtc + (performance.now() - this.anchorPerf) * this.speed;
  }

  private draw(): void {
    const at = this.position();
    if (at === null) return;
    this.pass(at);
    const picture = this.pictureAt(at);
    if (!picture || picture.utcMs === this.shown) return;
    const { utcMs, frame } = picture;
    this.shown = utcMs;
    this.surface.draw(frame, () => !this.dead && this.events.shown({ utcMs, latencyMs: null }));
  }

  private pictureAt(utcMs: number): Picture | null {
    // The instants of the box are whole milliseconds, those of frames are not.
    for (const stretch of this.stretches) {
      if (stretch.to + ROUNDED_MS < utcMs) return null; // its time has not come yet
      const found = stretch.pictures?.find((picture) => picture.utcMs < utcMs + 1);
      if (found) return found;
    }
    return null;
  }

  /** Give back what lies behind; what is on the canvas stays there. */
  private pass(utcMs: number): void {
    let passed = false;
    // The clock may wait behind several stretches: they must not keep the one it waits for from being decoded.
    const behind = utcMs + (this.speed < 0 ? 0 : ROUNDED_MS);
    while (this.stretches.length > 1 && this.stretches[0]!.whole && this.stretches[0]!.from > behind) {
      const gone = this.stretches.shift()!;
      if (gone.pictures === null && this.light === 0) {
        // This computer cannot decode as fast as that.
        this.light = this.nextLight;
        this.events.keysOnly?.(true);
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
      else for (const picture of pictures) picture.frame.close();
      next.units = [];
    } catch (error) {
      if (error instanceof DOMException && error.name === "NotSupportedError" && this.ownsFrames()) ownDecoder = false;
      this.closeDecoder();
      if (generation === this.generation) this.fail(error instanceof Error ? error.message : String(error));
    } finally {
      this.decoding = false;
    }
    void this.pump();
  }

  private async decode(stretch: Stretch): Promise<Picture[]> {
    const waiting: Promise<Picture | null>[] = [];
    const decoder = this.ready(stretch.config);
    const apart = Math.max((stretch.to - stretch.from) / this.mostPictures(), (1000 / PICTURES_A_S) * this.pace);
    const light = this.light > 0;
    if (light) this.light -= 1;
    else this.events.keysOnly?.(false);
    let last = -Infinity;
    this.taken = (frame) => {
      const utcMs = frame.timestamp / 1000;
      if ((utcMs < stretch.from && !light) || utcMs >= stretch.to || utcMs - last < apart) return frame.close();
      last = utcMs;
      waiting.push(this.keep(frame, utcMs));
    };
    for (const unit of light ? stretch.units.slice(0, 1) : stretch.units) {
      decoder.decode(new EncodedVideoChunk({ type: unit.key ? "key" : "delta", timestamp: Math.round(unit.utcMs * 1000), data: unit.payload }));
    }
    try {
      await decoder.flush();
    } catch (error) {
      for (const picture of await Promise.all(waiting)) picture?.frame.close();
      throw error;
    }
    const pictures = (await Promise.all(waiting)).filter((picture) => picture !== null);
    return pictures.toSorted((a, b) => b.utcMs - a.utcMs);
  }

  /** A decoder of the computer has few frames to give away: what it made is copied, in the size that is shown. */
  private async keep(frame: VideoFrame, utcMs: number): Promise<Picture | null> {
    if (this.ownsFrames()) return { utcMs, frame };
    const shown = this.video.clientWidth * devicePixelRatio || WIDEST;
    const width = Math.round(Math.min(frame.displayWidth, WIDEST, Math.max(160, shown)));
    const height = Math.round((frame.displayHeight * width) / frame.displayWidth);
    try {
      const image = await createImageBitmap(frame, { resizeWidth: width, resizeHeight: height });
      const copy = new VideoFrame(image, { timestamp: frame.timestamp });
      image.close();
      return { utcMs, frame: copy };
    } catch {
      return null; // One picture less.
    } finally {
      frame.close();
    }
  }

  /** How many pictures of a stretch are kept. */
  private mostPictures(): number {
    if (!this.ownsFrames()) return MOST_PICTURES;
    const bytes = this.video.clientWidth > WIDE_PX ? MOST_BYTES_WIDE : MOST_BYTES;
    return Math.max(1, Math.min(MOST_PICTURES, Math.floor(bytes / this.frameBytes)));
  }

  /** Whether the browser decodes by itself: its frames are only memory. */
  private ownsFrames(): boolean {
    return ownDecoder && this.small && this.decoderConfig?.codec.startsWith("avc") === true;
  }

  /** The decoder for a coding, begun anew where it is another one. */
  private ready(config: VideoDecoderConfig): VideoDecoder {
    if (this.decoder?.state === "configured" && this.decoderConfig === config) return this.decoder;
    this.closeDecoder();
    this.decoder = new VideoDecoder({
      output: (frame) => (this.taken ? this.taken(frame) : frame.close()),
      error: () => {}, // flush() throws it
    });
    this.decoderConfig = config;
    this.decoder.configure({ ...config, hardwareAcceleration: this.ownsFrames() ? "prefer-software" : "no-preference" });
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
  for (const picture of stretch.pictures ?? []) picture.frame.close();
  stretch.pictures = null;
  stretch.units = [];
}
