import { describe, expect, it } from "vitest";
import { Lead } from "./lead";

const T = 1_700_000_000_000;

/** Pictures of 1/15 s, each composed `lateMs` after its instant. */
function watch(lead: Lead, lateMs: number, pictures = 5, speed = 1): void {
  lead.led(T, speed, 1000);
  for (let n = 1; n <= pictures; n += 1) {
    const offset = (n * 1000) / 15;
    lead.composed(T + offset, 1000 + offset / speed + lateMs / speed);
  }
}

describe("what is seen beside a shared clock (D1-PB-01)", () => {
  it("is as good as on time where pictures are composed a little after their instant", () => {
    const lead = new Lead();
    watch(lead, 10);
    expect(lead.seconds()).toBeCloseTo(0, 6);
  });

  it("is behind by a picture where the browser keeps to a later one, whatever its clock says", () => {
    const lead = new Lead();
    watch(lead, 10 + 67);
    expect(lead.seconds()).toBeCloseTo(-0.067, 6);
  });

  it("tells nothing from a few pictures, nor from those of before it went elsewhere", () => {
    const lead = new Lead();
    watch(lead, 80, 4);
    expect(lead.seconds()).toBeNull();
    watch(lead, 80);
    lead.forget();
    expect(lead.seconds()).toBeNull();
  });

  it("is not misled by one picture that came late", () => {
    const lead = new Lead();
    watch(lead, 10, 4);
    lead.composed(T + 333, 1000 + 333 + 300);
    expect(lead.seconds()).toBeCloseTo(0, 6);
  });

  it("counts in footage at other speeds, and not at all where pictures are left out or nothing plays", () => {
    const lead = new Lead();
    watch(lead, 40, 5, 0.5);
    expect(lead.seconds()).toBeCloseTo(-0.035, 6);
    watch(lead, 40, 5, 8);
    expect(lead.seconds()).toBeNull();
    watch(lead, 40);
    lead.led(T, 0, 2000);
    expect(lead.seconds()).toBeNull();
  });
});
