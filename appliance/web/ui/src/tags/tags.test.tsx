import { MantineProvider } from "@mantine/core";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RecordingsPage } from "../recordings/RecordingsPage";
import { exportLink, inside } from "../recordings/api";
import { navigate, place } from "../router/router";
import { box } from "../state/box";
import { session } from "../state/session";
import { ConfirmHost } from "../ui/confirm";
import { Toasts } from "../ui/toast";
import { lengthOf, type Tag } from "./api";
import { tagAt } from "./marks";
import { copyLink } from "./link";
import { ResultActs, stretchOf } from "./ResultActs";
import { TagDialog, tagInstant } from "./TagDialog";
import { TagsPage } from "./TagsPage";

const answer = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
const sent = vi.fn<(url: string, options: RequestInit) => Promise<Response>>();
const CHANNELS = [{ id: 1, name: "Gate" }, { id: 2, name: "Yard" }] as never;
const tag = (n: number, changes: Partial<Tag> = {}): Tag => ({ id: String(n).padStart(32, "0"), channel: 1, at: 1_790_000_000_000 + n * 1000, name: `Tag ${n}`, author: "anna", changed: 1, gone: null, ...changes });
const asked = (method: string, part: string): [string, RequestInit][] => sent.mock.calls.filter(([url, options]) => options.method === method && url.includes(part));
const bodyOf = (call: [string, RequestInit] | undefined): unknown => JSON.parse(String(call?.[1].body));

let tags: Tag[] = [];
let files: unknown[] = [];
let changed = 1;

function reply(url: string, options: RequestInit): Response {
  if (options.method === "POST" && url.endsWith("/tags/delete")) return answer({ deleted: (JSON.parse(String(options.body)) as { ids: string[] }).ids.length });
  if (options.method === "POST" && url.endsWith("/tags")) return answer(tag(9), 201);
  if (options.method === "PATCH") return answer(tag(1, { name: "New" }));
  if (url.includes("/play")) return answer({ channel: 1, at: 1_789_999_996_000, recorded: true });
  if (url.includes("/recordings")) return answer({ recordings: files, next: null });
  if (url.includes("/locks")) return answer({ changed });
  return answer({ tags, next: null });
}

beforeEach(() => {
  vi.stubGlobal("fetch", sent);
  window.matchMedia ??= ((query: string) => ({ matches: false, media: query, addEventListener: () => {}, removeEventListener: () => {} })) as never;
  sent.mockImplementation((url, options) => Promise.resolve(reply(url, options)));
  session.set({ phase: "in", user: "anna", permissions: ["playback", "tag", "lock", "download"], expired: false, endsAt: Infinity, idleMs: null });
  box.update({ channels: CHANNELS });
  tags = [tag(2), tag(1)];
  files = [];
  changed = 1;
});
afterEach(() => {
  cleanup();
  sent.mockReset();
  localStorage.clear();
  vi.unstubAllGlobals();
});

const show = async (path: string, page: React.ReactElement): Promise<void> => {
  await navigate(path);
  render(<MantineProvider env="test">{page}<ConfirmHost /><Toasts /></MantineProvider>);
};

