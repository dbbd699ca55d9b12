import { MantineProvider } from "@mantine/core";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { navigate, place } from "../router/router";
import { box } from "../state/box";
import { session } from "../state/session";
import { setZone } from "../time/zone";
import { FindPage } from "./FindPage";
import { stepTo } from "./PictureGrid";
import { middleOf, partsOf, trailText, wishOf } from "./wish";

const sent = vi.fn<(url: string) => Promise<Response>>();
const FROM = Date.UTC(2026, 10, 21, 12);
const HOUR = 3_600_000;
const span = (from: number, to: number, kind: string, stream = "main"): unknown => ({ channel: 1, stream, from: FROM + from, to: FROM + to, kind, locked: false });

beforeEach(() => {
  setZone("UTC");
  vi.stubGlobal("fetch", sent);
  window.matchMedia ??= ((query: string) => ({ matches: false, media: query, addEventListener: () => {}, removeEventListener: () => {} })) as never;
  URL.createObjectURL ??= () => "blob:x";
  URL.revokeObjectURL ??= () => {};
  session.set({ phase: "in", user: "anna", permissions: ["*"], expired: false, endsAt: Infinity, idleMs: null });
  box.update({ channels: [{ id: 1, name: "Door" }, { id: 2, name: "Yard" }] as never });
  sent.mockImplementation((url) => {
    if (url.includes("/timeline")) return Promise.resolve(new Response(JSON.stringify({ spans: [span(0, 60_000, "general"), span(60_000, 90_000, "motion"), span(0, 90_000, "general", "sub")] }), { headers: { "Content-Type": "application/json" } }));
    const at = Number(new URL(url, "http://box").searchParams.get("at"));
    return Promise.resolve(at < FROM + HOUR / 2 ? new Response(new Blob(["x"]), { status: 200 }) : new Response(null, { status: 204 }));
  });
});
afterEach(() => {
  cleanup();
  sent.mockReset();
  vi.unstubAllGlobals();
});

const show = async (query: string): Promise<void> => {
  await navigate(`/search/find?${query}`, { replace: true });
  render(<MantineProvider env="test"><FindPage /></MantineProvider>);
};
const RANGE = `from=${FROM}&to=${FROM + HOUR}`;

describe("what is searched for", () => {
  it("is read from the address, without what makes no sense", () => {
    expect(wishOf(new URLSearchParams(`by=parts&channel=2&n=16&${RANGE}&trail=1-9&kinds=motion,x`), [1, 2])).toEqual({ by: "parts", channel: 2, n: 16, kinds: ["motion"], from: FROM, to: FROM + HOUR, trail: [{ from: 1, to: 9 }] });
    expect(wishOf(new URLSearchParams("by=x&channel=9&n=7&trail=a,1-2-3"), [1], FROM + 1234)).toEqual({ by: "record", channel: 1, n: 0, kinds: [], from: FROM - 24 * HOUR, to: FROM, trail: [] });
  });
  it("is parted without gap or overlap", () => {
    const parts = partsOf({ from: 0, to: 100 }, 9);
    expect([parts.length, parts[0]!.from, parts[8]!.to]).toEqual([9, 0, 100]);
    parts.slice(1).forEach((part, i) => expect(part.from).toBe(parts[i]!.to));
    expect(middleOf({ from: 10, to: 20 })).toBe(15);
    expect(trailText([])).toBeNull();
  });
  it("is walked through by the arrow keys, not beyond its ends", () => {
    expect([stepTo("ArrowRight", 0, 9, 3), stepTo("ArrowDown", 1, 9, 3), stepTo("ArrowUp", 1, 9, 3), stepTo("ArrowRight", 8, 9, 3), stepTo("End", 0, 9, 3), stepTo("x", 0, 9, 3)]).toEqual([1, 4, null, null, 8, null]);
  });
});

describe("by record", () => {
  it("lists stretches by kind, the latest first, each stretch once", async () => {
    await show(`by=record&channel=1&${RANGE}`);
    const rows = (await screen.findAllByRole("row")).slice(1).map((row) => row.textContent);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatch(/12:01:00.*Motion/);
    expect(rows[1]).toMatch(/12:00:00.*General/);
  });
  it("lists only the kinds that are chosen, and says when there are none", async () => {
    await show(`by=record&channel=1&kinds=motion&${RANGE}`);
    expect((await screen.findAllByRole("row")).slice(1)).toHaveLength(1);
    cleanup();
    await show(`by=record&channel=1&kinds=alarm&${RANGE}`);
    expect(await screen.findByText("Nothing was recorded in this time")).toBeTruthy();
  });
});

describe("by picture", () => {
  it("shows pictures over the time, and says where there is none", async () => {
    await show(`by=pictures&channel=1&n=12&${RANGE}`);
    expect(screen.getAllByRole("listitem")).toHaveLength(12);
    await waitFor(() => expect(document.querySelectorAll("li img")).toHaveLength(6));
    expect(await screen.findAllByText("Nothing recorded")).toHaveLength(6);
    fireEvent.click(screen.getByRole("button", { name: /Play 21 Nov 2026, 12:02:30/ }));
    await waitFor(() => expect(place.get().path).toBe("/live"));
    expect(place.get().query.get("at")).toBe(String(FROM + 150_000 - 2000));
  });
});

describe("by sub-period", () => {
  it("parts the part that is chosen, leads back, and plays by P", async () => {
    await show(`by=parts&channel=1&n=4&${RANGE}`);
    fireEvent.click(await screen.findByRole("button", { name: /Part 21 Nov 2026, 12:15:00 to 12:30:00/ }));
    expect(Object.fromEntries(place.get().query)).toMatchObject({ from: String(FROM + HOUR / 4), to: String(FROM + HOUR / 2), trail: `${FROM}-${FROM + HOUR}` });
    const first = await screen.findByRole("button", { name: /Part 21 Nov 2026, 12:15:00 to 12:18:45/ });
    fireEvent.click(screen.getByRole("button", { name: "21 Nov 2026, 12:00:00 to 13:00:00" }));
    expect(place.get().query.get("from")).toBe(String(FROM));
    expect(place.get().query.get("trail")).toBeNull();
    expect(first.isConnected).toBe(false);
    fireEvent.keyDown(screen.getByRole("button", { name: /12:30:00 to 12:45:00/ }), { key: "p" });
    await waitFor(() => expect(place.get().query.get("at")).toBe(String(FROM + HOUR / 2)));
  });
});
