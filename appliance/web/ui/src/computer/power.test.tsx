import { MantineProvider } from "@mantine/core";
import { cleanup, configure, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Power } from "./api";
import { Gone, PowerPage } from "./PowerPage";

configure({ asyncUtilTimeout: 5000 });
const power = (): Power => ({
  leaving: "stay",
  interrupts: { recording: 3, channels: 4, jobs: ["Export of D1"], viewers: 1, downloads: 0, unknown: ["web"] },
  planned: Date.UTC(2026, 10, 22, 2, 30),
  last_order: { how: "restart", by: "eva@10.0.0.2", reason: "new disk", at: Date.UTC(2026, 10, 1) },
  starts: [{ cause: "power", text: "Its power had failed.", at: Date.UTC(2026, 10, 2) }],
});
const sent: [string, string, unknown][] = [];
let refuse = false;
const answer = (code: number, body: unknown): Response => new Response(JSON.stringify(body), { status: code, headers: { "Content-Type": "application/json" } });

beforeEach(() => {
  sent.length = 0;
  refuse = false;
  vi.stubGlobal("fetch", async (url: string, options: RequestInit) => {
    const method = options.method ?? "GET";
    if (method === "GET") return answer(200, power());
    sent.push([method, url, JSON.parse(String(options.body))]);
    if (refuse) return answer(422, { code: "invalid", text: "Wrong.", fields: [{ path: "/password", code: "wrong", text: "This is not the password." }] });
    return url.endsWith("postpone") ? answer(200, { ...power(), planned: null }) : answer(202, {});
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});
const show = (): void => void render(<MantineProvider><PowerPage /></MantineProvider>);

describe("power", () => {
  it("says what a stop interrupts before anything can be pressed", async () => {
    show();
    expect(await screen.findByText(/Recording of 3 cameras/)).toBeTruthy();
    expect(screen.getByText(/Export of D1/)).toBeTruthy();
    expect(screen.getByText(/1 page that shows pictures/)).toBeTruthy();
    expect(screen.getByText(/may be more/)).toBeTruthy();
    expect(screen.getByText(/restarted by eva@10.0.0.2: new disk/)).toBeTruthy();
    expect(screen.getByText(/power had failed/)).toBeTruthy();
  });
  it("asks for reason and password, shows a wrong one in place, then says what happens", async () => {
    show();
    fireEvent.click(await screen.findByRole("button", { name: "Switch recorder off" }));
    fireEvent.change(await screen.findByLabelText(/Reason/), { target: { value: "new disk" } });
    fireEvent.change(screen.getByLabelText(/password/i, { selector: "input" }), { target: { value: "wrong" } });
    refuse = true;
    const press = (): void => { fireEvent.submit(screen.getByLabelText(/Reason/).closest("form")!); };
    press();
    expect(await screen.findByText("This is not the password.")).toBeTruthy();
    refuse = false;
    press();
    expect(await screen.findByText("The recorder switches off")).toBeTruthy();
    expect(sent.at(-1)).toEqual(["POST", "/api/v1/power/off", { reason: "new disk", password: "wrong" }]);
  });
  it("leaves a planned restart out", async () => {
    show();
    fireEvent.click(await screen.findByRole("button", { name: "Leave this one out" }));
    await waitFor(() => expect(sent).toEqual([["POST", "/api/v1/power/postpone", {}]]));
  });
  it("comes back by itself once the recorder answers again", async () => {
    vi.useFakeTimers();
    const answers: (() => Promise<Power>)[] = [
      async () => ({ ...power(), leaving: "restart" }),
      async () => { throw new Error("away"); },
      async () => power(),
    ];
    const reload = vi.fn();
    const ask = (): Promise<Power> => answers.shift()!();
    render(<MantineProvider><Gone how="restart" ask={ask} reload={reload} /></MantineProvider>);
    await vi.advanceTimersByTimeAsync(4500);
    expect(reload).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(2000);
    expect(reload).toHaveBeenCalledOnce();
    vi.useRealTimers();
  });
});