describe("the list of tags", () => {
  it("asks for what the address says, so that a list can be sent on", async () => {
    await show("/search/tags?channels=1&name=van&from=5&to=9", <TagsPage />);
    expect(await screen.findByText("Tag 2")).toBeTruthy();
    const query = new URL(sent.mock.calls[0]![0], "http://box").searchParams;
    expect(Object.fromEntries(query)).toEqual({ channels: "1", name: "van", from: "5", to: "9", limit: "100" });
  });

  it("plays where the box says, from the seconds chosen (D1-PB-35)", async () => {
    localStorage.setItem("nvr.tags.before", "10");
    await show("/search/tags", <TagsPage />);
    fireEvent.click((await screen.findAllByRole("button", { name: "Play" }))[0]!);
    await waitFor(() => expect(`${location.pathname}${location.search}`).toBe("/live?channel=1&at=1789999996000"));
    expect(asked("GET", "/play")[0]![0]).toBe(`/api/v1/tags/${tag(2).id}/play?before=10`);
  });

  it("renames by a double click (D1-PB-36)", async () => {
    await show("/search/tags", <TagsPage />);
    fireEvent.doubleClick(await screen.findByText("Tag 1"));
    fireEvent.change(screen.getByLabelText("Name"), { target: { value: "New" } });
    fireEvent.click(screen.getByRole("button", { name: "Save name" }));
    await waitFor(() => expect(bodyOf(asked("PATCH", tag(1).id)[0])).toEqual({ name: "New" }));
  });

  it("deletes many after asking, and nothing before", async () => {
    await show("/search/tags", <TagsPage />);
    fireEvent.click(await screen.findByLabelText("Choose all"));
    fireEvent.click(screen.getByRole("button", { name: "Delete 2 tags" }));
    expect(await screen.findByText("Delete these 2 tags?")).toBeTruthy();
    expect(asked("POST", "/tags/delete")).toHaveLength(0);
    fireEvent.click(screen.getAllByRole("button", { name: "Delete 2 tags" }).at(-1)!);
    await waitFor(() => expect(bodyOf(asked("POST", "/tags/delete")[0])).toEqual({ ids: [tag(2).id, tag(1).id] }));
  });

  it("offers nothing to change to who may only play back", async () => {
    session.update({ permissions: ["playback"] });
    await show("/search/tags", <TagsPage />);
    await screen.findByText("Tag 1");
    expect(screen.queryByLabelText("Choose all")).toBeNull();
    expect(screen.queryByRole("button", { name: /rename/i })).toBeNull();
  });

  it("is loaded again when a tag changed somewhere", async () => {
    await show("/search/tags", <TagsPage />);
    await screen.findByText("Tag 1");
    tags = [tag(3)];
    box.update({ tagNews: box.get().tagNews + 1 });
    expect(await screen.findByText("Tag 3")).toBeTruthy();
    expect(screen.queryByText("Tag 1")).toBeNull();
  });

  it("says what would be here", async () => {
    tags = [];
    await show("/search/tags", <TagsPage />);
    expect(await screen.findByText("No tags yet")).toBeTruthy();
  });
});

describe("tagging an instant (D1-PB-34)", () => {
  it("asks for a name and sends it with channel and instant", async () => {
    await show("/live", <TagDialog />);
    tagInstant(2);
    fireEvent.change(await screen.findByLabelText("Name"), { target: { value: "门口" } });
    fireEvent.click(screen.getByRole("button", { name: "Save tag" }));
    await waitFor(() => expect(asked("POST", "/tags")).toHaveLength(1));
    const body = bodyOf(asked("POST", "/tags")[0]) as { channel: number; at: number; name: string };
    expect([body.channel, body.name]).toEqual([2, "门口"]);
    expect(Math.abs(body.at - Date.now())).toBeLessThan(60_000);
    expect(await screen.findByText("Tagged: 门口")).toBeTruthy();
  });

  it("counts characters as a person does, and refuses too many before asking the box", async () => {
    expect(lengthOf("👨‍👩‍👧e\u0301 ")).toBe(6);
    await show("/live", <TagDialog />);
    tagInstant(2);
    const field = await screen.findByLabelText("Name");
    fireEvent.change(field, { target: { value: "🚨".repeat(66) } });
    expect(screen.getByText("2 characters too many.")).toBeTruthy();
    expect((screen.getByRole("button", { name: "Save tag" }) as HTMLButtonElement).disabled).toBe(true);
    fireEvent.change(field, { target: { value: "🚨".repeat(64) } });
    expect((screen.getByRole("button", { name: "Save tag" }) as HTMLButtonElement).disabled).toBe(false);
    fireEvent.click(screen.getByRole("button", { name: "Cancel" }));
  });

  it("keeps the name and shows why the box refused it", async () => {
    sent.mockImplementation(() => Promise.resolve(answer({ code: "tags.full", text: "There are 10000 tags already.", fields: [] }, 409)));
    await show("/live", <TagDialog />);
    tagInstant(2);
    fireEvent.change(await screen.findByLabelText("Name"), { target: { value: "Van" } });
    fireEvent.click(screen.getByRole("button", { name: "Save tag" }));
    expect(await screen.findByText("There are 10000 tags already.")).toBeTruthy();
    expect((screen.getByLabelText("Name") as HTMLInputElement).value).toBe("Van");
    fireEvent.click(screen.getByRole("button", { name: "Cancel" }));
  });
});

