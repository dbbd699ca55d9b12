import { MantineProvider } from "@mantine/core";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { session } from "../state/session";
import { LogIn } from "./LogIn";
import { meetsRules } from "./rules";
import { SetUp } from "./SetUp";

const answer = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
const sent = vi.fn<(url: string, options: RequestInit) => Promise<Response>>();

beforeEach(() => {
  vi.stubGlobal("fetch", sent);
  window.matchMedia ??= ((query: string) => ({ matches: false, media: query, addEventListener: () => {}, removeEventListener: () => {} })) as never;
  session.set({ phase: "login", user: "", permissions: [], expired: false });
});
afterEach(() => {
  cleanup();
  sent.mockReset();
  vi.unstubAllGlobals();
});

const show = (page: React.ReactElement): void => void render(<MantineProvider env="test">{page}</MantineProvider>);
const type = (label: string, text: string): void => void fireEvent.change(screen.getByLabelText(label), { target: { value: text } });

describe("the password's rules (D1-IZ-02)", () => {
  it.each([["Lantern7Field", true], ["short1A", false], ["onlysmallletters", false], ["with space 1A", false], ["quote'1234A", false], ["a".repeat(31) + "1", true], ["a".repeat(32) + "1", false]])("judge %s as %s", (password, good) => {
    expect(meetsRules(password)).toBe(good);
  });
});

describe("first-person set-up", () => {
  it("refuses two different passwords before asking the box", () => {
    show(<SetUp />);
    type("One-time code", "ABCD-EFGH");
    type("Password of admin", "Lantern7Field");
    type("Password again", "Lantern7Fjeld");
    fireEvent.click(screen.getByRole("button", { name: /set password/i }));
    expect(screen.getByText("The two passwords differ.")).toBeTruthy();
    expect(sent).not.toHaveBeenCalled();
  });

  it("shows what the box says of the code beside the code", async () => {
    sent.mockResolvedValue(answer(422, { code: "invalid", text: "", fields: [{ path: "code", code: "accounts.code_wrong", text: "This is not the code." }] }));
    show(<SetUp />);
    type("One-time code", "WRONG");
    type("Password of admin", "Lantern7Field");
    type("Password again", "Lantern7Field");
    fireEvent.click(screen.getByRole("button", { name: /set password/i }));
    expect(await screen.findByText("This is not the code.")).toBeTruthy();
  });

  it("ends in a session", async () => {
    sent.mockResolvedValue(answer(200, { user: "admin", permissions: ["live"], channels: null, csrf: "t" }));
    show(<SetUp />);
    type("One-time code", "ABCD-EFGH");
    type("Password of admin", "Lantern7Field");
    type("Password again", "Lantern7Field");
    fireEvent.click(screen.getByRole("button", { name: /set password/i }));
    await waitFor(() => expect(session.get().phase).toBe("in"));
    expect(JSON.parse(String(sent.mock.calls[0]![1].body))).toEqual({ code: "ABCD-EFGH", password: "Lantern7Field" });
  });
});

describe("logging in", () => {
  it("says why it was refused and forgets the wrong password", async () => {
    sent.mockResolvedValue(answer(401, { code: "wrong_password", text: "User or password is wrong." }));
    show(<LogIn />);
    type("Password", "nonsense");
    fireEvent.click(screen.getByRole("button", { name: "Log in" }));
    expect(await screen.findByText("User or password is wrong.")).toBeTruthy();
    expect((screen.getByLabelText("Password") as HTMLInputElement).value).toBe("");
  });
});
