/** Where decoded frames are put on the screen one by one: a <video> fed frame by frame, or a canvas. */

/** Chromium's way of feeding a <video>; others draw on a canvas. */
interface Generator extends MediaStreamTrack {
  readonly writable: WritableStream<VideoFrame>;
}
type GeneratorClass = new (init: { kind: "video" }) => Generator;

export interface Surface {
  readonly element: HTMLVideoElement | HTMLCanvasElement;
  /** Show a frame, which stays the caller's; `painted` is called once it is on the screen. */
  draw(frame: VideoFrame, painted: () => void): void;
  destroy(): void;
}

/** The compositor takes the frame as it is: no pixel is touched by this page. */
class StreamSurface implements Surface {
  readonly element = document.createElement("video");
  private readonly track: Generator;
  private readonly writer: WritableStreamDefaultWriter<VideoFrame>;
  private seen = false;

  constructor(Source: GeneratorClass) {
    this.track = new Source({ kind: "video" });
    this.writer = this.track.writable.getWriter();
    this.element.muted = true;
    this.element.setAttribute("playsinline", "");
    this.element.disableRemotePlayback = true;
    this.element.srcObject = new MediaStream([this.track]);
    void this.element.play().catch(() => {});
  }

  draw(frame: VideoFrame, painted: () => void): void {
    // What was captured earlier is shown later: the stream counts from now on.
    const copy = new VideoFrame(frame, { timestamp: Math.round(performance.now() * 1000) });
    this.writer.write(copy).catch(() => copy.close());
    if (this.seen) return painted();
    this.element.requestVideoFrameCallback(() => {
      this.seen = true;
      painted();
    });
  }

  destroy(): void {
    this.track.stop();
    this.element.srcObject = null;
    this.element.remove();
  }
}

class CanvasSurface implements Surface {
  readonly element = document.createElement("canvas");
  private readonly context = this.element.getContext("2d", { alpha: false });

  draw(frame: VideoFrame, painted: () => void): void {
    const wide = this.element.clientWidth * devicePixelRatio || frame.displayWidth;
    const width = Math.round(Math.min(frame.displayWidth, Math.max(160, wide)));
    const height = Math.round((frame.displayHeight * width) / frame.displayWidth);
    if (this.element.width !== width) this.element.width = width;
    if (this.element.height !== height) this.element.height = height;
    this.context?.drawImage(frame, 0, 0, width, height);
    painted();
  }

  destroy(): void {
    this.element.remove();
  }
}

/** The cheapest surface this browser has. */
export function makeSurface(): Surface {
  const Source = (globalThis as { MediaStreamTrackGenerator?: GeneratorClass }).MediaStreamTrackGenerator;
  const surface = Source ? new StreamSurface(Source) : new CanvasSurface();
  surface.element.setAttribute("aria-hidden", "true");
  surface.element.tabIndex = -1;
  return surface;
}
