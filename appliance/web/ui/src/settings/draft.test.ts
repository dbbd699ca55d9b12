import { describe, expect, it } from "vitest";
import { errorsByPath, type FieldForm } from "./api";
import { changesOf, defaults, isVisible, matches } from "./draft";

const field = (name: string, part: Partial<FieldForm> = {}): FieldForm => ({
  name, title: name, help: "", widget: "text", unit: "", default: null, required: false, nullable: false, empty_title: "", minimum: null, maximum: null,
  min_length: null, max_length: null, choices: null, secret: false, restart: "", capability: "", visible_when: null, placeholder: "", options: {}, requirements: [], ...part,
});

describe("a form's draft", () => {
  const fields = [field("name"), field("week", { widget: "schedule" }), field("password", { secret: true })];
  it("holds only what differs, compared by content", () => {
    const base = { name: "a", week: { monday: [{ start: "00:00" }] }, password: { set: true } };
    expect(changesOf(base, { ...base, week: { monday: [{ start: "00:00" }] } }, fields)).toEqual({});
    expect(changesOf(base, { ...base, week: { monday: [] }, password: "x" }, fields)).toEqual({ week: { monday: [] }, password: "x" });
  });
  it("starts a new entry at the defaults, without an id", () => {
    expect(defaults([field("id"), field("on", { widget: "switch", default: true }), field("days", { nullable: true, widget: "number" })])).toEqual({ on: true, days: null });
  });
  it("hides what does not apply", () => {
    const sub = field("record_sub", { visible_when: { mode: ["auto", "manual"] } });
    expect(isVisible(sub, { mode: "off" })).toBe(false);
    expect(isVisible(sub, { mode: "auto" })).toBe(true);
  });
  it("is found by words of its title, help and choices in any order", () => {
    const mode = field("mode", { title: "Record", help: "Auto follows the schedule", choices: [{ value: "off", title: "Off" }] });
    expect(matches(mode, "schedule rec")).toBe(true);
    expect(matches(mode, "off")).toBe(true);
    expect(matches(mode, "bitrate")).toBe(false);
  });
});

it("errors of the box find their field whatever the path starts with", () => {
  const errors = [
    { path: "items.3.name", code: "x", text: "is missing" },
    { path: "items.3.week.monday.0.end", code: "x", text: "must be later" },
    { path: "", code: "x", text: "is wrong as a whole" },
  ];
  expect(errorsByPath(errors, new Set(["name", "week"]))).toEqual({ name: "is missing", "week.monday.0.end": "must be later", "": "is wrong as a whole" });
});
