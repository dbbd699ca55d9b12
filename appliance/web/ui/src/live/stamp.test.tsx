import { cleanup, render } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { setZone } from "../time/zone";
import { Stamp } from "./Stamp";

afterEach(() => {
  cleanup();
  setZone("UTC");
});

const shown = (utc: number | null): string[] => {
  const { container } = render(<Stamp instant={() => utc} dated />);
  return [...container.querySelectorAll("time > span")].map((part) => part.textContent ?? "");
};

describe("date and time on the picture (D1-LV-02)", () => {
  it("are those of the box's zone", () => {
    setZone("Asia/Tokyo");
    expect(shown(Date.UTC(2026, 10, 21, 20, 3, 22))).toEqual(["22 Nov 2026", "05:03:22"]);
  });
  it("say which one it is in the hour that comes twice", () => {
    setZone("Europe/Berlin");
    expect(shown(Date.UTC(2026, 9, 25, 0, 30))).toEqual(["25 Oct 2026", "02:30:00 UTC+2"]);
    expect(shown(Date.UTC(2026, 9, 25, 1, 30))).toEqual(["25 Oct 2026", "02:30:00 UTC+1"]);
    expect(shown(Date.UTC(2026, 9, 25, 2, 30))).toEqual(["25 Oct 2026", "03:30:00"]);
    setZone("America/St_Johns");
    expect(shown(Date.UTC(2026, 10, 1, 3, 30))[1]).toBe("01:00:00 UTC-2:30");
  });
  it("say nothing where there is no picture", () => {
    expect(shown(null)).toEqual(["", ""]);
  });
});
