import { MantineProvider } from "@mantine/core";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { deck } from "../media/deck";
import { place } from "../router/router";
import { box } from "../state/box";
import { session } from "../state/session";
import { Toasts } from "../ui/toast";
import { closeReplay, openReplay, reaches, reachOf, replays } from "./replays";
import { isMenuKey, menuGestures, tileMenu } from "./tileMenu";
import { TileContextMenu } from "./TileMenu";
import { setChannels, setLayout, tilesOf, wall } from "./wall";
import { drawing, isZoomed, restore, setView } from "./zoom";

const sent = vi.fn<(url: string, options: RequestInit) => Promise<Response>>();
const answer = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
const CHANNELS = [{ id: 1, name: "Gate", mode: "auto", streams: {} }, { id: 2, name: "Yard", mode: "auto", streams: {} }];
const patches = (): [string, unknown][] => sent.mock.calls.filter(([, options]) => options.method === "PATCH").map(([url, options]) => [url, JSON.parse(String(options.body))]);

beforeEach(() => {
  vi.stubGlobal("fetch", sent);
  window.matchMedia ??= ((query: string) => ({ matches: false, media: query, addEventListener: () => {}, removeEventListener: () => {} })) as never;
  sent.mockImplementation((url, options) => Promise.resolve(options.method === "PATCH" ? answer({}) : answer(url.includes("/channels") ? CHANNELS : {})));
  session.set({ phase: "in", user: "anna", permissions: ["live", "playback", "download", "tag", "cameras"], expired: false, endsAt: Infinity, idleMs: null });
  box.update({ channels: CHANNELS as never });
  setChannels([1, 2]);
});
afterEach(() => {
  cleanup();
  sent.mockReset();
  tileMenu.set(null);
  replays.set([]);
  for (const id of [1, 2]) restore(id);
  vi.unstubAllGlobals();
});

const open = async (): Promise<void> => {
  render(<MantineProvider env="test"><TileContextMenu /><Toasts /></MantineProvider>);
  tileMenu.set({ channel: 1, x: 20, y: 20 });
  await screen.findByText("D1 Gate");
};
const choose = (name: string): void => void fireEvent.click(screen.getByLabelText(name));

describe("the menu of a tile", () => {
  it("switches the recording of its camera, and says so (N8.7, T8.6, D1-SR-05, D2-WB-07)", async () => {
    await open();
    expect(screen.getByLabelText("Recording: Auto").getAttribute("aria-checked")).toBe("true");
    choose("Recording: Manual");
    await screen.findByText("Gate is recorded round the clock until you change it.");
    expect(patches()).toEqual([["/api/v1/settings/channels/1", { mode: "manual" }]]);
  });

  it("says why the box refused, and shows what holds", async () => {
    sent.mockImplementation((_url, options) => Promise.resolve(options.method === "PATCH" ? answer({ code: "settings.refused", text: "The settings cannot be written.", fields: [] }, 503) : answer(CHANNELS)));
    await open();
    choose("Recording: Off");
    await screen.findByText("The settings cannot be written.");
    await waitFor(() => expect(box.get().channels![0]!.mode).toBe("auto"));
  });

  it("offers only what the person may do", async () => {
    session.update({ permissions: ["live"] });
    await open();
    expect(screen.queryByLabelText("Recording: Manual")).toBeNull();
    for (const name of ["Instant playback", "Export this moment", "Tag this instant", "Camera settings"]) expect(screen.queryByText(name)).toBeNull();
    expect(screen.getByText("Save a snapshot")).toBeTruthy();
  });

  it("leads to the export of the moment", async () => {
    await open();
    fireEvent.click(screen.getByText("Export this moment"));
    await waitFor(() => expect(place.get().path).toBe("/backup"));
    const query = new URLSearchParams(location.search);
    expect([query.get("channels"), query.get("stream"), Number(query.get("to")) - Number(query.get("from"))]).toEqual(["1", "main", 30_000]);
    expect(Math.abs(Number(query.get("to")) - Date.now())).toBeLessThan(60_000);
  });

  it("changes the layout, starts the digital zoom and enlarges", async () => {
    await open();
    choose("9 pictures");
    expect(tilesOf(wall.get())).toBe(9);
    setLayout(4);
    tileMenu.set({ channel: 1, x: 30, y: 20 });
    fireEvent.click(await screen.findByText("Digital zoom"));
    expect(drawing.get()).toEqual([1]);
    tileMenu.set({ channel: 1, x: 40, y: 20 });
    fireEvent.click(await screen.findByText("Enlarge"));
    expect(wall.get().enlarged).toBe(1);
    wall.update({ enlarged: null });
  });

  it("opens an instant playback, which keeps the layout until it is closed (D1-LV-20)", async () => {
    await open();
    fireEvent.click(screen.getByText("Instant playback"));
    expect(replays.get()).toEqual([1]);
    tileMenu.set({ channel: 2, x: 30, y: 20 });
    await screen.findByText("D2 Yard");
    expect(screen.getByLabelText("9 pictures").hasAttribute("disabled")).toBe(true);
    closeReplay(1);
    await waitFor(() => expect(screen.getByLabelText("9 pictures").hasAttribute("disabled")).toBe(false));
  });
});

