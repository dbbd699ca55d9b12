import { MantineProvider } from "@mantine/core";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { setZone } from "../time/zone";
import { Calendar } from "./Calendar";

const TODAY = Date.UTC(2026, 10, 21, 12);
const sent = vi.fn<(url: string) => Promise<Response>>();
const chosen = vi.fn<(at: number) => void>();

beforeEach(() => {
  setZone("UTC");
  vi.spyOn(Date, "now").mockReturnValue(TODAY);
  window.matchMedia ??= ((query: string) => ({ matches: false, media: query, addEventListener: () => {}, removeEventListener: () => {} })) as never;
  sent.mockImplementation(async () => new Response(JSON.stringify({ days: ["2026-11-20", "2026-11-21"] }), { headers: { "Content-Type": "application/json" } }));
  vi.stubGlobal("fetch", sent);
});
afterEach(() => {
  cleanup();
  chosen.mockReset();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const show = (): void => void render(<MantineProvider env="test"><Calendar channels={[1, 3]} at={TODAY} choose={chosen} /></MantineProvider>);
const day = (iso: string): DOMStringMap => document.querySelector<HTMLElement>(`[data-day="${iso}"]`)!.dataset;

it("marks the days with recordings and today, and tells both apart (A4.1, D1-PB-10)", async () => {
  show();
  await waitFor(() => expect(day("2026-11-20")["has"]).toBe("true"));
  expect(sent.mock.calls[0]![0]).toMatch(/calendar\?channels=1%2C3&month=2026-11$/);
  expect(day("2026-11-20")["today"]).toBeUndefined();
  expect(day("2026-11-21")).toMatchObject({ has: "true", today: "true" });
  expect(day("2026-11-19")["has"]).toBeUndefined();
  expect(document.querySelector<HTMLButtonElement>('[data-day="2026-11-22"]')!.disabled).toBe(true);
});

it("goes to the picked day and time", async () => {
  show();
  fireEvent.click(document.querySelector('[data-day="2026-11-20"]')!);
  fireEvent.change(screen.getByRole("textbox"), { target: { value: "08:30" } });
  fireEvent.submit(screen.getByRole("textbox").closest("form")!);
  expect(chosen).toHaveBeenCalledWith(Date.UTC(2026, 10, 20, 8, 30));
});
