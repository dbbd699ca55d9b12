import { MantineProvider } from "@mantine/core";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { useRef } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Channel } from "../api/types";
import type { Job, Place } from "../jobs/api";
import { forgetJobs, jobs, takeJob, takePlaces } from "../jobs/state";
import { deck } from "../media/deck";
import { box } from "../state/box";
import { session } from "../state/session";
import { setZone } from "../time/zone";
import { Toasts } from "../ui/toast";
import { discardInstant, marks, readMarks, startInstant, stopInstant } from "./instant";
import { TileInstant, TopInstant } from "./InstantMarks";
import { asked, askPictures, savePictures } from "./pictures";
import { PicturesDialog } from "./PicturesDialog";
import { placeFor, readSaveTo, saveTo } from "./saveTo";
import { TileContextMenu } from "./TileMenu";
import { tileMenu } from "./tileMenu";
import { useLiveKeys } from "./useLiveKeys";
import { setChannels, wall } from "./wall";

const stick = (changes: Partial<Place> = {}): Place => ({ id: "p1", name: "STICK", file_system: "vfat", total: 8e9, free: 6e9, writable: true, file_limit: null, ...changes });
const job = (changes: Partial<Job> = {}): Job => ({
  id: "j1", kind: "export_to_place", title: "Save D1 to STICK", by: "anna", place: "p1", state: "waiting", created: 1, started: null, ended: null, moved: null,
  progress: null, code: "", text: "", result: {}, files: [], problems: 0, expires: null, ...changes,
});
const GATE = { id: 1, name: "Gate", mode: "auto", streams: {}, recording: true } as unknown as Channel;
const YARD = { id: 2, name: "Yard", mode: "auto", streams: {}, recording: false } as unknown as Channel;
const sent = vi.fn<(url: string, options: RequestInit) => Promise<Response>>();
const answer = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
const orders = (): Record<string, unknown>[] => sent.mock.calls.filter(([url]) => url === "/api/v1/jobs").map(([, options]) => JSON.parse(String(options.body)) as Record<string, unknown>);
const show = (page: React.ReactElement): void => void render(<MantineProvider env="test">{page}<Toasts /></MantineProvider>);
const ended = (changes: Partial<Job>): void => takeJob(job({ ended: 9, ...changes }));

beforeEach(() => {
  setZone("UTC");
  vi.stubGlobal("fetch", sent);
  window.matchMedia ??= ((query: string) => ({ matches: false, media: query, addEventListener: () => {}, removeEventListener: () => {} })) as never;
  sent.mockImplementation(() => Promise.resolve(answer(201, job())));
  session.set({ phase: "in", user: "anna", permissions: ["live", "playback", "download"], expired: false, endsAt: Infinity, idleMs: null });
  box.update({ channels: [GATE, YARD] });
  jobs.set({ jobs: [], places: [stick()], fault: null });
  saveTo.set({ place: null, folder: "Snapshots", count: 1 });
});
afterEach(() => {
  cleanup();
  sent.mockReset();
  marks.set([]);
  asked.set(null);
  tileMenu.set(null);
  deck.goLive();
  forgetJobs();
  vi.unstubAllGlobals();
});

const openMenu = async (): Promise<void> => {
  show(<TileContextMenu />);
  tileMenu.set({ channel: 1, x: 20, y: 20 });
  await screen.findByText("D1 Gate");
};

describe("the place that is used", () => {
  const other = stick({ id: "p2", name: "OTHER" });
  it("is the first that can be written to until one was chosen, which then comes first", () => {
    const locked = stick({ id: "p0", writable: false });
    expect(placeFor([locked, stick(), other], null)?.id).toBe("p1");
    expect(placeFor([locked, stick(), other], "p2")?.id).toBe("p2");
    expect(placeFor([stick()], "p2")?.id).toBe("p1");
    expect([placeFor([locked], "p0"), placeFor([], "p1"), placeFor(null, null)]).toEqual([null, null, null]);
  });
  it("does not trust what an older version has kept", () => {
    expect(readSaveTo({ place: 7, folder: " ", count: 9 })).toEqual({ place: null, folder: "Snapshots", count: 1 });
    expect(readSaveTo({ place: "p2", folder: "Case 12", count: 5 })).toEqual({ place: "p2", folder: "Case 12", count: 5 });
  });
});