describe("instant playback", () => {
  it("ends when the whole wall goes back in time, and does not start there", () => {
    openReplay(1);
    openReplay(2);
    deck.seek(Date.now() - 60_000, false);
    expect(replays.get()).toEqual([]);
    openReplay(1);
    expect(replays.get()).toEqual([]);
    deck.goLive();
  });
});

describe("the reach of instant playback (D1-LV-20)", () => {
  it("is the box's until this browser has chosen its own", () => {
    const manner = { instantMinutes: 20 };
    expect([reachOf(null, manner), reachOf(30, manner)]).toEqual([20, 30]);
    expect(reaches(manner)).toEqual([5, 15, 20, 30, 60]);
  });
});

describe("what opens the menu", () => {
  const tile = (): { element: HTMLElement; stop: () => void } => {
    const element = document.createElement("div");
    return { element, stop: menuGestures(element, 2) };
  };
  const event = (type: string, more: object): Event => Object.assign(new Event(type, { cancelable: true }), { clientX: 40, clientY: 50, ...more });

  it("is a right click; on an enlarged part it shows the whole picture instead (D1-LV-21)", () => {
    const { element, stop } = tile();
    setView(2, { zoom: 2, x: 0, y: 0 });
    element.dispatchEvent(event("contextmenu", { button: 2, pointerType: "mouse" }));
    expect([isZoomed(2), tileMenu.get()]).toEqual([false, null]);
    element.dispatchEvent(event("contextmenu", { button: 2, pointerType: "mouse" }));
    expect(tileMenu.get()).toEqual({ channel: 2, x: 40, y: 50 });
    stop();
  });
  it("is the menu key or Shift with F10", () => {
    expect([{ key: "ContextMenu", shiftKey: false }, { key: "F10", shiftKey: true }, { key: "F10", shiftKey: false }].map(isMenuKey)).toEqual([true, true, false]);
  });
  it("is a long press, but not a swipe", () => {
    vi.useFakeTimers();
    const { element, stop } = tile();
    const touch = { pointerType: "touch", isPrimary: true };
    element.dispatchEvent(event("pointerdown", touch));
    element.dispatchEvent(event("pointermove", { ...touch, clientY: 90 }));
    vi.advanceTimersByTime(2000);
    expect(tileMenu.get()).toBeNull();
    element.dispatchEvent(event("pointerdown", touch));
    vi.advanceTimersByTime(2000);
    expect(tileMenu.get()).toEqual({ channel: 2, x: 40, y: 50 });
    const lifted = event("touchend", {});
    element.dispatchEvent(lifted);
    expect(lifted.defaultPrevented).toBe(true);
    stop();
    vi.useRealTimers();
  });
});
