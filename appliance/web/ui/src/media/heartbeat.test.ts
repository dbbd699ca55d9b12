import { describe, expect, it } from "vitest";
import { Heartbeat, PING_MS } from "./heartbeat";

describe("the heartbeat of a connection", () => {
  it("gives up a peer that answers nothing for ten seconds", () => {
    const beat = new Heartbeat(0);
    const verdicts = [];
    for (let now = PING_MS; now <= 16_000; now += PING_MS) verdicts.push(beat.tick(now));
    expect(verdicts).toEqual(["ping", "ping", "ping", "ping", "ping", "ping", "gone", "gone"]);
  });

  it("keeps one that answers", () => {
    const beat = new Heartbeat(0);
    for (let now = PING_MS; now <= 60_000; now += PING_MS) {
      expect(beat.tick(now)).toBe("ping");
      beat.heard();
    }
  });

  it("keeps the connection of a hidden page whose timers come once a minute", () => {
    const beat = new Heartbeat(0);
    for (let now = 60_000; now <= 3_600_000; now += 60_000) {
      expect(beat.tick(now)).toBe("ping");
      beat.heard();
    }
  });

  it("asks after a sleep before it gives up, and then waits for less long", () => {
    const beat = new Heartbeat(0);
    beat.tick(PING_MS);
    beat.heard();
    expect(beat.tick(8 * 3_600_000)).toBe("ping");
    expect(beat.tick(8 * 3_600_000 + PING_MS)).toBe("ping");
    expect(beat.tick(8 * 3_600_000 + 2 * PING_MS)).toBe("ping");
    expect(beat.tick(8 * 3_600_000 + 3 * PING_MS)).toBe("gone");
  });
});
