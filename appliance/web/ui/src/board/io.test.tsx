import { MantineProvider } from "@mantine/core";
import { cleanup, configure, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { session } from "../state/session";
import { DevicePage } from "./DevicePage";
import type { Device, Io, Ptz, Serial } from "./ioApi";
import { IoPage } from "./IoPage";
import { PtzPage } from "./PtzPage";
import { motionAt, RENEW_MS, steering } from "./steering";

interface Drawn { title: string; times: number[]; values: (number | null)[]; format: (value: number) => string }
const drawn: Drawn[] = [];
vi.mock("../status/Chart", () => ({
  Chart: ({ label, ...line }: Drawn & { label: string }) => {
    drawn.push(line);
    return <figure aria-label={label} />;
  },
}));
configure({ asyncUtilTimeout: 5000 });
let temperatures: (number | null)[] = [];

const io = (): Io => ({
  fitted: true,
  disarmed_by: [],
  inputs: [
    { id: "input-1", name: "Back door", contact: "nc", active: true, closed: false, storm: false, fault: "", changes: 2, output: "relay-1", disarms: false },
    { id: "input-2", name: "Alarm input 2", contact: "no", active: null, closed: null, storm: false, fault: "line 23 does not work", changes: 0, output: null, disarms: false },
  ],
  outputs: [
    { id: "relay-1", name: "Siren", mode: "auto", on: true, held: { "Back door": null }, by_hand: false, operations: 180_500, rated: 200_000, worn: true, fault: "" },
    { id: "relay-2", name: "Relay 2", mode: "off", on: false, held: {}, by_hand: false, operations: 0, rated: 200_000, worn: false, fault: "" },
  ],
  leds: [{ name: "hdd", colour: "red", pattern: "on", fault: "" }],
  groups: ["disk_fault"],
  buttons: [{ name: "reset", pressed: false, stuck: true, fault: "" }],
  buzzer: "", patterns: ["alarm"],
});
const device = (): Omit<Device, "end_s"> => ({
  sensors: [{ name: "board", celsius: null, level: "unknown", high_c: 60, critical_c: 70, fault: "reads -127 C, which cannot be" }],
  fans: [{ name: "case", rpm: null, percent: 100, fault: "turns at 0 rpm" }],
  clock: { fitted: true, utc: Date.UTC(2026, 10, 21, 14), ahead_s: 0.4, battery_low: true, fault: "" },
  starts: [{ cause: "power", text: "Its power had failed.", at: Date.UTC(2026, 10, 21, 13) }], history: temperatures,
});
const serial = (): Serial => ({ ports: [{ name: "RS-485", kind: "rs485", use: "ptz", open: true, fault: "", connected: false, sent: 3 }], box: "silent", channels: [2] });
const ptz = (): Ptz => ({
  channel: 2, protocol: "Pelco-D", address: 5, baud: 9600, actions: ["preset_go", "flip"], last_preset: 255, presets: [{ number: 4, name: "Gate" }], tours: [],
  program: "none", program_number: 0, moving: false, fault: "", lease_s: 0.6,
});

const sent: [string, string, unknown][] = [];
let refuse: string | null = null;
const answer = (code: number, body: unknown): Response => new Response(code === 204 ? null : JSON.stringify(body), { status: code, headers: { "Content-Type": "application/json" } });

beforeEach(() => {
  sent.length = 0;
  drawn.length = 0;
  temperatures = [];
  refuse = null;
  vi.stubGlobal("fetch", async (url: string, options: RequestInit) => {
    const method = options.method ?? "GET";
    if (method !== "GET") {
      sent.push([method, url, options.body ? JSON.parse(String(options.body)) : null]);
      if (refuse) return answer(400, { code: "x", text: refuse, fields: [] });
      return url.endsWith("/ask") ? answer(200, { answered: true }) : answer(204, null);
    }
    if (url.endsWith("/io")) return answer(200, io());
    if (url.endsWith("/device")) return answer(200, device());
    if (url.endsWith("/serial")) return answer(200, serial());
    return answer(200, ptz());
  });
  window.matchMedia ??= ((query: string) => ({ matches: false, media: query, addEventListener: () => {}, removeEventListener: () => {} })) as never;
  session.set({ phase: "in", user: "anna", permissions: ["*"], expired: false, endsAt: Infinity, idleMs: null });
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});
const show = (page: ReactNode): void => void render(<MantineProvider env="test">{page}</MantineProvider>);

describe("contacts and outputs", () => {
  it("tell which input gives alarm, which cannot be read, and who holds an output", async () => {
    show(<IoPage />);
    const door = within(await screen.findByRole("article", { name: "Back door" }));
    expect(door.getByText("Alarm")).toBeTruthy();
    expect(door.getByText("Closes Siren")).toBeTruthy();
    expect(screen.getByText("line 23 does not work")).toBeTruthy();
    const siren = within(screen.getByRole("article", { name: "Siren" }));
    expect(siren.getByText("Held by Back door")).toBeTruthy();
    expect(siren.getByText("Closed 180,500 of 200,000 times")).toBeTruthy();
    expect(siren.getByText("Worn: its contacts may stick")).toBeTruthy();
  });
  it("switch an output only while its mode is Auto", async () => {
    show(<IoPage />);
    fireEvent.click(await screen.findByRole("button", { name: "Pulse 5 s: Siren" }));
    await waitFor(() => expect(sent).toContainEqual(["POST", "/api/v1/io/outputs/relay-1", { on: true, seconds: 5 }]));
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Pulse 5 s: Relay 2" }).disabled).toBe(true);
  });
  it("offer no switch to whoever may only look", async () => {
    session.set({ phase: "in", user: "otto", permissions: ["status"], expired: false, endsAt: Infinity, idleMs: null });
    show(<IoPage />);
    await screen.findByRole("article", { name: "Siren" });
    expect(screen.queryAllByRole("button")).toHaveLength(0);
  });
});

describe("the device", () => {
  it("says what is not known and what is out of order, never zero for absent", async () => {
    show(<DevicePage />);
    expect(await screen.findByText("reads -127 C, which cannot be")).toBeTruthy();
    expect(screen.getByText("turns at 0 rpm")).toBeTruthy();
    expect(screen.queryByText("0 °C")).toBeNull();
    expect(screen.getByText(/Low: replace it/)).toBeTruthy();
    expect(screen.getByText(/Its power had failed/)).toBeTruthy();
  });
  it("draws the temperatures of the last day a minute apart up to now, with the gaps that there were", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 10, 21, 14) });
    temperatures = [41, null, -3.4];
    show(<DevicePage />);
    expect(await screen.findByLabelText("Temperature over time: Board")).toBeTruthy();
    const { title, times, values, format } = drawn.at(-1)!;
    expect([title, values, values.map((value) => value && format(value))]).toEqual(["Board", [41, null, -3.4], ["41 °C", null, "-3 °C"]]);
    expect(times.map((at) => new Date(at * 1000).toISOString().slice(11, 19))).toEqual(["13:58:00", "13:59:00", "14:00:00"]);
  });
  it("draws no line through a single point", async () => {
    temperatures = [null, 41];
    show(<DevicePage />);
    expect(await screen.findByText(/The line begins/)).toBeTruthy();
    expect(screen.queryByLabelText("Temperature over time: Board")).toBeNull();
  });
});

