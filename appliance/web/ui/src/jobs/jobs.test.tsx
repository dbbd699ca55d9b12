import { MantineProvider } from "@mantine/core";
import { cleanup, configure, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { session } from "../state/session";
import { setZone } from "../time/zone";
import type { Job } from "./api";
import { JobList } from "./JobList";
import { JobsPage } from "./JobsPage";
import { forgetJobs, jobs, takeJob } from "./state";
import { levelOfJob, progressWords, stateOfJob } from "./words";

const NOW = Date.UTC(2026, 10, 21, 14, 0, 0);
const job = (changes: Partial<Job> = {}): Job => ({
  id: "a1", kind: "export_to_place", title: "Save D1 to STICK", by: "anna", place: "p1", state: "running", created: NOW - 9000, started: NOW - 9000,
  ended: null, moved: NOW, progress: { done: 412e6, total: 1.2e9, unit: "bytes", phase: "writing", rate: 38e6, remaining_s: 20.7 }, code: "", text: "", result: {},
  files: [], problems: 0, expires: null, ...changes,
});
configure({ asyncUtilTimeout: 5000 });
const sent = vi.fn<(url: string, options: RequestInit) => Promise<Response>>();
const answer = (status: number, body: unknown): Response => new Response(status === 204 ? null : JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
const show = (page: React.ReactElement): void => void render(<MantineProvider env="test">{page}</MantineProvider>);

beforeEach(() => {
  setZone("UTC");
  vi.stubGlobal("fetch", sent);
  window.matchMedia ??= ((query: string) => ({ matches: false, media: query, addEventListener: () => {}, removeEventListener: () => {} })) as never;
  session.set({ phase: "in", user: "anna", permissions: ["*"], expired: false, endsAt: Infinity, idleMs: null });
});
afterEach(() => {
  cleanup();
  forgetJobs();
  sent.mockReset();
  vi.unstubAllGlobals();
});

describe("a job in words", () => {
  it("tells how far, how fast and how long still", () => {
    expect(stateOfJob(job())).toBe("Writing");
    expect(progressWords(job(), NOW)).toEqual(["412 MB of 1.2 GB", "38 MB/s", "21 s left"]);
  });
  it("says what is not known by saying nothing of it", () => {
    const early = job({ progress: { done: 0, total: 0, unit: "bytes", phase: "planning", rate: null, remaining_s: null } });
    expect(stateOfJob(early)).toBe("Preparing");
    expect(progressWords(early, NOW)).toEqual(["0 B"]);
  });
  it("tells a job that stands still, and since when", () => {
    expect(progressWords(job({ moved: NOW - 60_000 }), NOW)[1]).toMatch(/^No progress since 13:59:00/);
  });
  it("does not call a check that found something good", () => {
    const checked = job({ kind: "check_volume", state: "done", ended: NOW, problems: 2 });
    expect([stateOfJob(checked), levelOfJob(checked)]).toEqual(["2 problems found", "attention"]);
    expect(levelOfJob(job({ state: "failed", ended: NOW }))).toBe("bad");
  });
  it("does not call an export good whose signer is not known", () => {
    const verified = (signer: string): Job => job({ kind: "verify_export", state: "done", ended: NOW, result: { signer } });
    for (const signer of ["own", "given"]) expect([stateOfJob(verified(signer)), levelOfJob(verified(signer))]).toEqual(["Done", "good"]);
    for (const signer of ["unknown", "nobody", ""]) expect([stateOfJob(verified(signer)), levelOfJob(verified(signer))]).toEqual(["Unchanged, but not proved", "attention"]);
    expect(levelOfJob(job({ kind: "verify_export", state: "done", ended: NOW, problems: 1, result: { signer: "own" } }))).toBe("bad");
  });
});

describe("the list of jobs", () => {
  it("cancels what goes on", async () => {
    sent.mockResolvedValue(answer(204, null));
    show(<JobList jobs={[job()]} />);
    expect(screen.getByRole("progressbar").getAttribute("aria-valuenow")).toBe("34");
    fireEvent.click(screen.getByRole("button", { name: "Cancel: Save D1 to STICK" }));
    await waitFor(() => expect(sent).toHaveBeenCalled());
    expect([sent.mock.calls[0]![0], sent.mock.calls[0]![1].method]).toEqual(["/api/v1/jobs/a1", "DELETE"]);
  });
  it("verifies again what was saved, while its stick is there", async () => {
    const saved = job({ state: "done", ended: NOW, result: { folder: "NVR 2026" } });
    const verifying = job({ id: "v1", kind: "verify_export", title: "Verify NVR 2026 on STICK" });
    sent.mockImplementation(async (url, options) => (options.method === "POST" ? answer(201, verifying) : answer(200, url.endsWith("/jobs") ? { jobs: [saved] } : { places: [] })));
    show(<JobsPage />);
    expect(await screen.findByText("Save D1 to STICK")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Verify again: NVR 2026" })).toBeNull();
    jobs.update({ places: [{ id: "p1" }] as never });
    fireEvent.click(await screen.findByRole("button", { name: "Verify again: NVR 2026" }));
    expect(await screen.findByText("Verify NVR 2026 on STICK")).toBeTruthy();
    const order = sent.mock.calls.find(([, options]) => options.method === "POST");
    expect(JSON.parse(String(order?.[1].body))).toEqual({ kind: "verify_export", place: "p1", name: "NVR 2026" });
  });
  it("names the files of what was found, and how much more there is", () => {
    const found = [1, 2].map((n) => ({ file: `film ${n}.mp4`, code: "foreign", text: "it does not belong to the export" }));
    show(<JobList jobs={[job({ kind: "verify_export", state: "done", ended: NOW, problems: 30, result: { found, signer: "own" } })]} />);
    expect(screen.getByText("The first 2 of 30 problems")).toBeTruthy();
    expect(screen.getAllByText(/it does not belong to the export/).map((item) => item.textContent)).toEqual(["film 1.mp4: it does not belong to the export", "film 2.mp4: it does not belong to the export"]);
  });
  it("names whose job it is where it is another person's", () => {
    show(<JobList jobs={[job({ by: "bert" })]} />);
    expect(screen.getByText(/^bert, /)).toBeTruthy();
  });
  it("says what would be here, and takes what the feed tells", async () => {
    sent.mockImplementation(async (url) => answer(200, url.endsWith("/jobs") ? { jobs: [] } : { places: [] }));
    show(<JobsPage />);
    expect(await screen.findByText("No jobs")).toBeTruthy();
    takeJob(job());
    expect(await screen.findByText("Save D1 to STICK")).toBeTruthy();
    takeJob(job({ state: "failed", ended: NOW, text: "STICK is gone or failing." }));
    expect(await screen.findByText("STICK is gone or failing.")).toBeTruthy();
    expect(jobs.get().jobs).toHaveLength(1);
  });
});
