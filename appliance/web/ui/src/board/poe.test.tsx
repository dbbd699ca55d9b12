import { MantineProvider } from "@mantine/core";
import { cleanup, configure, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { session } from "../state/session";
import { ConfirmHost } from "../ui/confirm";
import type { Poe, PoePort, Socket } from "./api";
import { PoePage } from "./PoePage";

vi.mock("../status/Chart", () => ({ Chart: ({ label }: { label: string }) => <figure aria-label={label} /> }));
configure({ asyncUtilTimeout: 5000 });

const port = (number: number, changes: Partial<PoePort> = {}): PoePort => ({
  number, state: "searching", reason: "", text: "", since_s: 60, retry_s: 0, priority: "high", enabled: true, pd_class: null, volts: 0, amps: 0, watts: 0,
  booked_w: 0, limit_w: null, learned_w: null, energy_wh: 0, recoveries_today: 0, alone_s: 0, channel: null, camera: "", camera_text: "", ...changes,
});
const socket = (number: number, changes: Partial<Socket> = {}): Socket => ({
  number, label: String(number), column: number, row: 1, uplink: false, poe: number, link: false, speed_mbps: null, full_duplex: null, rx: 0, tx: 0, errors: 0,
  behind: [], other_switch: false, ...changes,
});
const status = (changes: Partial<Poe> = {}): Poe => ({
  fitted: true, board: "Box", budget_w: 130, most_w: 130, guard_w: 6, booked_w: 7, measured_w: 4.4, temperature_c: 35, derated: false, chips: [],
  ports: [port(1), port(2, { state: "on", watts: 4.4, volts: 54, amps: 0.081, pd_class: 2, booked_w: 7 }), port(3)],
  sockets: [socket(1), socket(2, { link: true, speed_mbps: 100, full_duplex: true, behind: ["02:00:5e:00:00:01"] }), socket(3), socket(4, { poe: null, uplink: true, label: "LAN", link: true })],
  ...changes,
});

let box: Poe;
const sent: [string, string, unknown][] = [];
const answer = (code: number, body: unknown): Response => new Response(code === 204 ? null : JSON.stringify(body), { status: code, headers: { "Content-Type": "application/json" } });

beforeEach(() => {
  box = status();
  sent.length = 0;
  vi.stubGlobal("fetch", async (url: string, options: RequestInit) => {
    const method = options.method ?? "GET";
    if (method !== "GET") sent.push([method, url, options.body ? JSON.parse(String(options.body)) : null]);
    if (url.includes("/history")) return answer(200, { port: 2, span: "minutes", step_s: 1, mean_w: [4, 4.2, 4.4], most_w: [4, 4.2, 4.4] });
    if (url.endsWith("/cycle") || url.endsWith("/leave-alone")) return answer(204, null);
    if (url.includes("/settings/")) return answer(200, { page: "poe", etag: "1", values: {} });
    return answer(200, box);
  });
  window.matchMedia ??= ((query: string) => ({ matches: false, media: query, addEventListener: () => {}, removeEventListener: () => {} })) as never;
  session.set({ phase: "in", user: "anna", permissions: ["*"], expired: false, endsAt: Infinity, idleMs: null });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});
const show = (): void =>
  void render(
    <MantineProvider env="test">
      <PoePage />
      <ConfirmHost />
    </MantineProvider>,
  );

describe("the PoE page", () => {
  it("draws every socket of the box and tells what the supply gives", async () => {
    show();
    expect(await screen.findByText("4.4 W of 130 W")).toBeTruthy();
    expect(screen.getAllByRole("button", { name: /^(1|2|3|LAN)/ })).toHaveLength(4);
    expect(screen.getByRole("button", { name: /^LAN/ })).toHaveProperty("disabled", true);
    expect(screen.getByText("7 W kept free for what is plugged in, 123 W left")).toBeTruthy();
  });
  it("opens the port that was clicked, with its link and what it draws", async () => {
    show();
    fireEvent.click(await screen.findByRole("button", { name: /^2/ }));
    expect(screen.getByRole("heading", { name: "Port 2" })).toBeTruthy();
    expect(screen.getByText("4.4 W (54 V, 81 mA)")).toBeTruthy();
    expect(screen.getByText("100 Mbit/s, full duplex")).toBeTruthy();
    expect(await screen.findByLabelText("Power of port 2 over time")).toBeTruthy();
  });
  it("opens a port with a fault by itself and says why", async () => {
    box = status({ ports: [port(1), port(2), port(3, { state: "fault", reason: "short_circuit", text: "There is a short circuit in the cable or the camera.", retry_s: 20 })] });
    show();
    expect(await screen.findByRole("heading", { name: "Port 3" })).toBeTruthy();
    expect(screen.getByText("There is a short circuit in the cable or the camera.")).toBeTruthy();
    expect(screen.getByText("tried again in 20 s")).toBeTruthy();
  });
  it("switches a port off and on only after asking", async () => {
    show();
    fireEvent.click(await screen.findByRole("button", { name: /^2/ }));
    fireEvent.click(screen.getByRole("button", { name: "Switch off and on" }));
    expect(await screen.findByText("Switch port 2 off and on?")).toBeTruthy();
    expect(sent).toEqual([]);
    fireEvent.click(screen.getAllByRole("button", { name: "Switch off and on" }).at(-1)!);
    await waitFor(() => expect(sent.map(([method, url]) => [method, url])).toEqual([["POST", "/api/v1/poe/2/cycle"]]));
  });
  it("says what is done about a camera that does not answer, and leaves it alone if asked", async () => {
    box = status({ ports: [port(1), port(2, { state: "on", channel: 2, camera: "waiting", camera_text: "D2 Gate does not answer. If that lasts, the port is switched off and on in 200 s." })] });
    show();
    fireEvent.click(await screen.findByRole("button", { name: /^2/ }));
    expect(screen.getByText(/D2 Gate does not answer/)).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Leave alone for an hour" }));
    await waitFor(() => expect(sent).toEqual([["POST", "/api/v1/poe/2/leave-alone", { seconds: 3600 }]]));
  });
  it("changes the priority in the settings of the port", async () => {
    show();
    fireEvent.click(await screen.findByRole("button", { name: /^2/ }));
    fireEvent.click(screen.getByRole("radio", { name: "Critical" }));
    await waitFor(() => expect(sent[0]?.[0]).toBe("PATCH"));
    expect(sent[0]?.[1]).toMatch(/\/settings\/poe\/.*2$/);
  });
  it("tells of another switch and of ports that cannot be controlled", async () => {
    box = status({
      chips: [{ name: "B", failure: "No chip answers at address 0x28 of I2C bus 1.", ports: [3] }],
      sockets: [socket(1, { other_switch: true, behind: ["a", "b", "c"], link: true }), socket(2), socket(3)],
    });
    show();
    expect(await screen.findByText(/Another switch is plugged into port 1: 3 devices/)).toBeTruthy();
    expect(screen.getByText(/Ports 3 cannot be controlled.*0x28/)).toBeTruthy();
  });
  it("lets nobody switch who may not", async () => {
    session.update({ permissions: ["status"] });
    show();
    fireEvent.click(await screen.findByRole("button", { name: /^2/ }));
    expect(screen.getByRole("button", { name: "Switch off and on" })).toHaveProperty("disabled", true);
  });
  it("says that a box has no PoE", async () => {
    box = status({ fitted: false, ports: [], sockets: [] });
    show();
    expect(await screen.findByText("No PoE ports")).toBeTruthy();
  });
});
