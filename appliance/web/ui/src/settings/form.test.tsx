import { MantineProvider } from "@mantine/core";
import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { useState } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../api/http";
import { box } from "../state/box";
import type { FieldForm, SectionForm, Values } from "./api";
import { clashes, defaults, isVisible, matches, towardsDefaults } from "./draft";
import { Form } from "./Form";
import { hits } from "./SettingsPage";
import { useForm } from "./useForm";

const field = (name: string, part: Partial<FieldForm> = {}): FieldForm => ({
  name, title: name, help: "", widget: "text", unit: "", default: "", required: false, nullable: false, empty_title: "", minimum: null, maximum: null,
  min_length: null, max_length: null, choices: null, secret: false, restart: "", capability: "", visible_when: null, placeholder: "", options: {}, requirements: [], ...part,
});
const section = (...fields: FieldForm[]): SectionForm => ({ slug: "a", title: "", advanced: false, fields });

function Editor({ fields, start, theirs, send, capabilities }: { fields: FieldForm[]; start: Values; theirs?: Values; send: (changes: Values) => Promise<void>; capabilities?: string[] }) {
  const [base, setBase] = useState(start);
  const form = useForm({ base, fields, send, reload: () => theirs && setBase(theirs) });
  return <Form sections={[section(...fields)]} base={base} form={form} channel={1} capabilities={capabilities ?? []} />;
}

const show = (element: React.ReactElement): void => void render(<MantineProvider>{element}</MantineProvider>);
const apply = (): void => void fireEvent.submit(screen.getByRole("button", { name: "Apply changes" }).closest("form")!);
const write = (label: string, text: string): void => void fireEvent.change(screen.getByLabelText(label), { target: { value: text } });

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

describe("two people at one page", () => {
  const fields = [field("Name"), field("Place"), field("Note")];
  const start = { Name: "a", Place: "b", Note: "c" };
  const stale = new ApiError(412, "settings.stale", "changed");

  it("both values stand side by side, and what is chosen is sent", async () => {
    const send = vi.fn<(changes: Values) => Promise<void>>().mockRejectedValueOnce(stale).mockResolvedValue();
    show(<Editor fields={fields} start={start} theirs={{ Name: "theirs", Place: "theirs too", Note: "only theirs" }} send={send} />);
    write("Name", "mine");
    write("Place", "mine too");
    apply();
    const note = await screen.findByRole("alert");
    expect(within(note).getByText("mine")).toBeTruthy();
    expect(within(note).getByText("theirs too")).toBeTruthy();
    expect(within(note).queryByText("only theirs")).toBeNull();
    expect((screen.getByLabelText("Note") as HTMLInputElement).value).toBe("only theirs");
    fireEvent.click(within(within(note).getByRole("group", { name: "Place" })).getByLabelText("Take theirs"));
    apply();
    await waitFor(() => expect(send).toHaveBeenLastCalledWith({ Name: "mine" }));
    await waitFor(() => expect(screen.queryByRole("alert")).toBeNull());
  });
  it("a choice can be taken back", async () => {
    const send = vi.fn<(changes: Values) => Promise<void>>().mockRejectedValueOnce(stale).mockResolvedValue();
    show(<Editor fields={fields} start={start} theirs={{ ...start, Name: "theirs" }} send={send} />);
    write("Name", "mine");
    apply();
    const note = await screen.findByRole("alert");
    fireEvent.click(within(note).getByLabelText("Take theirs"));
    expect((screen.getByRole("textbox", { name: "Name" }) as HTMLInputElement).value).toBe("theirs");
    fireEvent.click(within(note).getByLabelText("Keep mine"));
    apply();
    await waitFor(() => expect(send).toHaveBeenLastCalledWith({ Name: "mine" }));
  });
  it("fields that only one of them changed are no clash", () => {
    expect(clashes(start, { ...start, Name: "x" }, { Place: "y" }, fields)).toEqual([]);
    expect(clashes(start, { ...start, Name: "x" }, { Name: "x" }, fields)).toEqual([]);
    expect(clashes(start, { ...start, Name: "x" }, { Name: "y" }, fields).map(({ name }) => name)).toEqual(["Name"]);
  });
});

describe("defaults", () => {
  const fields = [field("Port", { widget: "number", default: 80 }), field("Key", { secret: true }), field("Url", { required: true })];
  it("are offered where a field differs, never for secrets and what must be given", () => {
    expect(towardsDefaults(fields, { Port: 81, Key: { set: true }, Url: "x" })).toEqual({ Port: 80 });
  });
  it("come back field by field and for the whole page", async () => {
    const send = vi.fn<(changes: Values) => Promise<void>>().mockResolvedValue();
    show(<Editor fields={[field("Name", { default: "NVR" }), field("Place", { default: "here" })]} start={{ Name: "a", Place: "b" }} send={send} />);
    fireEvent.click(screen.getByLabelText("Put Name back to NVR"));
    expect((screen.getByLabelText("Name") as HTMLInputElement).value).toBe("NVR");
    fireEvent.click(screen.getByRole("button", { name: "Defaults" }));
    apply();
    await waitFor(() => expect(send).toHaveBeenCalledWith({ Name: "NVR", Place: "here" }));
  });
});

