import { MantineProvider } from "@mantine/core";
import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { forgetJobs, takeJob, takePlaces } from "../jobs/state";
import { navigate, place } from "../router/router";
import { box } from "../state/box";
import { session } from "../state/session";
import { decodes, type FilmFacts } from "./api";
import { FilesPage } from "./FilesPage";

const sent = vi.fn<(url: string, options: RequestInit) => Promise<Response>>();
const answer = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
const STICK = { id: "p1", name: "STICK", file_system: "vfat", total: 8e9, free: 1e9, writable: true, file_limit: null };
const FACTS: FilmFacts = { container: "QuickTime / MOV", seconds: 65, video: { codec: "h264", codec_string: "avc1.64001f", width: 1920, height: 1080 }, audio: null, native: true, obstacle: "" };
const entry = (name: string, kind: string, more: object = {}): unknown => ({ name, kind, size: 5e6, modified: 1_790_000_000_000, export: false, ...more });

let facts: Response | FilmFacts = FACTS;
let folder: object = {};

beforeEach(() => {
  vi.stubGlobal("fetch", sent);
  window.matchMedia ??= ((query: string) => ({ matches: false, media: query, addEventListener: () => {}, removeEventListener: () => {} })) as never;
  Element.prototype.scrollIntoView ??= () => {};
  HTMLMediaElement.prototype.canPlayType = (type) => (type.includes("hvc1") ? "" : "probably");
  session.set({ phase: "in", user: "anna", permissions: ["*"], expired: false, endsAt: Infinity, idleMs: null });
  box.update({ channels: [] });
  facts = FACTS;
  folder = { entries: [entry("Evidence", "folder", { export: true }), entry("gate.mp4", "film")], export: false, more: false };
  sent.mockImplementation(async (url, options) => {
    if (url.includes("/facts")) return facts instanceof Response ? facts.clone() : answer(200, facts);
    if (url.includes("/files")) return answer(200, folder);
    if (url === "/api/v1/places") return answer(200, { places: [STICK] });
    if (url === "/api/v1/jobs" && options.method === "POST") return answer(201, { id: "j1", kind: "verify_export", state: "running", created: 1, ended: null, progress: null, problems: 0, text: "", result: {} });
    return answer(200, { jobs: [] });
  });
});
afterEach(() => {
  cleanup();
  forgetJobs();
  sent.mockReset();
  vi.unstubAllGlobals();
});

const show = async (query = ""): Promise<void> => {
  await navigate(`/search/files${query}`, { replace: true });
  render(<MantineProvider env="test"><FilesPage /></MantineProvider>);
};
const video = (): HTMLVideoElement | null => document.querySelector("video");

describe("a stick", () => {
  it("is listed, its exports named, and leads into its folders", async () => {
    await show();
    expect(await screen.findByText("Export of a recorder")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Open Evidence" }));
    expect(place.get().query.get("path")).toBe("Evidence");
  });
  it("that is not there is explained", async () => {
    sent.mockImplementation(async (url) => answer(200, url.endsWith("/places") ? { places: [] } : { jobs: [] }));
    await show();
    expect(await screen.findByText(/Plug a USB stick/)).toBeTruthy();
  });
  it("verifies an export and says what was found", async () => {
    folder = { entries: [], export: true, more: false };
    await show("?place=p1&path=Evidence");
    fireEvent.click(await screen.findByRole("button", { name: "Verify this export" }));
    await screen.findByText(/being verified/);
    expect(JSON.parse(String(sent.mock.calls.find(([, options]) => options.method === "POST")![1].body))).toEqual({ kind: "verify_export", place: "p1", name: "Evidence" });
    act(() => takeJob({ id: "j1", kind: "verify_export", state: "done", created: 1, ended: 2, progress: null, problems: 0, text: "Evidence is as it was exported.", result: { signer: "own" } } as never));
    expect(await screen.findByText("Evidence is as it was exported.")).toBeTruthy();
  });
  it("verifies an export of another recorder by its fingerprint", async () => {
    folder = { entries: [], export: true, more: false };
    await show("?place=p1&path=Evidence");
    fireEvent.change(await screen.findByLabelText("Recorder that should have made it"), { target: { value: " 3f2a 99c1 " } });
    fireEvent.click(screen.getByRole("button", { name: "Verify this export" }));
    await screen.findByText(/being verified/);
    expect(JSON.parse(String(sent.mock.calls.find(([, options]) => options.method === "POST")![1].body))).toEqual({ kind: "verify_export", place: "p1", name: "Evidence", key: "3f2a 99c1" });
  });
});

describe("a film", () => {
  it("that browsers know plays as it lies there", async () => {
    await show();
    fireEvent.click(await screen.findByRole("button", { name: "Play gate.mp4" }));
    await waitFor(() => expect(video()?.getAttribute("src")).toBe("/api/v1/places/p1/film?path=gate.mp4"));
    expect(screen.getByText(/H.264, 1920 x 1080 · 1:05 long/)).toBeTruthy();
  });
  it("in another container is turned into MP4 by the box", async () => {
    facts = { ...FACTS, native: false };
    await show("?place=p1&film=old/gate.mkv");
    await waitFor(() => expect(video()?.getAttribute("src")).toBe("/api/v1/places/p1/play?path=old%2Fgate.mkv"));
    expect(screen.getByRole("slider", { name: "Play from" })).toBeTruthy();
  });
  it("that was let go after a long pause goes on where it was, and one that cannot is told", async () => {
    facts = { ...FACTS, native: false };
    await show("?place=p1&film=gate.mkv");
    await waitFor(() => expect(video()).not.toBeNull());
    Object.defineProperty(video(), "currentTime", { value: 12, configurable: true });
    fireEvent.timeUpdate(video()!);
    fireEvent.error(video()!);
    await waitFor(() => expect(video()!.getAttribute("src")).toContain("from=12"));
    fireEvent.error(video()!);
    expect(await screen.findByText(/The film breaks off here/)).toBeTruthy();
  });
  it("that cannot be shown is said so instead of a black picture", async () => {
    facts = { ...FACTS, video: { ...FACTS.video!, codec: "hevc", codec_string: "hvc1.1.6.L93.B0" } };
    await show("?place=p1&film=gate.mp4");
    expect(await screen.findByText(/This browser cannot decode H.265/)).toBeTruthy();
    expect(video()).toBeNull();
    expect([decodes(FACTS), decodes({ ...FACTS, video: null })]).toEqual([true, true]);
  });
  it("that nobody here can play says why", async () => {
    facts = { ...FACTS, native: false, obstacle: "coding", video: { ...FACTS.video!, codec: "mpeg4", codec_string: "" } };
    await show("?place=p1&film=gate.avi");
    expect(await screen.findByText(/Browsers cannot play pictures coded as MPEG-4/)).toBeTruthy();
  });
  it("whose stick is pulled while it plays says so", async () => {
    await show("?place=p1&film=gate.mp4");
    await waitFor(() => expect(video()).not.toBeNull());
    act(() => takePlaces([]));
    expect(await screen.findByText(/STICK was pulled or ejected while the film played/)).toBeTruthy();
    expect(video()).toBeNull();
  });
  it("that breaks off tells the words of the box", async () => {
    await show("?place=p1&film=gate.mp4");
    await waitFor(() => expect(video()).not.toBeNull());
    facts = answer(404, { code: "shelf.no_file", text: "There is no such file on STICK any more." });
    fireEvent.error(video()!);
    expect(await screen.findByText("There is no such file on STICK any more.")).toBeTruthy();
  });
});
