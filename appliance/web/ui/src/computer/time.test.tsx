import { MantineProvider } from "@mantine/core";
import { cleanup, configure, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { setZone } from "../time/zone";
import type { Clock } from "./api";
import { away, TimePage } from "./TimePage";

configure({ asyncUtilTimeout: 5000 });
const clock = (): Clock => ({
  utc: Date.UTC(2026, 10, 21, 13, 3), zone: "Europe/Berlin", changes: [Date.UTC(2027, 2, 28, 1)], simulated: false, ntp: true, serving: true, running: true,
  synchronised: true, reference: "a.example", ahead_s: -0.0004, error_s: 0.006, trust: "server", fault: "",
  sources: [
    { name: "a.example", state: "used", stratum: 2, ahead_s: -0.0004, heard_s: 12 },
    { name: "liar.example", state: "too_far", stratum: 2, ahead_s: 86_400, heard_s: 3 },
    { name: "gone.example", state: "unknown", stratum: 0, ahead_s: null, heard_s: null },
  ],
});
let shown = clock();
const sent: [string, unknown][] = [];
let refuse = false;
const answer = (code: number, body: unknown): Response => new Response(JSON.stringify(body), { status: code, headers: { "Content-Type": "application/json" } });

beforeEach(() => {
  sent.length = 0;
  refuse = false;
  shown = clock();
  setZone("Europe/Berlin");
  vi.stubGlobal("fetch", async (url: string, options: RequestInit) => {
    if ((options.method ?? "GET") === "GET") return answer(200, shown);
    sent.push([url, JSON.parse(String(options.body))]);
    if (refuse) return answer(422, { code: "time.out_of_range", text: "No.", fields: [{ path: "utc", code: "range", text: "The time has to be between 2026 and 2099." }] });
    return answer(200, url.endsWith("preview") ? { ahead_s: 60, meaning: ["Recordings show a gap of 1 min 0 s."] } : shown);
  });
});
afterEach(() => {
  cleanup();
  setZone("UTC");
  vi.unstubAllGlobals();
});
const show = (): void => void render(<MantineProvider><TimePage /></MantineProvider>);

describe("date and time", () => {
  it("says who vouches for the clock, and which servers are not believed", async () => {
    show();
    expect(await screen.findByText(/Confirmed by a.example: 0.4 ms apart, at most 6 ms wrong/)).toBeTruthy();
    expect(screen.getByText("Too far away: not followed")).toBeTruthy();
    expect(screen.getByText("24 h ahead")).toBeTruthy();
    expect(screen.getByText("No answer, or no such name")).toBeTruthy();
    expect(screen.getByText(/28 Mar 2027, 03:00/)).toBeTruthy();
    expect(screen.getByText(/Cameras are given the time/)).toBeTruthy();
    expect(screen.queryByText("What would that mean?")).toBeNull();
  });
  it("sets the clock only after it has said what that means", async () => {
    shown = { ...clock(), synchronised: false, trust: "battery" };
    show();
    const input = await screen.findByLabelText(/Date and time, in the zone/);
    fireEvent.change(input, { target: { value: "2026-11-21T14:04:00" } });
    expect(screen.queryByText("Set it now")).toBeNull();
    fireEvent.click(screen.getByText("What would that mean?"));
    expect(await screen.findByText(/gap of 1 min/)).toBeTruthy();
    expect(sent[0]).toEqual(["/api/v1/time/preview", { utc: Date.UTC(2026, 10, 21, 13, 4) }]);
    fireEvent.click(screen.getByText("Set it now"));
    await waitFor(() => expect(sent[1]?.[0]).toBe("/api/v1/time/set"));
  });
  it("forgets what it said when the time is changed, and shows a refusal in place", async () => {
    shown = { ...clock(), synchronised: false };
    show();
    const input = await screen.findByLabelText(/Date and time, in the zone/);
    fireEvent.click(screen.getByText("What would that mean?"));
    await screen.findByText("Set it now");
    fireEvent.change(input, { target: { value: "1999-11-21T14:04:00" } });
    expect(screen.queryByText("Set it now")).toBeNull();
    refuse = true;
    fireEvent.click(screen.getByText("What would that mean?"));
    expect(await screen.findByText("The time has to be between 2026 and 2099.")).toBeTruthy();
  });
  it("asks the servers at once", async () => {
    show();
    fireEvent.click(await screen.findByRole("button", { name: "Ask now" }));
    await waitFor(() => expect(sent).toEqual([["/api/v1/time/sync", {}]]));
  });
  it("writes differences in units people know", () => {
    expect([0.0004, 0.25, 2.5, -90_000].map(away)).toEqual(["0.4 ms", "250 ms", "2.5 s", "25 h"]);
  });
});
