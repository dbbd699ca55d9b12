import { MantineProvider } from "@mantine/core";
import { cleanup, configure, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { guardLeaving, place, usePlace } from "../router/router";
import { box } from "../state/box";
import { session } from "../state/session";
import { ConfirmHost } from "../ui/confirm";
import { firstStep, wizard, type Step, type Wizard } from "./api";
import { ContinueSetUp } from "./ContinueSetUp";
import { WizardPage } from "./WizardPage";

configure({ asyncUtilTimeout: 5000 });
const step = (id: string, changes: Partial<Step> = {}): Step => ({ id, title: `Title of ${id}`, help: `Help of ${id}`, component: id, needed: false, state: "open", ...changes });
let told: Wizard;
const sent: [string, unknown][] = [];

beforeEach(() => {
  told = { steps: [step("disks", { state: "done" }), step("cameras", { needed: true }), step("check")], at: "", finished: false, later: false };
  sent.length = 0;
  wizard.set(null);
  history.replaceState({}, "", "/wizard");
  place.set({ path: "/wizard", query: new URLSearchParams() });
  vi.stubGlobal("fetch", async (url: string, options: RequestInit) => {
    if (options.method === "POST") {
      const body = JSON.parse(String(options.body)) as Record<string, unknown>;
      sent.push([url, body]);
      const id = url.split("/steps/")[1];
      if (id) told = { ...told, steps: told.steps.map((entry) => (entry.id === id ? { ...entry, state: body["state"] as Step["state"] } : entry)) };
      if (url.endsWith("/show")) told = { ...told, at: String(body["step"]) };
      if (url.endsWith("/end")) told = { ...told, finished: body["finished"] === true, later: body["later"] === true };
    }
    return new Response(JSON.stringify(told), { status: 200, headers: { "Content-Type": "application/json" } });
  });
  window.matchMedia ??= ((query: string) => ({ matches: false, media: query, addEventListener: () => {}, removeEventListener: () => {} })) as never;
  session.set({ phase: "in", user: "admin", permissions: ["*"], expired: false, endsAt: Infinity, idleMs: null });
  box.update({ channels: [], status: null });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});
function Routed() {
  return <WizardPage at={usePlace().path.split("/")[2] ?? ""} />;
}
const show = (): void =>
  void render(
    <MantineProvider env="test">
      <Routed />
      <ConfirmHost />
    </MantineProvider>,
  );

describe("the startup wizard", () => {
  it("begins with what is open, and goes on where it was", () => {
    expect(firstStep(told)).toBe("cameras");
    expect(firstStep({ ...told, at: "check" })).toBe("check");
    expect(firstStep({ ...told, at: "gone" })).toBe("cameras");
    expect(firstStep({ ...told, steps: told.steps.map((entry) => ({ ...entry, state: "done" })) })).toBe("check");
  });

  it("marks a step as done or skipped and shows the next", async () => {
    show();
    expect(await screen.findByRole("heading", { name: "Title of cameras" })).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Skip this step" }));
    expect(await screen.findByRole("heading", { name: "Title of check" })).toBeTruthy();
    await waitFor(() => expect(sent).toContainEqual(["/api/v1/wizard/steps/cameras", { state: "skipped" }]));
    await waitFor(() => expect(sent).toContainEqual(["/api/v1/wizard/show", { step: "check" }]));
    expect(screen.queryByRole("button", { name: "Skip this step" })).toBeNull();
    fireEvent.click(screen.getByRole("button", { name: "Back" }));
    expect(await screen.findByRole("heading", { name: "Title of cameras" })).toBeTruthy();
  });

  it("says at the end what is still missing, and finishes all the same when told to", async () => {
    told.at = "check";
    show();
    fireEvent.click(await screen.findByRole("button", { name: "Finish set-up" }));
    expect(await screen.findByText(/Not done yet: Title of cameras\./)).toBeTruthy();
    expect(told.finished).toBe(false);
    fireEvent.click(screen.getByRole("button", { name: "Finish all the same" }));
    await waitFor(() => expect(told.finished).toBe(true));
    await waitFor(() => expect(place.get().path).toBe("/live"));
  });

  it("is put off, and a button leads back to it", async () => {
    show();
    fireEvent.click(await screen.findByRole("button", { name: "Do the rest later" }));
    await waitFor(() => expect(told.later).toBe(true));
    cleanup();
    render(<MantineProvider env="test"><ContinueSetUp /></MantineProvider>);
    fireEvent.click(await screen.findByRole("button", { name: "Continue set-up" }));
    await waitFor(() => expect(place.get().path).toBe("/wizard"));
  });

  it("asks before what is not applied is left, and marks nothing then", async () => {
    show();
    await screen.findByRole("heading", { name: "Title of cameras" });
    const free = guardLeaving(async () => false);
    sent.length = 0;
    fireEvent.click(screen.getByRole("button", { name: "Next step" }));
    fireEvent.click(screen.getByRole("button", { name: "Title of check" }));
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(screen.getByRole("heading", { name: "Title of cameras" })).toBeTruthy();
    expect(sent).toEqual([]);
    free();
  });

  it("tells of a step that this page does not know", async () => {
    told.steps = [step("tea")];
    show();
    expect(await screen.findByText(/cannot be shown here/)).toBeTruthy();
  });
});
