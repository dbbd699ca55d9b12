import { MantineProvider } from "@mantine/core";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { noteActivity } from "../state/activity";
import { begin, recheck, session } from "../state/session";
import { PasswordForm } from "./ChangePassword";
import { LogIn } from "./LogIn";
import { meetsRules } from "./rules";
import { endingOf, SessionEnd } from "./SessionEnd";
import { SetUp } from "./SetUp";

const answer = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
const SIGNED_IN = { user: "admin", permissions: ["live"], channels: null, csrf: "t", ends_in_s: 43_200, idle_s: null };
const sent = vi.fn<(url: string, options: RequestInit) => Promise<Response>>();

beforeEach(() => {
  vi.stubGlobal("fetch", sent);
  window.matchMedia ??= ((query: string) => ({ matches: false, media: query, addEventListener: () => {}, removeEventListener: () => {} })) as never;
  session.set({ phase: "login", user: "", permissions: [], expired: false, endsAt: Infinity, idleMs: null });
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
    expect(meetsRules(password, 2)).toBe(good);
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
    sent.mockResolvedValue(answer(200, SIGNED_IN));
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

const posts = (): RequestInit[] => sent.mock.calls.map(([, options]) => options).filter((options) => options.method === "POST");
/** The box has no API tokens of this person, and answers a change with `response`. */
const onPassword = (response: Response | null): void => void sent.mockImplementation(async (url) => (url.endsWith("/tokens") || !response ? answer(200, { tokens: [] }) : response));

describe("changing the own password (D2-AC-06)", () => {
  beforeEach(() => session.update({ phase: "in", user: "anna" }));

  it("tells every wrong field at once and asks the box for nothing", () => {
    onPassword(null);
    show(<PasswordForm close={() => {}} />);
    type("New password", "weak");
    type("Password again", "week");
    fireEvent.click(screen.getByRole("button", { name: "Change password" }));
    for (const text of ["Enter the password now in use.", "The password does not meet the rules below.", "The two passwords differ."]) expect(screen.getByText(text)).toBeTruthy();
    expect(posts()).toEqual([]);
  });

  it("shows all that the box says beside its fields", async () => {
    const fields = [
      { path: "old", code: "wrong_password", text: "This is not the password now in use." },
      { path: "new", code: "password_common", text: "Too well known." },
      { path: "new", code: "password_same", text: "The old one." },
    ];
    onPassword(answer(422, { code: "invalid", text: "", fields }));
    const close = vi.fn();
    show(<PasswordForm close={close} />);
    type("Password now in use", "Wrong7Field");
    type("New password", "Harbour8Stone");
    type("Password again", "Harbour8Stone");
    fireEvent.click(screen.getByRole("button", { name: "Change password" }));
    expect(await screen.findByText("This is not the password now in use.")).toBeTruthy();
    expect(screen.getByText("Too well known. The old one.")).toBeTruthy();
    expect(close).not.toHaveBeenCalled();
  });

  it("goes on with the session it has", async () => {
    onPassword(answer(200, { ...SIGNED_IN, user: "anna", signed_out: 2, tokens_ended: 0 }));
    const close = vi.fn();
    show(<PasswordForm close={close} />);
    expect(screen.getByText("Every other browser signed in as anna is signed out; this one stays.")).toBeTruthy();
    type("Password now in use", "Lantern7Field");
    type("New password", "Harbour8Stone");
    type("Password again", "Harbour8Stone");
    fireEvent.click(screen.getByRole("button", { name: "Change password" }));
    await waitFor(() => expect(close).toHaveBeenCalled());
    expect(JSON.parse(String(posts()[0]!.body))).toEqual({ old: "Lantern7Field", new: "Harbour8Stone", keep_tokens: false });
    expect(session.get().phase).toBe("in");
  });

  it("lets a password be shown with the keyboard", () => {
    onPassword(null);
    show(<PasswordForm close={() => {}} />);
    const eye = screen.getAllByRole("button", { name: "Show the password" })[0]!;
    expect(eye.tabIndex).toBe(0);
    fireEvent.keyDown(eye, { key: " " });
    expect(screen.getAllByRole("button", { name: "Hide the password" })).toHaveLength(1);
  });
});

describe("the end of a session", () => {
  const longest = { endsAt: 1_000_000, idleMs: null };

  it.each([
    [longest, 0, 900_000, null],
    [longest, 0, 940_000, { why: "longest", left: 60 }],
    [longest, 0, 1_000_500, { why: "longest", left: -0 }],
    [{ endsAt: Infinity, idleMs: 1_800_000 }, 0, 1_700_000, null],
    [{ endsAt: Infinity, idleMs: 1_800_000 }, 0, 1_790_100, { why: "idle", left: 10 }],
    [{ endsAt: Infinity, idleMs: 60_000 }, 0, 20_000, null],
    [{ endsAt: 100_000, idleMs: 90_000 }, 50_000, 70_000, { why: "longest", left: 30 }],
  ])("of %o, used at %d, is at %d told as %o", (state, active, now, told) => {
    expect(endingOf(state, active, now)).toEqual(told);
  });

  it("for want of use is put off by staying", async () => {
    vi.useFakeTimers();
    localStorage.clear();
    noteActivity();
    session.set({ phase: "in", user: "anna", permissions: [], expired: false, endsAt: Infinity, idleMs: 1_800_000 });
    show(<SessionEnd />);
    await vi.advanceTimersByTimeAsync(1_700_000);
    expect(screen.queryByRole("dialog")).toBeNull();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(screen.getByText("You are signed out in 0:40")).toBeTruthy();
    fireEvent.pointerMove(window); // a table that is bumped into is no answer
    await vi.advanceTimersByTimeAsync(1000);
    expect(screen.getByText("You are signed out in 0:39")).toBeTruthy();
    fireEvent.click(screen.getAllByRole("button", { name: "Stay signed in" }).at(-1)!);
    await vi.advanceTimersByTimeAsync(1000);
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(sent).not.toHaveBeenCalled();
    vi.useRealTimers();
  });

  it("for want of use comes when nobody answers, once", async () => {
    vi.useFakeTimers();
    localStorage.clear();
    noteActivity();
    sent.mockResolvedValue(new Response(null, { status: 204 }));
    session.set({ phase: "in", user: "anna", permissions: [], expired: false, endsAt: Infinity, idleMs: 1_800_000 });
    show(<SessionEnd />);
    await vi.advanceTimersByTimeAsync(1_802_000);
    expect(sent.mock.calls.map(([url]) => url)).toEqual(["/api/v1/logout"]);
    expect(session.get()).toMatchObject({ phase: "login", expired: true });
    vi.useRealTimers();
  });

  it("after its longest time is put off by the password", async () => {
    sent.mockResolvedValue(answer(200, { ...SIGNED_IN, user: "anna" }));
    session.set({ phase: "in", user: "anna", permissions: [], expired: false, endsAt: Date.now() + 30_000, idleMs: null });
    show(<SessionEnd />);
    type("Password", "Lantern7Field");
    fireEvent.click(screen.getByRole("button", { name: "Stay signed in" }));
    await waitFor(() => expect(session.get().endsAt).toBeGreaterThan(Date.now() + 40_000_000));
    expect(JSON.parse(String(sent.mock.calls[0]![1].body))).toEqual({ user: "anna", password: "Lantern7Field" });
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  });

  it("told by a closed connection is looked into: another tab may have signed in anew", async () => {
    session.set({ phase: "in", user: "anna", permissions: [], expired: false, endsAt: 0, idleMs: null });
    sent.mockImplementation((url) => Promise.resolve(answer(200, url.endsWith("/setup") ? { initialised: true, signed_in: true } : { ...SIGNED_IN, user: "anna" })));
    await recheck();
    expect(session.get().phase).toBe("in");
    sent.mockImplementation(() => Promise.resolve(answer(200, { initialised: true, signed_in: false })));
    await recheck();
    expect(session.get()).toMatchObject({ phase: "login", expired: true });
  });

  it("is known at the start without a refusal", async () => {
    session.update({ phase: "loading" });
    sent.mockResolvedValue(answer(200, { initialised: true, signed_in: false }));
    await begin();
    expect(session.get().phase).toBe("login");
    expect(sent).toHaveBeenCalledTimes(1);
  });
});