describe("marks on the time bar", () => {
  it("name the nearest tag of the pointer's row", () => {
    const view = { start: 0, end: 1000 };
    const marks = [tag(1, { at: 100 }), tag(2, { at: 110, channel: 2 }), tag(3, { at: 500 })];
    const at = (x: number, channel: number | null): string | undefined => tagAt(marks, view, 1000, x, channel)?.name;
    expect([at(104, null), at(106, null), at(104, 2), at(106, 1), at(120, null), at(495, 1)]).toEqual(["Tag 1", "Tag 2", "Tag 2", "Tag 1", undefined, "Tag 3"]);
  });
});

describe("chosen results of a search (D2-RS-03, D2-RS-04)", () => {
  const results = [{ channel: 1, start: 1_790_000_000_000, end: 1_790_000_005_000 }, { channel: 2, start: 1_790_000_100_000, end: null }];

  it("get a tag each at the instant they began", async () => {
    const done = vi.fn();
    await show("/events", <ResultActs results={results} done={done} />);
    fireEvent.click(screen.getByRole("button", { name: "Tag 2 events" }));
    fireEvent.change(await screen.findByLabelText("Name"), { target: { value: "Theft" } });
    fireEvent.click(screen.getByRole("button", { name: "Save tag" }));
    await waitFor(() => expect(done).toHaveBeenCalledOnce());
    expect(asked("POST", "/tags").map(bodyOf)).toEqual([{ channel: 1, at: 1_790_000_000_000, name: "Theft" }, { channel: 2, at: 1_790_000_100_000, name: "Theft" }]);
  });

  it("are locked from 10 s before to 10 s after (D1-LV-28)", async () => {
    const done = vi.fn();
    await show("/events", <ResultActs results={results.slice(0, 1)} done={done} />);
    fireEvent.click(screen.getByRole("button", { name: "Lock footage of 1 event" }));
    await waitFor(() => expect(done).toHaveBeenCalledOnce());
    expect(bodyOf(asked("POST", "/locks")[0])).toEqual({ channel: 1, from: 1_789_999_990_000, to: 1_790_000_015_000, locked: true });
    expect(stretchOf(results[1]!, 1_790_000_200_000)).toEqual({ from: 1_790_000_090_000, to: 1_790_000_210_000 });
  });

  it("are not called locked where nothing was", async () => {
    changed = 0;
    await show("/events", <ResultActs results={results} done={() => {}} />);
    fireEvent.click(screen.getByRole("button", { name: "Lock footage of 2 events" }));
    expect(await screen.findByText(/Nothing was locked/)).toBeTruthy();
  });

  it("offer only what the person may do", async () => {
    session.update({ permissions: ["playback", "lock"] });
    await show("/events", <ResultActs results={results} done={() => {}} />);
    expect(screen.queryByRole("button", { name: /^tag/i })).toBeNull();
    expect(screen.getByRole("button", { name: /lock/i })).toBeTruthy();
  });
});

describe("a link to an instant", () => {
  it("names the camera and the instant, and is copied", async () => {
    const copied = vi.fn<(text: string) => Promise<void>>().mockResolvedValue();
    vi.stubGlobal("navigator", { ...navigator, clipboard: { writeText: copied } });
    await show("/live", <i />);
    await copyLink(2);
    const link = new URL(copied.mock.calls[0]![0]);
    expect([link.pathname, link.searchParams.get("channel")]).toEqual(["/", "2"]);
    expect(Math.abs(Number(link.searchParams.get("at")) - Date.now())).toBeLessThan(60_000);
    expect(await screen.findByText(/Link copied/)).toBeTruthy();
  });
});