describe("steering", () => {
  it("says a direction again and again while it is held, and stops when it is let go", async () => {
    vi.useFakeTimers();
    const steer = steering(2, () => {}, "me");
    steer.hold({ pan: 50, tilt: 0 });
    await vi.advanceTimersByTimeAsync(3 * RENEW_MS);
    expect(sent).toHaveLength(4);
    expect(new Set(sent.map(([, url]) => url))).toEqual(new Set(["/api/v1/ptz/2/move"]));
    expect(sent[0]![2]).toEqual({ client: "me", pan: 50, tilt: 0 });
    steer.release();
    await vi.advanceTimersByTimeAsync(5 * RENEW_MS);
    expect(sent.slice(4).map(([, url]) => url)).toEqual(["/api/v1/ptz/2/stop"]);
  });
  it("renews often enough for the box to go on, and tells a refusal once", async () => {
    vi.useFakeTimers();
    expect(2 * RENEW_MS).toBeLessThan(1000 * ptz().lease_s);
    refuse = "The serial device is gone.";
    const told: string[] = [];
    const steer = steering(2, (text) => told.push(text), "me");
    steer.hold({ zoom: 60 });
    await vi.advanceTimersByTimeAsync(5 * RENEW_MS);
    steer.release();
    expect(told).toEqual(["The serial device is gone."]);
  });
  it("stands still in the middle of the pad", () => {
    expect(motionAt(0.05, -0.09)).toEqual({ pan: 0, tilt: 0 });
    expect(motionAt(1.5, -1)).toEqual({ pan: 100, tilt: -100 });
    expect(motionAt(0.5, 0.25)).toEqual({ pan: 50, tilt: 25 });
  });
});

describe("the PTZ page", () => {
  it("goes to presets by name and steers with the arrow keys", async () => {
    show(<PtzPage />);
    fireEvent.click(await screen.findByRole("button", { name: "4 Gate" }));
    await waitFor(() => expect(sent).toContainEqual(["POST", "/api/v1/ptz/2/action", { kind: "preset_go", number: 4, name: "" }]));
    const pad = screen.getByRole("button", { name: /^Direction/ });
    fireEvent.keyDown(pad, { key: "ArrowLeft" });
    await waitFor(() => expect(sent.some(([, url, body]) => url.endsWith("/move") && (body as { pan: number }).pan === -60)).toBe(true));
    fireEvent.keyUp(pad, { key: "ArrowLeft" });
    await waitFor(() => expect(sent.at(-1)![1]).toBe("/api/v1/ptz/2/stop"));
  });
  it("says when the alarm box is silent and hides what the protocol cannot do", async () => {
    show(<PtzPage />);
    expect(await screen.findByText("The alarm box does not answer")).toBeTruthy();
    expect(await screen.findByRole("button", { name: "Turn around" })).toBeTruthy();
    expect(screen.queryByRole("button", { name: /Record pattern/ })).toBeNull();
  });
});
