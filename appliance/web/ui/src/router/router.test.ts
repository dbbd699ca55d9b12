import { afterEach, describe, expect, it } from "vitest";
import { guardLeaving, navigate, place } from "./router";

let off: (() => void) | null = null;
afterEach(() => off?.());

describe("the address", () => {
  it("changes with the page and keeps its query", async () => {
    await navigate("/events?open=1");
    expect(place.get().path).toBe("/events");
    expect(place.get().query.get("open")).toBe("1");
  });

  it("stays while unsaved changes are not given up", async () => {
    await navigate("/system/general");
    let answer = false;
    off = guardLeaving(() => Promise.resolve(answer));
    await navigate("/live");
    expect(place.get().path).toBe("/system/general");
    answer = true;
    await navigate("/live");
    expect(place.get().path).toBe("/live");
  });

  it("asks no more once a page was left, however late that page goes", async () => {
    await navigate("/cameras/new");
    let asked = 0;
    off = guardLeaving(() => Promise.resolve((asked += 1) < 0));
    await navigate("/cameras", { force: true });
    await navigate("/live");
    expect([place.get().path, asked]).toEqual(["/live", 0]);
  });

  it("asks as long as one of two forms has changes", async () => {
    await navigate("/system/storage");
    const ask = (): Promise<boolean> => Promise.resolve(false);
    off = guardLeaving(ask);
    guardLeaving(ask)();
    await navigate("/live");
    expect(place.get().path).toBe("/system/storage");
  });
});