describe("the list of recordings (D1-PB-33)", () => {
  const file = (n: number, changes = {}) => ({ id: `v/${n}`, channel: 1, stream: "main", from: 1_790_000_000_000 + n * 600_000, to: 1_790_000_600_000 + n * 600_000, size: 250_000_000, kinds: ["motion", "general"], locked: false, open: false, volume: "one", number: n, ...changes });

  it("shows time, length, size, kinds and lock of every camera", async () => {
    files = [file(2, { locked: true }), file(1)];
    await show("/search/recordings", <RecordingsPage />);
    expect(await screen.findAllByText("10:00")).toHaveLength(2);
    expect(screen.getAllByText("250 MB")).toHaveLength(2);
    expect(screen.getAllByText("Motion", { selector: "td span" })).toHaveLength(2);
    expect(screen.getAllByText("Locked", { selector: "span" })).toHaveLength(1);
    expect(new URL(asked("GET", "/recordings")[0]![0], "http://box").searchParams.get("channels")).toBe("1,2");
  });

  it("locks a file and no neighbour", async () => {
    files = [file(1)];
    await show("/search/recordings", <RecordingsPage />);
    fireEvent.click(await screen.findByRole("button", { name: "Lock" }));
    await waitFor(() => expect(asked("POST", "/locks")).toHaveLength(1));
    expect(bodyOf(asked("POST", "/locks")[0])).toEqual({ channel: 1, from: 1_790_000_600_001, to: 1_790_001_199_999, locked: true });
    await waitFor(() => expect(asked("GET", "/recordings")).toHaveLength(2));
  });

  it("says that a file was not locked where the box changed nothing", async () => {
    files = [file(1)];
    changed = 0;
    await show("/search/recordings", <RecordingsPage />);
    const before = screen.queryAllByText(/file locked/).length; // words of the test before may still stand
    fireEvent.click(await screen.findByRole("button", { name: "Lock" }));
    expect(await screen.findByText(/1 file was not changed/)).toBeTruthy();
    expect(screen.queryAllByText(/file locked/)).toHaveLength(before);
  });

  it("asks before many are unlocked", async () => {
    files = [file(2, { locked: true }), file(1, { locked: true })];
    await show("/search/recordings?locked=1", <RecordingsPage />);
    fireEvent.click(await screen.findByLabelText("Choose all"));
    fireEvent.click(screen.getByRole("button", { name: "Unlock 2 files" }));
    expect(await screen.findByText("Unlock these 2 files?")).toBeTruthy();
    expect(asked("POST", "/locks")).toHaveLength(0);
    fireEvent.click(screen.getAllByRole("button", { name: "Unlock 2 files" }).at(-1)!);
    await waitFor(() => expect(asked("POST", "/locks")).toHaveLength(2));
  });

  it("leads to playing and to exporting the file", async () => {
    const one = file(1);
    files = [one];
    await show("/search/recordings", <RecordingsPage />);
    fireEvent.click(await screen.findByRole("button", { name: "Play" }));
    await waitFor(() => expect(place.get().query.get("at")).toBe(String(one.from)));
    expect(exportLink(one as never)).toBe(`/backup?channels=1&stream=main&from=${one.from}&to=${one.to}`);
    expect(inside({ from: 5, to: 6 })).toEqual({ from: 6, to: 7 });
  });
});

describe("a tag whose footage is gone", () => {
  it("is shown as such, with when it goes, and is not played", async () => {
    tags = [tag(2, { gone: 1_790_000_000_000 }), tag(1)];
    await show("/search/tags", <TagsPage />);
    expect(await screen.findByText(/No disk has footage of this instant/)).toBeTruthy();
    const [first, second] = screen.getAllByRole<HTMLButtonElement>("button", { name: "Play" });
    expect([first!.disabled, second!.disabled]).toEqual([true, false]);
    expect(screen.getByText(/for a day, it is removed/)).toBeTruthy();
  });
});

describe("a list of several pages", () => {
  it("shows further pages when asked, and all of them again after a change", async () => {
    sent.mockImplementation((url) => {
      const after = new URL(url, "http://box").searchParams.get("after");
      return Promise.resolve(answer(after === null ? { tags: [tag(3), tag(2)], next: "p2" } : { tags: [tag(1)], next: null }));
    });
    await show("/search/tags", <TagsPage />);
    fireEvent.click(await screen.findByRole("button", { name: "Older tags" }));
    expect(await screen.findByText("Tag 1")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Older tags" })).toBeNull();
    sent.mockClear();
    box.update({ tagNews: box.get().tagNews + 1 });
    await waitFor(() => expect(sent.mock.calls.some(([url]) => url.includes("after=p2"))).toBe(true));
    expect(screen.getByText("Tag 1")).toBeTruthy();
  });
});