describe("widgets", () => {
  const send = async (): Promise<void> => {};
  it("what board and camera lack is not shown", () => {
    const relay = field("Relay", { capability: "relay" });
    expect(isVisible(relay, {})).toBe(false);
    show(<Editor fields={[relay, field("Name")]} start={{ Relay: "", Name: "" }} send={send} capabilities={["relay"]} />);
    expect(screen.getByLabelText("Relay")).toBeTruthy();
  });
  it("channels are picked, and one that is gone can be taken off", async () => {
    box.update({ channels: [{ id: 1, name: "Gate" }, { id: 2, name: "Yard" }] as never });
    const sent = vi.fn<(changes: Values) => Promise<void>>().mockResolvedValue();
    show(<Editor fields={[field("Shown", { widget: "channels", default: [] })]} start={{ Shown: [1, 9] }} send={sent} />);
    fireEvent.click(screen.getByLabelText("D2 Yard"));
    fireEvent.click(screen.getByLabelText("D9 (removed)"));
    apply();
    await waitFor(() => expect(sent).toHaveBeenCalledWith({ Shown: [1, 2] }));
  });
  it("records are added, written and removed in rows, and told what is wrong in place", async () => {
    const table = field("People", { widget: "table", default: [], columns: [field("Mail"), field("Age", { widget: "number", default: 1 })] });
    const sent = vi.fn<(changes: Values) => Promise<void>>().mockRejectedValueOnce(new ApiError(422, "settings.invalid", "wrong", [{ path: "People.1.Mail", code: "x", text: "is no address" }])).mockResolvedValue();
    show(<Editor fields={[table]} start={{ People: [{ Mail: "a@b", Age: 3 }] }} send={sent} />);
    fireEvent.click(screen.getByRole("button", { name: "Add an entry" }));
    fireEvent.change(within(screen.getByRole("group", { name: "Entry 2" })).getByLabelText("Mail"), { target: { value: "x" } });
    apply();
    expect(await within(screen.getByRole("group", { name: "Entry 2" })).findByText("Mail is no address.")).toBeTruthy();
    fireEvent.click(screen.getByLabelText("Remove entry 1"));
    apply();
    await waitFor(() => expect(sent).toHaveBeenLastCalledWith({ People: [{ Mail: "x", Age: 1 }] }));
  });
  it("a corner of a region moves with the arrow keys", async () => {
    vi.stubGlobal("fetch", vi.fn(async () => new Response(null, { status: 404 })));
    const sent = vi.fn<(changes: Values) => Promise<void>>().mockResolvedValue();
    const shape = { name: "Door", points: [[0, 0], [500, 0], [500, 500]] };
    show(<Editor fields={[field("Regions", { widget: "regions", default: [] })]} start={{ Regions: [shape] }} send={sent} />);
    fireEvent.keyDown(screen.getByLabelText("Corner 2 of Door; move it with the arrow keys"), { key: "ArrowDown" });
    apply();
    await waitFor(() => expect(sent).toHaveBeenCalledWith({ Regions: [{ ...shape, points: [[0, 0], [500, 100], [500, 500]] }] }));
    vi.unstubAllGlobals();
  });
  it("64 channels are drawn within one turn", () => {
    box.update({ channels: Array.from({ length: 64 }, (_, i) => ({ id: i + 1, name: `Camera ${i + 1}` })) as never });
    show(<Editor fields={[field("Shown", { widget: "channels", default: [] })]} start={{ Shown: [] }} send={send} />);
    expect(screen.getAllByRole("checkbox")).toHaveLength(64);
  });
});

describe("the search over settings", () => {
  const form = { page: "web", title: "Web access", menu: "NETWORK", help: "How browsers reach it", synonyms: ["https"], actions: [], sections: [section(field("port", { title: "HTTPS port", synonyms: ["listen"] }))], collection: null };
  it("finds pages and fields by title, help and synonyms", () => {
    expect(hits([form], "browsers reach").map((hit) => hit.href)).toEqual(["/system/web"]);
    expect(hits([form], "LISTEN").map((hit) => hit.href)).toEqual(["/system/web?field=port"]);
    expect(hits([form], "bitrate")).toEqual([]);
    expect(matches(field("x", { unit: "min" }), "min")).toBe(true);
  });
});

it("a new record starts at the defaults of its fields", () => {
  expect(defaults([field("kind", { default: "date" }), field("first", { widget: "date", default: "" })])).toEqual({ kind: "date", first: "" });
});
