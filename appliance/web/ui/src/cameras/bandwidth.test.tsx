import { MantineProvider } from "@mantine/core";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { add, change } from "../settings/api";
import { Toasts } from "../ui/toast";
import { TestPanel } from "./TestPanel";

const answer = (body: unknown): Response => new Response(JSON.stringify(body), { status: 200, headers: { "Content-Type": "application/json" } });
const sent = vi.fn<(url: string, options: RequestInit) => Promise<Response>>();
const TOO_MUCH = "This camera sends about 6 Mbit/s and the others 24 Mbit/s.";

beforeEach(() => {
  vi.stubGlobal("fetch", sent);
  window.matchMedia ??= ((query: string) => ({ matches: false, media: query, addEventListener: () => {}, removeEventListener: () => {} })) as never;
});
afterEach(() => {
  cleanup();
  sent.mockReset();
  vi.unstubAllGlobals();
});

const show = (page: React.ReactElement): void => void render(<MantineProvider env="test">{page}</MantineProvider>);

it("the test tells what the camera sends, what comes in already, and that both are too much", async () => {
  sent.mockResolvedValue(answer({ ok: true, picture: null, formats: [], fault: null, bitrate_bps: 6_000_000, incoming_bps: 24_000_000, limit_bps: 28_000_000, warning: TOO_MUCH }));
  show(<TestPanel values={{ main_url: "rtsp://10.0.0.9/main" }} channel={3} />);
  fireEvent.click(screen.getByRole("button"));
  expect(await screen.findByText(TOO_MUCH)).toBeTruthy();
  expect(screen.getByText("6 Mbit/s")).toBeTruthy();
  expect(screen.getByText("24 Mbit/s of 28 Mbit/s")).toBeTruthy();
  expect(JSON.parse(sent.mock.calls[0]![1].body as string)).toMatchObject({ channel: 3 });
});

it.each([
  ["added", () => add("channels", { main_url: "rtsp://10.0.0.9/main" })],
  ["changed", () => change("channels", 3, { main_url: "rtsp://10.0.0.9/main" })],
])("what should be known of a camera that was %s is shown", async (_how, save) => {
  const text = `${TOO_MUCH} ${_how}`;
  sent.mockResolvedValue(answer({ id: 4, warnings: [{ path: "main_url", code: "bandwidth_exceeded", text }] }));
  show(<Toasts />);
  await save();
  expect(await screen.findByText(text)).toBeTruthy();
});
