/** Fills the buffer of a media element: in order, one thing at a time, waiting while the browser holds all it will. */
import { mimeOf, sourceClass } from "./codecs";
import type { Manner } from "./follow";

type Job =
  | { kind: "init"; mime: string; data: Uint8Array<ArrayBuffer> }
  | { kind: "media"; data: Uint8Array<ArrayBuffer>; offset: number }
  | { kind: "remove"; from: number; to: number }
  | { kind: "end" };

const JOIN_BYTES = 4_000_000;
const QUOTA_WAIT_MS = 300;
/** Live, the buffer holds seconds: when even removing what was shown makes no room, something is wrong. */
const QUOTA_TRIES = 10;
/** What was shown so long ago is thrown away when there is no room. */
const SHOWN_S = 2;

export interface AppenderEvents {
  /** Something is in the buffer that was not, or is not any more. */
  changed(): void;
  failed(text: string): void;
}

export class Appender {
  private readonly source: MediaSource;
  private readonly objectUrl: string;
  private readonly element: HTMLMediaElement;
  private readonly manner: Manner;
  private readonly events: AppenderEvents;
  private buffer: SourceBuffer | null = null;
  private jobs: Job[] = [];
  private quotaTries = 0;
  private dead = false;

  constructor(element: HTMLMediaElement, manner: Manner, events: AppenderEvents) {
    const Source = sourceClass();
    if (!Source) throw new Error("no MediaSource");
    this.element = element;
    this.manner = manner;
    this.events = events;
    this.source = new Source();
    this.objectUrl = URL.createObjectURL(this.source);
    this.source.addEventListener("sourceopen", () => this.pump());
    element.src = this.objectUrl;
  }

  /** Whether all that was given is in the buffer. */
  get idle(): boolean {
    return this.jobs.length === 0;
  }

  /** How what follows is coded; sent once for as long as it holds. */
  init(codecs: string, data: Uint8Array<ArrayBuffer>): void {
    this.add({ kind: "init", mime: mimeOf(codecs), data });
  }

  /** A fragment; `offset` (seconds) is added to its own times. */
  media(data: Uint8Array<ArrayBuffer>, offset: number): void {
    this.add({ kind: "media", data, offset });
  }

  /** Forget all that waits but heads, and all that is buffered. */
  clear(): void {
    // A head is sent once for as long as it holds: one that waits for the source to open is still needed.
    this.jobs = this.jobs.filter((job) => job.kind === "init");
    if (this.buffer) this.jobs.push({ kind: "remove", from: 0, to: Infinity });
    this.pump();
  }

  /** Throw away what lies before a place (seconds), ahead of all that waits. */
  forgetUntil(until: number): void {
    if (!this.buffer) return;
    this.jobs.unshift({ kind: "remove", from: 0, to: until });
    this.pump();
  }

  /** Nothing follows for now: decoders hand out the last frames only at the end of the stream. */
  end(): void {
    this.add({ kind: "end" });
  }

  /** Take nothing any more; what is buffered stays until the element is put away. */
  stop(): void {
    this.dead = true;
    this.jobs = [];
  }

  destroy(): void {
    this.stop();
    URL.revokeObjectURL(this.objectUrl);
  }

  private add(job: Job): void {
    if (this.dead) return;
    this.jobs.push(job);
    this.pump();
  }

  private pump(): void {
    if (this.dead || this.source.readyState === "closed" || this.buffer?.updating) return;
    const job = this.jobs.shift();
    if (!job) return;
    try {
      this.run(job);
    } catch (error) {
      if (error instanceof DOMException && error.name === "QuotaExceededError" && job.kind === "media") {
        return this.makeRoom(job);
      }
      this.events.failed(error instanceof Error ? error.message : String(error));
    }
  }

  /** The browser holds as much as it will: throw away what was shown, and wait until more has been. */
  private makeRoom(job: Job): void {
    this.quotaTries += 1;
    if (this.manner === "live" && this.quotaTries > QUOTA_TRIES) return this.events.failed("QuotaExceededError");
    this.jobs.unshift(job);
    const shown = this.element.currentTime - SHOWN_S;
    const ranges = this.element.buffered;
    if (ranges.length && ranges.start(0) < shown - 0.5) this.jobs.unshift({ kind: "remove", from: 0, to: shown });
    setTimeout(() => this.pump(), QUOTA_WAIT_MS);
  }

  private run(job: Job): void {
    if (job.kind === "end") {
      if (this.source.readyState === "open") this.source.endOfStream();
      return this.pump();
    }
    if (job.kind === "init" && !this.buffer) {
      this.buffer = this.source.addSourceBuffer(job.mime);
      this.buffer.mode = "segments";
      this.buffer.addEventListener("updateend", () => {
        this.events.changed();
        this.pump();
      });
    } else if (job.kind === "init") this.buffer!.changeType(job.mime);
    const buffer = this.buffer;
    if (!buffer) return;
    if (job.kind === "remove") return buffer.remove(job.from, job.to);
    if (job.kind === "init") return buffer.appendBuffer(job.data);
    if (Math.abs(buffer.timestampOffset - job.offset) > 1e-6) {
      buffer.abort();
      buffer.timestampOffset = job.offset;
    }
    const data = this.joined(job.data, job.offset);
    try {
      buffer.appendBuffer(data);
    } catch (error) {
      // What was joined must not be lost when there is no room for it at the moment.
      job.data = data;
      throw error;
    }
    this.quotaTries = 0;
  }

  /** Join what has piled up behind a slow append: one append costs about the same as twenty. */
  private joined(data: Uint8Array<ArrayBuffer>, offset: number): Uint8Array<ArrayBuffer> {
    const parts = [data];
    let bytes = data.length;
    for (let next = this.jobs[0]; next?.kind === "media" && next.offset === offset && bytes < JOIN_BYTES; next = this.jobs[0]) {
      parts.push(next.data);
      bytes += next.data.length;
      this.jobs.shift();
    }
    if (parts.length === 1) return data;
    const all = new Uint8Array(bytes);
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}
