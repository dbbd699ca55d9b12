import { MantineProvider } from "@mantine/core";
import { cleanup, configure, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { forgetJobs } from "../jobs/state";
import { navigate } from "../router/router";
import { box } from "../state/box";
import { session } from "../state/session";
import { setZone } from "../time/zone";
import type { Plan } from "./api";
import { BackupPage } from "./BackupPage";
import { MaskEditor, nudged, type Mask } from "./MaskEditor";
import { obstacle } from "./Targets";
import { choiceOf, streamsOf, wrongOf } from "./wish";

const FROM = Date.UTC(2026, 10, 21, 13, 0, 5);
const PLAN: Plan = {
  id: "e1", name: "Office 2026", expires: Date.now() + 3_600_000, fingerprint: "af26 19a5", bytes: 30e6,
  files: [{ name: "D1 Door.mp4", channel: 1, stream: "main", from: FROM, to: FROM + 60_000, bytes: 29e6, coding: "H.264 1920x1080", url: "/api/v1/exports/e1/D1%20Door.mp4" }],
  archive: { name: "Office 2026.zip", bytes: 30.1e6, url: "/api/v1/exports/e1/all.zip" },
  gaps: [{ channel: 1, stream: "main", from: FROM + 10_000, to: FROM + 15_000 }], warnings: [{ code: "h265", text: "D1 is H.265.", channel: 1 }],
};
const STICK = { id: "p1", name: "STICK", file_system: "vfat", total: 8e9, free: 1e9, writable: true, file_limit: 4_294_967_295 };
configure({ asyncUtilTimeout: 5000 });
const sent = vi.fn<(url: string, options: RequestInit) => Promise<Response>>();
const answer = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
const bodies = (path: string): unknown[] => sent.mock.calls.filter(([url, options]) => url === path && options.method === "POST").map(([, options]) => JSON.parse(String(options.body)));

beforeEach(() => {
  setZone("UTC");
  vi.stubGlobal("fetch", sent);
  window.matchMedia ??= ((query: string) => ({ matches: false, media: query, addEventListener: () => {}, removeEventListener: () => {} })) as never;
  Element.prototype.scrollIntoView ??= () => {};
  session.set({ phase: "in", user: "anna", permissions: ["*"], expired: false, endsAt: Infinity, idleMs: null });
  box.update({ channels: [{ id: 1, name: "Door" }, { id: 2, name: "Yard" }] as never });
  sent.mockImplementation(async (url) => {
    if (url === "/api/v1/jobs") return answer(200, { jobs: [] });
    if (url === "/api/v1/places") return answer(200, { places: [STICK] });
    return answer(201, PLAN);
  });
});
afterEach(() => {
  cleanup();
  forgetJobs();
  sent.mockReset();
  vi.unstubAllGlobals();
});

const open = async (query: string): Promise<void> => {
  await navigate(`/backup${query}`, { replace: true });
  render(<MantineProvider env="test"><BackupPage /></MantineProvider>);
};

describe("what is to be exported", () => {
  it("is read from the address, without cameras that are not there", () => {
    const choice = choiceOf(new URLSearchParams("channels=2,9,1,1&stream=both&from=5&to=x"), [1, 2]);
    expect(choice).toEqual({ channels: [1, 2], stream: "both", from: 5, to: null });
    expect(streamsOf(choice)).toHaveLength(4);
    expect(Object.keys(wrongOf(choice))).toEqual(["to"]);
    expect(wrongOf({ channels: [], stream: "main", from: 9, to: 9 })).toEqual({ channels: "Choose at least one camera.", to: "The end has to be after the start." });
  });
  it("does not go where it does not fit", () => {
    expect(obstacle(STICK, PLAN)).toBe("");
    expect(obstacle({ ...STICK, writable: false }, PLAN)).toMatch(/write-protected/);
    expect(obstacle({ ...STICK, free: 1e6 }, PLAN)).toBe("Too little room: 30 MB are needed.");
    expect(obstacle({ ...STICK, file_limit: 1e6 }, PLAN)).toMatch(/cannot hold a film of 29 MB/);
  });
});

describe("the page", () => {
  it("says what is missing before it asks the box", async () => {
    await open("");
    fireEvent.click(screen.getByRole("button", { name: "Prepare the export" }));
    expect(await screen.findByText("Choose at least one camera.")).toBeTruthy();
    expect(bodies("/api/v1/exports")).toEqual([]);
  });
  it("prepares what the marks say, shows gaps and warnings, and saves it to a stick", async () => {
    await open(`?channels=1&stream=main&from=${FROM}&to=${FROM + 60_000}`);
    fireEvent.change(screen.getByLabelText("Reason"), { target: { value: " theft " } });
    fireEvent.click(screen.getByRole("button", { name: "Prepare the export" }));
    expect(await screen.findByText("One film, 30 MB")).toBeTruthy();
    const wish = { streams: [{ channel: 1, stream: "main" }], from: FROM, to: FROM + 60_000, reason: "theft", combine: false };
    expect(bodies("/api/v1/exports")).toEqual([wish]);
    expect(screen.getByText("D1 is H.265.")).toBeTruthy();
    expect(screen.getByText(/fingerprint af26 19a5\./)).toBeTruthy();
    expect(screen.getByText("Nothing was recorded for one part of this time")).toBeTruthy();
    expect(screen.getByRole("link", { name: "Download all, 30 MB" }).getAttribute("href")).toBe(PLAN.archive.url);
    fireEvent.click(await screen.findByRole("button", { name: "Save to STICK" }));
    await waitFor(() => expect(bodies("/api/v1/jobs")).toEqual([{ ...wish, kind: "export_to_place", place: "p1" }]));
  });
  it("has films coded anew with what was drawn over, for this camera only", async () => {
    await open(`?channels=1&from=${FROM}&to=${FROM + 60_000}`);
    fireEvent.click(screen.getByRole("button", { name: "Prepare the export" }));
    fireEvent.click(await screen.findByText("Write into the pictures or paint over parts"));
    fireEvent.change(screen.getByLabelText("Text, such as a case number"), { target: { value: "Case_12" } });
    const canvas = screen.getByAltText("Picture of D1 Door to draw on").parentElement!;
    canvas.getBoundingClientRect = () => ({ left: 0, top: 0, width: 200, height: 100 }) as DOMRect;
    const point = (x: number, y: number) => ({ clientX: x, clientY: y, button: 0, pointerId: 1 });
    const drag = (from: [number, number], to: [number, number]): void => {
      fireEvent.pointerDown(canvas, point(...from));
      fireEvent.pointerMove(canvas, point(...to));
      fireEvent.pointerUp(canvas, point(...to));
    };
    drag([150, 75], [50, 25]);
    drag([10, 10], [10, 10]);
    drag([0, 0], [20, 500]);
    fireEvent.click(screen.getByRole("button", { name: "Remove area 2 of D1 Door" }));
    fireEvent.click(screen.getByRole("button", { name: "Code anew and save to STICK" }));
    await waitFor(() => expect(bodies("/api/v1/jobs")).toHaveLength(1));
    expect(bodies("/api/v1/jobs")[0]).toMatchObject({ kind: "reencode", clock: true, text: "Case_12", masks: [{ channel: 1, x: 0.25, y: 0.25, width: 0.5, height: 0.5 }] });
  });
  it("takes a prepared export away once something else is wanted", async () => {
    await open(`?channels=1&from=${FROM}&to=${FROM + 60_000}`);
    fireEvent.click(screen.getByRole("button", { name: "Prepare the export" }));
    expect(await screen.findByText("One film, 30 MB")).toBeTruthy();
    fireEvent.change(screen.getByLabelText("Reason"), { target: { value: "another" } });
    expect(screen.queryByText("One film, 30 MB")).toBeNull();
    expect(screen.queryByRole("button", { name: "Save to STICK" })).toBeNull();
  });
  it("says in the words of the box why there is nothing", async () => {
    sent.mockImplementation(async (url) => (url === "/api/v1/exports" ? answer(404, { code: "no_footage", text: "Nothing was recorded in this time." }) : answer(200, { jobs: [], places: [] })));
    await open(`?channels=1&from=${FROM}&to=${FROM + 60_000}`);
    fireEvent.click(screen.getByRole("button", { name: "Prepare the export" }));
    expect(await screen.findByText("Nothing was recorded in this time.")).toBeTruthy();
    expect(await screen.findByText(/No USB stick is plugged/)).toBeTruthy();
  });
});

describe("areas of a camera", () => {
  it("are removed all at once, those of others stay (N6.9)", () => {
    const area = { x: 0.1, y: 0.1, width: 0.1, height: 0.1 };
    const set = vi.fn<(masks: Mask[]) => void>();
    render(<MantineProvider env="test"><MaskEditor channel={1} at={FROM} masks={[{ channel: 1, ...area }, { channel: 2, ...area }, { channel: 1, ...area, x: 0.5 }]} set={set} /></MantineProvider>);
    fireEvent.click(screen.getByRole("button", { name: "Remove all areas of D1 Door" }));
    expect(set).toHaveBeenCalledWith([{ channel: 2, ...area }]);
  });
});

describe("areas by keyboard", () => {
  const mask = { channel: 1, x: 0.4, y: 0.4, width: 0.2, height: 0.2 };
  it("move and change their size within the picture", () => {
    expect(nudged(mask, "ArrowLeft", { size: false, fine: false })).toEqual({ ...mask, x: 0.39 });
    expect(nudged({ ...mask, x: 0.8 }, "ArrowRight", { size: false, fine: false })).toEqual({ ...mask, x: 0.8 });
    expect(nudged(mask, "ArrowDown", { size: true, fine: true })).toEqual({ ...mask, height: 0.202 });
    expect(nudged({ ...mask, width: 0.01 }, "ArrowLeft", { size: true, fine: false })).toMatchObject({ width: 0.01 });
    expect(nudged(mask, "a", { size: false, fine: false })).toBeNull();
  });
  it("are added, moved and removed without a mouse", async () => {
    let masks: Mask[] = [];
    const set = (next: Mask[]): void => {
      masks = next;
      view.rerender(editor());
    };
    const editor = () => <MantineProvider env="test"><MaskEditor channel={1} at={FROM} masks={masks} set={set} /></MantineProvider>;
    const view = render(editor());
    fireEvent.click(screen.getByRole("button", { name: "Add an area to D1 Door" }));
    const area = await screen.findByRole("button", { name: /Area 1: 40 % from the left/ });
    await waitFor(() => expect(document.activeElement).toBe(area));
    fireEvent.keyDown(area, { key: "ArrowUp" });
    fireEvent.keyDown(area, { key: "ArrowRight", shiftKey: true });
    expect(masks).toEqual([{ channel: 1, x: 0.4, y: 0.39, width: 0.21, height: 0.2 }]);
    fireEvent.keyDown(screen.getByRole("button", { name: /Area 1: 40 %/ }), { key: "Delete" });
    expect(masks).toEqual([]);
  });
});
