import { MantineProvider } from "@mantine/core";
import { cleanup, configure, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { HealthItem } from "../api/types";
import { session } from "../state/session";
import { ConfirmHost } from "../ui/confirm";
import { Findings } from "./Findings";

configure({ asyncUtilTimeout: 5000 });
const FIX = { slug: "restart_process", title: "Start it again", confirm: "What it does stops.", done: "It starts again.", permission: "maintain" };
const item = (changes: Partial<HealthItem> = {}): HealthItem => ({
  level: "error", what: "process", id: "web", code: "process_down", text: "The process web is not running.", since: null, finding: "0000000000fe", todo: "Look at the log.",
  fixes: [FIX], snoozed: null, ...changes,
});
const sent: [string, unknown][] = [];
let refusal: unknown = null;

beforeEach(() => {
  sent.length = 0;
  refusal = null;
  vi.stubGlobal("fetch", async (url: string, options: RequestInit) => {
    if (options.method === "POST") sent.push([url, JSON.parse(String(options.body))]);
    const bad = options.method === "POST" && refusal;
    const health = { level: "ok", sentence: "", items: [], aside: [] };
    const status = { box: { name: "Box", time: 1, zone: "UTC", version: "1", uptime_s: 1 }, health, processes: [], volumes: [], host: {} };
    const told = url.endsWith("/status") ? status : url.endsWith("/channels") ? [] : {};
    return new Response(JSON.stringify(bad || told), { status: bad ? 422 : 200, headers: { "Content-Type": "application/json" } });
  });
  window.matchMedia ??= ((query: string) => ({ matches: false, media: query, addEventListener: () => {}, removeEventListener: () => {} })) as never;
  session.set({ phase: "in", user: "anna", permissions: ["status", "maintain"], expired: false, endsAt: Infinity, idleMs: null });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});
const show = (items: HealthItem[], aside: HealthItem[] = []): void =>
  void render(
    <MantineProvider env="test">
      <Findings health={{ level: "error", sentence: "", items, aside }} />
      <ConfirmHost />
    </MantineProvider>,
  );

describe("findings", () => {
  it("say what is wrong and what to do, and press a button after asking", async () => {
    show([item()]);
    expect(screen.getByText("Look at the log.")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Start it again" }));
    expect(await screen.findByText("What it does stops.")).toBeTruthy();
    expect(sent).toEqual([]);
    fireEvent.click(screen.getAllByRole("button", { name: "Start it again" }).at(-1)!);
    await waitFor(() => expect(sent).toEqual([["/api/v1/health/0000000000fe/fix", { fix: "restart_process" }]]));
  });

  it("offer no button that the person may not press", () => {
    session.update({ permissions: ["status"] });
    show([item()]);
    expect(screen.queryByRole("button", { name: "Start it again" })).toBeNull();
    expect(screen.queryByRole("button", { name: "Put aside" })).toBeNull();
  });

  it("are put aside with a reason, and the field says what is missing", async () => {
    refusal = { code: "health.invalid", text: "Say why.", fields: [{ path: "reason", code: "length", text: "Say why, in 3 to 200 characters." }] };
    show([item()]);
    fireEvent.click(screen.getByRole("button", { name: "Put aside" }));
    const dialog = await screen.findByRole("dialog");
    fireEvent.submit(dialog.querySelector("form")!);
    expect(await screen.findByText("Say why, in 3 to 200 characters.")).toBeTruthy();
    refusal = null;
    fireEvent.change(screen.getByRole("textbox", { name: "Why" }), { target: { value: "A disk is ordered." } });
    fireEvent.submit(dialog.querySelector("form")!);
    await waitFor(() => expect(sent.at(-1)).toEqual(["/api/v1/health/0000000000fe/snooze", { hours: 24, reason: "A disk is ordered." }]));
  });

  it("that are put aside are folded away with who did it, and can be counted again", async () => {
    show([], [item({ snoozed: { until: 1_800_000_000_000, by: "ann", reason: "A fan is ordered." } })]);
    expect(screen.queryByText(/A fan is ordered/)).toBeNull();
    fireEvent.click(screen.getByRole("button", { name: "1 finding is put aside" }));
    expect(screen.getByText(/Put aside by ann until .*: A fan is ordered\./)).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Count it again" }));
    await waitFor(() => expect(sent.at(-1)?.[0]).toBe("/api/v1/health/0000000000fe/wake"));
  });
});
