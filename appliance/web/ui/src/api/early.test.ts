import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { get } from "./http";
import { earlyAnswer, forgetEarly } from "./early";

const answer = (body: unknown): Promise<Response> => Promise.resolve(new Response(JSON.stringify(body)));
const sent = vi.fn<(url: string) => Promise<Response>>();

beforeEach(() => {
  vi.stubGlobal("fetch", sent);
  sent.mockImplementation(() => answer("asked anew"));
});
afterEach(() => {
  forgetEarly();
  sent.mockReset();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("what was asked for before the page's code came", () => {
  it("serves once, and the next request asks the box", async () => {
    window.nvrEarly = { "/channels": answer("early") };
    expect(await get("/channels")).toBe("early");
    expect(sent).not.toHaveBeenCalled();
    expect(await get("/channels")).toBe("asked anew");
  });

  it("is not taken for a request with a query, nor when the page starts late, nor for the next person", async () => {
    window.nvrEarly = { "/channels": answer("early"), "/status": answer("early"), "/habits": answer("early") };
    expect(await get("/channels", { detail: true })).toBe("asked anew");
    const now = vi.spyOn(performance, "now").mockReturnValue(60_000);
    expect(await get("/status")).toBe("asked anew");
    now.mockRestore();
    forgetEarly();
    expect(earlyAnswer("/habits")).toBeNull();
  });
});
