import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Connection, Listener } from "./connection";
import { Deck } from "./deck";
import type { Notice, OpenRequest } from "./protocol";

const players: { fail: (text: string) => void }[] = [];

vi.mock("./codecs", async (original) => ({
  ...(await original<typeof import("./codecs")>()),
  canShow: () => true,
  decodableCodecs: () => ["avc1.640028", "hvc1.1.6.L120.90"],
}));
vi.mock("./player", () => ({
  Player: class {
    video = document.createElement("video");
    constructor(_manner: string, events: { failed: (text: string) => void }) {
      players.push({ fail: (text) => events.failed(text) });
    }
    setPaused(): void {}
    destroy(): void {}
    utcNow(): null {
      return null;
    }
  },
}));

const { Screen } = await import("./screen");

let opened: { request: OpenRequest; listener: Listener }[];
let screen: InstanceType<typeof Screen>;

const say = (notice: Partial<Notice> & { op: string }): void => opened.at(-1)!.listener.notice({ id: 1, ...notice } as Notice);
const tell = (more: object = {}): void => say({ op: "opened", stream: "main", mode: "live", codecs: "hvc1.1.6.L120.90", ...more } as Notice);

beforeEach(() => {
  vi.useFakeTimers();
  opened = [];
  players.length = 0;
  const connection = {
    roundTripMs: 0,
    open: (request: OpenRequest, listener: Listener) => {
      opened.push({ request, listener });
      return { close: () => {}, send: () => {} };
    },
  } as unknown as Connection;
  screen = new Screen(connection, new Deck(() => Date.now()));
  screen.show({ channel: 1, stream: "main" });
});

afterEach(() => {
  screen.destroy();
  vi.useRealTimers();
});

describe("a tile whose player fails", () => {
  it("begins again by itself, waiting longer each time", () => {
    const waits = [500, 1000, 2000, 4000, 8000, 8000];
    for (const wait of waits) {
      const before = opened.length;
      players.at(-1)!.fail("decode error");
      expect(screen.state.get().phase).toBe("fault");
      vi.advanceTimersByTime(wait - 1);
      expect(opened.length).toBe(before);
      vi.advanceTimersByTime(1);
      expect(opened.length).toBe(before + 1);
    }
  });

  it("asks for another coding when the decoder of this one failed three times", () => {
    tell();
    for (let n = 0; n < 3; n += 1) {
      expect(opened.at(-1)!.request.codecs).toContain("hvc1.1.6.L120.90");
      tell();
      players.at(-1)!.fail("decode error");
      vi.advanceTimersByTime(8000);
    }
    expect(opened.at(-1)!.request).toMatchObject({ stream: "main", codecs: ["avc1.640028"] });
  });

  it("tries everything again for another channel", () => {
    for (let n = 0; n < 3; n += 1) {
      tell();
      players.at(-1)!.fail("decode error");
      vi.advanceTimersByTime(8000);
    }
    screen.show({ channel: 2, stream: "main" });
    expect(opened.at(-1)!.request.codecs).toContain("hvc1.1.6.L120.90");
  });
});

describe("a tile explains its picture", () => {
  const reason = (): string | null => screen.state.get().reason;

  it("says that it is converted, and how many of the pictures", () => {
    tell({ converted: "H.265", codecs: "avc1.4d401f" });
    expect(reason()).toContain("The box converts it");
    say({ op: "state", state: "paced", pace: "half" } as Notice);
    expect(reason()).toContain("every second one");
    say({ op: "state", state: "paced", pace: "keys" } as Notice);
    expect(reason()).toContain("one every few seconds");
    say({ op: "state", state: "paced", pace: "all" } as Notice);
    expect(reason()).toContain("The box converts it");
    tell();
    expect(reason()).toBeNull();
  });

  it("says for a while that the connection is slow", () => {
    tell();
    say({ op: "state", state: "late", dropped: 12 } as Notice);
    expect(reason()).toContain("too slow");
    vi.advanceTimersByTime(11_000);
    expect(reason()).toBeNull();
  });

  it("tells the box's reason for the sub stream until the main stream is back", () => {
    tell({ stream: "sub", codecs: "avc1.4d401f", reason: "The main stream of D1 sends no picture at the moment." });
    expect(reason()).toContain("main stream of D1");
    tell();
    expect(reason()).toBeNull();
  });
});