describe("pictures to a stick (D1-LV-24, D1-EN-20)", () => {
  it("are one to five of a press in the menu, to the first stick, which is remembered", async () => {
    await openMenu();
    fireEvent.click(screen.getByLabelText("Save 3 pictures"));
    await screen.findByText("3 pictures of Gate are being saved to STICK.");
    expect(orders()).toEqual([{ kind: "snapshots_to_place", place: "p1", channel: 1, stream: "main", at: "now", count: 3, folder: "Snapshots" }]);
    expect(saveTo.get()).toEqual({ place: "p1", folder: "Snapshots", count: 3 });
    expect(screen.queryByLabelText("Save 6 pictures")).toBeNull();
  });
  it("are told when they are there, and when they are not", async () => {
    show(<></>);
    await savePictures(GATE);
    ended({ state: "done", text: "One picture saved to STICK." });
    await screen.findByText("One picture saved to STICK.");
    await savePictures(GATE);
    ended({ state: "failed", text: "STICK is gone or failing." });
    await screen.findByText("STICK is gone or failing.");
  });
  it("are not offered where there is no stick; the menu says what to do", async () => {
    takePlaces([]);
    await openMenu();
    expect(screen.queryByLabelText("Save 1 picture")).toBeNull();
    expect(screen.queryByText("Start instant backup")).toBeNull();
    expect(screen.getByText(/^No USB stick is plugged into the box/)).toBeTruthy();
    takePlaces([stick({ writable: false })]);
    await screen.findByText("Read-only or write-protected.");
  });
  it("are not offered to who may not export", async () => {
    session.update({ permissions: ["live"] });
    await openMenu();
    expect(screen.queryByLabelText("Save 1 picture")).toBeNull();
    expect(screen.queryByText("Save pictures")).toBeNull();
    await savePictures(GATE);
    expect(orders()).toEqual([]);
  });
  it("are of the instant on show, in a folder that is chosen (D1-PB-23)", async () => {
    const at = Date.now() - 3_600_000;
    deck.seek(at, false);
    show(<PicturesDialog />);
    askPictures(GATE);
    const folder = await screen.findByLabelText("Folder");
    fireEvent.change(folder, { target: { value: "Case 12/Gate" } });
    fireEvent.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(asked.get()).toBeNull());
    expect(orders()).toEqual([{ kind: "snapshots_to_place", place: "p1", channel: 1, stream: "main", at, count: 1, folder: "Case 12/Gate" }]);
  });
  it("keep the dialog open with what the box says of the folder", async () => {
    const fields = [{ path: "folder", code: "characters", text: "Name one folder." }];
    sent.mockImplementation(() => Promise.resolve(answer(422, { code: "invalid", text: "Wrong.", fields })));
    show(<PicturesDialog />);
    askPictures(GATE);
    await screen.findByLabelText("Folder");
    fireEvent.click(screen.getByRole("button", { name: "Save" }));
    await screen.findByText("Name one folder.");
    expect(asked.get()).not.toBeNull();
  });
});

