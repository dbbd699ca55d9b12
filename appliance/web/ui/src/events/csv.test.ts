import { expect, it } from "vitest";
import { toCsv } from "./csv";

it("quotes what needs quoting and lets no spreadsheet run a formula", () => {
  const text = toCsv([{ id: 1, kind: "login", title: 'A "guest"', severity: "info", channel: null, start: 0, end: null, text: "=HYPERLINK(1), x" }]);
  expect(text.split("\r\n")[1]).toBe(`1970-01-01T00:00:00.000Z,,login,"A ""guest""",info,,"'=HYPERLINK(1), x"`);
});