describe("instant backup (D1-LV-23)", () => {
  const from = (): number => marks.get()[0]!.from;

  it("begins with one press and saves the clip with the next", async () => {
    show(<TopInstant />);
    startInstant(GATE);
    await screen.findByText("Instant backup of Gate has begun. Press again to save it to STICK.");
    const begun = from();
    expect(Math.abs(begun - Date.now())).toBeLessThan(60_000);
    fireEvent.click(screen.getByLabelText(/^Instant backup of Gate, .*Stop and save it\.$/));
    await waitFor(() => expect(marks.get()).toEqual([]));
    const [order] = orders();
    expect(order).toMatchObject({ kind: "export_to_place", place: "p1", streams: [{ channel: 1, stream: "main" }], from: begun, reason: "Instant backup", combine: false });
    expect(Number(order!["to"])).toBeGreaterThan(begun);
    ended({ state: "done", text: "Saved to STICK as NVR." });
    await screen.findByText("Saved to STICK as NVR.");
  });
  it("is seen on its tile and in the top strip, and only there where it is one's own", () => {
    startInstant(GATE);
    show(<><TileInstant channel={1} /><TileInstant channel={2} /><TopInstant /></>);
    expect(document.querySelectorAll("[data-instant]").length).toBe(1);
    expect(screen.getByText(/^Backup 0:0\d$/)).toBeTruthy();
    expect(screen.getByText(/^D1 0:0\d$/)).toBeTruthy();
    cleanup();
    session.update({ user: "bert" });
    show(<><TileInstant channel={1} /><TopInstant /></>);
    expect(document.querySelector("[data-instant]")).toBeNull();
    expect(screen.queryByLabelText(/^Instant backup of Gate/)).toBeNull();
  });
  it("is kept by the browser, but not for ever, and not what it cannot be", () => {
    startInstant(GATE);
    const kept: unknown = JSON.parse(localStorage.getItem("nvr.instant") ?? "null");
    expect(readMarks(kept, Date.now())).toEqual(marks.get());
    expect(readMarks(kept, Date.now() + 25 * 3_600_000)).toEqual([]);
    expect(readMarks([null, { channel: "1" }, 7], Date.now())).toEqual([]);
    expect(readMarks("x", Date.now())).toEqual([]);
  });
  it("does not begin where it could not end well, and says why", async () => {
    show(<></>);
    startInstant(YARD);
    await screen.findByText(/^Yard is not being recorded/);
    takePlaces([]);
    startInstant(GATE);
    await screen.findByText(/^No USB stick is plugged into the box/);
    takePlaces([stick()]);
    deck.seek(Date.now() - 3_600_000, false);
    startInstant(GATE);
    await screen.findByText(/^Instant backup begins at the live picture/);
    expect(marks.get()).toEqual([]);
  });
  it("tells a stick that is pulled, keeps the clip, and saves it when the stick is back", async () => {
    show(<TopInstant />);
    startInstant(GATE);
    takePlaces([]);
    await screen.findByText(/^STICK was pulled\. The instant backup goes on/);
    await stopInstant(1);
    await screen.findByText(/^STICK is not there or cannot be written to/);
    expect(orders()).toEqual([]);
    const to = marks.get()[0]!.to;
    expect(to).not.toBeNull();
    takePlaces([stick()]);
    fireEvent.click(screen.getByLabelText(/^Instant backup of Gate, .*is not saved yet\. Try again\.$/));
    await waitFor(() => expect(marks.get()).toEqual([]));
    expect(orders()[0]).toMatchObject({ to });
  });
  it("and pictures are reached by keys", async () => {
    function Keys() {
      const page = useRef<HTMLDivElement>(null);
      useLiveKeys(page);
      return <div ref={page} />;
    }
    setChannels([1, 2]);
    wall.update({ selected: 1 });
    show(<Keys />);
    fireEvent.keyDown(document.body, { key: "b" });
    expect(marks.get().map((mark) => mark.channel)).toEqual([1]);
    fireEvent.keyDown(document.body, { key: "b" });
    await waitFor(() => expect(marks.get()).toEqual([]));
    saveTo.update({ count: 4 });
    fireEvent.keyDown(document.body, { key: "S", shiftKey: true });
    await waitFor(() => expect(orders().map((order) => [order["kind"], order["count"]])).toEqual([["export_to_place", undefined], ["snapshots_to_place", 4]]));
  });
  it("stays to be tried again when the box refuses it or the job fails, until it is discarded", async () => {
    show(<TopInstant />);
    startInstant(GATE);
    sent.mockImplementationOnce(() => Promise.resolve(answer(409, { code: "jobs.full", text: "50 jobs are waiting already.", fields: [] })));
    await stopInstant(1);
    await screen.findByText("50 jobs are waiting already.");
    expect(marks.get().length).toBe(1);
    await stopInstant(1);
    expect(marks.get()).toEqual([]);
    ended({ state: "failed", code: "place_failed", text: "STICK is gone or failing." });
    await screen.findByText("STICK is gone or failing.");
    expect(marks.get().length).toBe(1);
    fireEvent.click(screen.getByLabelText("Discard the instant backup of Gate"));
    expect(marks.get()).toEqual([]);
    discardInstant(1);
  });
});
