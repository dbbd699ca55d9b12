import { MantineProvider } from "@mantine/core";
import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { encode } from "uqr";
import { PasswordForm } from "../account/ChangePassword";
import { EnrolFactor } from "../account/EnrolFactor";
import { LogIn } from "../account/LogIn";
import { Reminder } from "../account/Reminder";
import { rulesFor, strength } from "../account/rules";
import { box, refresh } from "../state/box";
import { playable, session, standing } from "../state/session";
import { Toasts } from "../ui/toast";
import { GroupPage } from "./GroupsPage";
import { OnvifUserPage } from "./OnvifPage";
import { joined } from "./PatternPart";
import { keyIn } from "./recoveryFile";
import { RightsMatrix } from "./RightsMatrix";
import { holds, same, spelled, within, withRight, type Granted } from "./rights";
import { browserName } from "./SessionsPage";
import { TokensPart } from "./TokensPart";
import { UserPage } from "./UsersPage";

const answer = (status: number, body: unknown): Response => new Response(status === 204 ? null : JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
const sent = vi.fn<(url: string, options: RequestInit) => Promise<Response>>();
const show = (page: React.ReactElement): void => void render(<MantineProvider env="test">{page}</MantineProvider>);
const channel = (id: number, name: string) => ({ id, name, enabled: true, streams: {}, state: "playing", fault: null, recording: true });
const ADMINS = { name: "admin", rights: "*", remarks: "", revision: 1, factor: false, fixed: true, within: true, members: ["admin"] };
const USERS = { name: "user", rights: { live: "*", playback: [1] }, remarks: "", revision: 4, factor: false, fixed: true, within: true, members: ["anna"] };
const ANNA = {
  name: "anna", group: "user", own_rights: false, rights: { live: "*", playback: [1] }, remarks: "", period: null, mac: "", hint: "", blocked_until_utc_s: 0,
  refused: null, second_factor: false, factor_needed: false, pattern: false, changed_utc_s: 1, revision: 7, fixed: false, within: true, tokens: 0,
};
/** Answers by method and path; what is not listed is an error of the test. */
const serve = (answers: Record<string, () => Response>): void => void sent.mockImplementation(async (url, options) => {
  const found = answers[`${options.method ?? "GET"} ${url.replace("/api/v1", "")}`];
  if (!found) throw new Error(`unexpected ${options.method} ${url}`);
  return found();
});
const bodyOf = (method: string): unknown => JSON.parse(String(sent.mock.calls.find(([, options]) => options.method === method)?.[1].body));

beforeEach(() => {
  vi.stubGlobal("fetch", sent);
  window.matchMedia ??= ((query: string) => ({ matches: false, media: query, addEventListener: () => {}, removeEventListener: () => {} })) as never;
  session.set({ phase: "in", user: "admin", permissions: ["accounts"], expired: false, endsAt: Infinity, idleMs: null });
  box.update({ channels: [channel(1, "Front door"), channel(2, "Vault")] });
});
afterEach(() => {
  cleanup();
  sent.mockReset();
  vi.unstubAllGlobals();
});

describe("rights", () => {
  it("are ticked and taken channel by channel", () => {
    const one = withRight({}, "live", 2, true, [1, 2, 3]);
    expect(one).toEqual({ live: [2] });
    expect(withRight(one, "live", 2, false, [1, 2, 3])).toEqual({});
    expect(withRight({ live: "*" }, "live", 2, false, [1, 2, 3])).toEqual({ live: [1, 3] });
    expect(withRight({ live: [1] }, "live", "*", true, [1, 2])).toEqual({ live: "*" });
  });
  it("on all channels hold on later ones, on listed channels not", () => {
    expect(holds({ live: "*" }, "live", 99)).toBe(true);
    expect(holds({ live: [1, 2] }, "live", 99)).toBe(false);
    expect(holds({ live: [1, 2] }, "live")).toBe(false);
    expect(holds("*", "shutdown")).toBe(true);
  });
  it("lie within those of a group", () => {
    expect(within({ live: "*", playback: [1, 2], shutdown: "*" }, { live: [1], playback: [2, 3] })).toEqual({ live: [1], playback: [2] });
    expect(same(within("*", { live: [1] }), { live: [1] })).toBe(true);
    expect(Object.keys(spelled("*")).length).toBe(20);
  });
});

describe("the matrix of cameras and functions", () => {
  const Held = ({ limit, seen }: { limit: Granted; seen: (rights: Granted) => void }) => <RightsMatrix value={{ live: [1] }} limit={limit} limitText="not the group's" set={seen} />;
  it("gives a function on one camera, or on all and later ones", () => {
    const seen = vi.fn();
    show(<Held limit={spelled("*")} seen={seen} />);
    fireEvent.click(screen.getByLabelText("Playback: D2 Vault"));
    expect(seen).toHaveBeenLastCalledWith({ live: [1], playback: [2] });
    fireEvent.click(screen.getByLabelText("Live: All cameras, also later ones"));
    expect(seen).toHaveBeenLastCalledWith({ live: "*" });
    fireEvent.click(screen.getByLabelText("Live: D1 Front door"));
    expect(seen).toHaveBeenLastCalledWith({});
  });
  it("offers nothing beyond the group's", () => {
    show(<Held limit={{ live: [1, 2] }} seen={() => {}} />);
    expect((screen.getByLabelText("Live: D2 Vault") as HTMLInputElement).disabled).toBe(false);
    expect((screen.getByLabelText("Live: All cameras, also later ones") as HTMLInputElement).disabled).toBe(true);
    expect((screen.getByLabelText("Playback: D2 Vault") as HTMLInputElement).disabled).toBe(true);
    expect((screen.getByLabelText("Restart and switch off") as HTMLInputElement).disabled).toBe(true);
  });
  it("shows a camera that was removed, so that its right can be taken away", () => {
    const seen = vi.fn();
    show(<RightsMatrix value={{ live: [1, 9] }} limit={spelled("*")} limitText="" set={seen} />);
    fireEvent.click(screen.getByLabelText("Live: D9 (removed)"));
    expect(seen).toHaveBeenLastCalledWith({ live: [1] });
  });
});

describe("the page of a user", () => {
  const page = (): Record<string, () => Response> => ({ "GET /users": () => answer(200, { users: [ANNA], permissions: [] }), "GET /groups": () => answer(200, { groups: [ADMINS, USERS] }) });
  it("sends what was changed, with the revision that was read", async () => {
    serve({ ...page(), "PATCH /users/anna": () => answer(200, ANNA) });
    show(<UserPage name="anna" />);
    fireEvent.click(await screen.findByLabelText(/All rights of the group user/));
    fireEvent.click(screen.getByLabelText("Live: D2 Vault"));
    fireEvent.click(screen.getByRole("button", { name: "Apply" }));
    await waitFor(() => expect(sent.mock.calls.some(([, options]) => options.method === "PATCH")).toBe(true));
    expect(bodyOf("PATCH")).toEqual({ rights: { live: [1], playback: [1] }, revision: 7 });
  });
  it("shows every fault beside its field", async () => {
    const fields = [{ path: "mac", code: "mac", text: "Not a card." }, { path: "rights.live", code: "x", text: "Not the group's." }, { path: "period.monday.0", code: "x", text: "Start before end." }];
    serve({ ...page(), "PATCH /users/anna": () => answer(422, { code: "accounts.invalid", text: "", fields }) });
    show(<UserPage name="anna" />);
    fireEvent.change(await screen.findByLabelText("Only from this network card"), { target: { value: "nonsense" } });
    fireEvent.click(screen.getByRole("button", { name: "Apply" }));
    expect(await screen.findByText("Not a card.")).toBeTruthy();
    expect(screen.getByText("Live: Not the group's.")).toBeTruthy();
    expect(screen.getByText("Start before end.")).toBeTruthy();
  });
  it("says when somebody else was first, and loads it again when asked to", async () => {
    serve({ ...page(), "PATCH /users/anna": () => answer(412, { code: "accounts.stale", text: "", fields: [] }) });
    show(<UserPage name="anna" />);
    fireEvent.change(await screen.findByLabelText("Remarks"), { target: { value: "mine" } });
    fireEvent.click(screen.getByRole("button", { name: "Apply" }));
    expect(await screen.findByText("Somebody else has changed this meanwhile.")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Load it again" }));
    expect((screen.getByLabelText("Remarks") as HTMLInputElement).value).toBe("");
  });
});

describe("the page of a group", () => {
  it("lets the group of administrators be, which has every right", async () => {
    serve({ "GET /groups": () => answer(200, { groups: [ADMINS, USERS] }) });
    show(<GroupPage name="admin" />);
    expect(await screen.findByText(/always has every right/)).toBeTruthy();
    expect((screen.getByLabelText("Live: D1 Front door") as HTMLInputElement).disabled).toBe(true);
    expect(screen.queryByRole("button", { name: /Remove/ })).toBeNull();
  });
});

describe("API tokens", () => {
  it("are shown once, and give no more than was ticked", async () => {
    standing.update({ rights: { live: "*", accounts: "*" } });
    serve({ "GET /tokens": () => answer(200, { tokens: [] }), "POST /tokens": () => answer(201, { token: "nvr_secret", record: {} }) });
    show(<TokensPart />);
    fireEvent.click(await screen.findByRole("button", { name: "Make a token" }));
    fireEvent.change(screen.getByLabelText("What it is for"), { target: { value: "wall" } });
    fireEvent.click(screen.getByLabelText("Live: D1 Front door"));
    expect(screen.queryByLabelText("Accounts")).toBeNull();
    fireEvent.change(screen.getByLabelText("Password now in use"), { target: { value: "Lantern7Field" } });
    fireEvent.click(screen.getAllByRole("button", { name: "Make a token" }).at(-1)!);
    expect(await screen.findByText("nvr_secret")).toBeTruthy();
    expect(bodyOf("POST")).toEqual({ name: "wall", rights: { live: [1] }, days: 365, password: "Lantern7Field" });
    fireEvent.click(screen.getByRole("button", { name: "I have kept it" }));
    expect(screen.queryByText("nvr_secret")).toBeNull();
  });
});

describe("a group that asks for a second factor", () => {
  it("is told so with the rest of what was changed", async () => {
    serve({ "GET /groups": () => answer(200, { groups: [ADMINS, USERS] }), "PATCH /groups/user": () => answer(200, USERS) });
    show(<GroupPage name="user" />);
    fireEvent.click(await screen.findByLabelText(/Members need a second factor/));
    fireEvent.click(screen.getByRole("button", { name: "Apply" }));
    await waitFor(() => expect(sent.mock.calls.some(([, options]) => options.method === "PATCH")).toBe(true));
    expect(bodyOf("PATCH")).toEqual({ factor: true, revision: 4 });
  });
  it("lets its members set one up before anything else, by a code that the page draws", async () => {
    session.update({ enrol: true });
    const address = "otpauth://totp/Video%20recorder:anna?secret=JBSWY3DPEHPK3PXP&issuer=Video%20recorder";
    serve({
      "POST /second-factor": () => answer(200, { secret: "JBSWY3DPEHPK3PXP", address }), "POST /second-factor/confirm": () => answer(200, { spare: ["11111-22222"] }),
      "GET /setup": () => answer(200, { initialised: true, signed_in: true }), "GET /session": () => answer(200, { user: "anna", permissions: ["live"], rights: { live: "*" }, csrf: "x", ends_in_s: 60, idle_s: null, enrol: false }),
    });
    show(<EnrolFactor />);
    fireEvent.change(screen.getByLabelText("Password now in use"), { target: { value: "Lantern7Field" } });
    fireEvent.click(screen.getByRole("button", { name: "Set up a second factor" }));
    const drawn = (await screen.findByRole("img", { name: "QR code for the authenticator app" })).querySelectorAll("path")[1]!.getAttribute("d")!;
    const { data, size } = encode(address, { ecc: "M", border: 4 });
    expect(size).toBeGreaterThan(21 + 8);
    expect(drawn.split("M").length - 1).toBe(data.flat().filter(Boolean).length);
    for (const [url] of sent.mock.calls) expect(url).not.toContain("JBSWY3DPEHPK3PXP");
    fireEvent.change(screen.getByLabelText("Code that the app shows"), { target: { value: "123456" } });
    fireEvent.click(screen.getByRole("button", { name: "Take it into force" }));
    expect(await screen.findByText("11111-22222")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "I have kept them" }));
    await waitFor(() => expect(session.get().enrol).toBe(false));
  });
});

describe("ONVIF users", () => {
  const VMS = { name: "vms", level: "operator", remarks: "", changed_utc_s: 1, revision: 3, within: true };
  it("are added with a password that keeps the rules", async () => {
    serve({ "GET /onvif-users": () => answer(200, { users: [] }), "POST /onvif-users": () => answer(201, VMS) });
    show(<OnvifUserPage name="+" />);
    fireEvent.change(await screen.findByLabelText("Name"), { target: { value: "vms" } });
    const both = (text: string): void => ["Password", "Password again"].forEach((label) => fireEvent.change(screen.getByLabelText(label), { target: { value: text } }));
    both("short");
    fireEvent.click(screen.getByRole("button", { name: "Add an ONVIF user" }));
    expect(sent.mock.calls.some(([, options]) => options.method === "POST")).toBe(false);
    both("Harbour8Stone");
    fireEvent.click(screen.getByRole("button", { name: "Add an ONVIF user" }));
    await waitFor(() => expect(sent.mock.calls.some(([, options]) => options.method === "POST")).toBe(true));
    expect(bodyOf("POST")).toEqual({ name: "vms", level: "user", remarks: "", password: "Harbour8Stone" });
  });
  it("keep their password unless a new one is entered", async () => {
    serve({ "GET /onvif-users": () => answer(200, { users: [VMS] }), "PATCH /onvif-users/vms": () => answer(200, VMS) });
    show(<OnvifUserPage name="vms" />);
    fireEvent.change(await screen.findByLabelText("Remarks"), { target: { value: "head office" } });
    fireEvent.click(screen.getByRole("button", { name: "Apply" }));
    await waitFor(() => expect(sent.mock.calls.some(([, options]) => options.method === "PATCH")).toBe(true));
    expect(bodyOf("PATCH")).toEqual({ remarks: "head office", revision: 3 });
  });
});

describe("an old password", () => {
  it("is reminded of when a page is opened, and a new one is not", async () => {
    standing.update({ renew: false });
    show(<><Reminder /><Toasts /></>);
    expect(screen.queryByText(/older than it should be/)).toBeNull();
    act(() => standing.update({ renew: true }));
    expect(await screen.findByText(/older than it should be/)).toBeTruthy();
    standing.update({ renew: false });
  });
});

describe("a change of the own password", () => {
  it.each([[false, "2 API tokens ended."], [true, ""]])("offers to keep API tokens (%s), which end otherwise", async (keep, said) => {
    const token = { id: "1", user: "admin", name: "wall", rights: { live: "*" }, created_utc_s: 1, expires_utc_s: null, used_utc_s: null };
    const now = { user: "admin", permissions: ["live"], csrf: "x", ends_in_s: 60, idle_s: null, signed_out: 0, tokens_ended: keep ? 0 : 2 };
    serve({ "GET /tokens": () => answer(200, { tokens: [token, token] }), "POST /password": () => answer(200, now) });
    show(<><PasswordForm close={() => {}} /><Toasts /></>);
    const box = await screen.findByLabelText("Keep my 2 API tokens");
    expect((box as HTMLInputElement).checked).toBe(false);
    if (keep) fireEvent.click(box);
    fireEvent.change(screen.getByLabelText("Password now in use"), { target: { value: "Lantern7Field" } });
    fireEvent.change(screen.getByLabelText("New password"), { target: { value: "Harbour8Stone" } });
    fireEvent.change(screen.getByLabelText("Password again"), { target: { value: "Harbour8Stone" } });
    fireEvent.click(screen.getByRole("button", { name: "Change password" }));
    expect(await screen.findByText(`Password changed. ${said}`.trim())).toBeTruthy();
    expect(bodyOf("POST")).toEqual({ old: "Lantern7Field", new: "Harbour8Stone", keep_tokens: keep });
  });
});

describe("logging in with a second factor", () => {
  it("asks for the code once the password is right, and keeps the password meanwhile", async () => {
    session.update({ phase: "login" });
    serve({ "POST /login": () => answer(401, { code: "code_needed", text: "Enter the code." }) });
    show(<LogIn />);
    fireEvent.change(screen.getByLabelText("Password"), { target: { value: "Lantern7Field" } });
    fireEvent.click(screen.getByRole("button", { name: "Log in" }));
    fireEvent.change(await screen.findByLabelText("Code of the authenticator app"), { target: { value: "123456" } });
    serve({ "POST /login": () => answer(422, { code: "accounts.factor_clock", text: "The clock of the phone is about 5 min ahead." }) });
    fireEvent.click(screen.getByRole("button", { name: "Log in" }));
    expect(await screen.findByText(/about 5 min ahead/)).toBeTruthy();
    expect((screen.getByLabelText("Password") as HTMLInputElement).value).toBe("Lantern7Field");
    expect(JSON.parse(String(sent.mock.calls.at(-1)![1].body))).toMatchObject({ code: "123456" });
  });
});

describe("a lost password", () => {
  it("is set anew with the file, and then asked for without a code", async () => {
    session.update({ phase: "login" });
    serve({
      "POST /login": () => answer(401, { code: "code_needed", text: "Enter the code." }),
      "GET /recovery": () => answer(200, { enabled: true, questions: [], file: true, near: false }), "POST /recovery": () => answer(204, null),
    });
    show(<LogIn />);
    fireEvent.change(screen.getByLabelText("Password"), { target: { value: "Lantern7Field" } });
    fireEvent.click(screen.getByRole("button", { name: "Log in" }));
    await screen.findByLabelText("Code of the authenticator app");
    fireEvent.click(screen.getByRole("button", { name: "Password lost?" }));
    await screen.findByRole("button", { name: "Set password" });
    const file = new File(['{"what":"nvr recovery","key":"abc"}'], "nvr-recovery.json");
    fireEvent.change(document.querySelector("input[type=file]")!, { target: { files: [file] } });
    fireEvent.change(screen.getByLabelText("New password"), { target: { value: "Harbour8Stone" } });
    fireEvent.change(screen.getByLabelText("Password again"), { target: { value: "Harbour8Stone" } });
    fireEvent.click(screen.getByRole("button", { name: "Set password" }));
    expect(await screen.findByText("The new password is in force. Log in with it.")).toBeTruthy();
    expect(screen.queryByLabelText("Code of the authenticator app")).toBeNull();
    expect((screen.getByLabelText("Password") as HTMLInputElement).value).toBe("");
    expect(JSON.parse(String(sent.mock.calls.at(-1)![1].body))).toEqual({ route: "file", key: "abc", password: "Harbour8Stone" });
  });
});

describe("somebody with few rights", () => {
  it("is not told that the box is away for want of the right to its health", async () => {
    session.update({ permissions: ["live"] });
    box.update({ lostSince: null, channels: null });
    serve({ "GET /channels": () => answer(200, [channel(2, "Vault")]) });
    await refresh();
    expect(box.get().lostSince).toBeNull();
    expect(box.get().channels?.map((entry) => entry.id)).toEqual([2]);
  });
  it("is shown the recordings of the channels that may be played", () => {
    standing.update({ rights: { live: "*", playback: [2] } });
    expect(playable([1, 2, 3])).toEqual([2]);
    standing.update({ rights: { live: "*" } });
    expect(playable([1, 2, 3])).toEqual([]);
    standing.update({ rights: {} }); // not known yet: the box decides
    expect(playable([1, 2])).toEqual([1, 2]);
  });
});

describe("small things", () => {
  it("a pattern joins the point that a line passes over", () => {
    expect(joined([1], 3)).toEqual([1, 2, 3]);
    expect(joined([1], 9)).toEqual([1, 5, 9]);
    expect(joined([1], 6)).toEqual([1, 6]);
    expect(joined([1, 2], 1)).toEqual([1, 2]);
  });
  it("a password is as strong as it is long and mixed", () => {
    expect(["weak", "Harbour8", "Harbour8Stone", "xK9#mQ2$vT5&w".replace("&", "!")].map((p) => strength(p, 3))).toEqual([0, 1, 2, 3]);
    expect(rulesFor(3)[1]!.met("kettle-rope")).toBe(false);
    expect(rulesFor(2)[1]!.met("kettle-rope")).toBe(true);
  });
  it("a recovery file is recognised", () => {
    expect(keyIn('{"what":"nvr recovery","key":"abc"}')).toBe("abc");
    for (const text of ["", "[]", "null", '{"what":"other","key":"abc"}', '{"what":"nvr recovery"}']) expect(keyIn(text)).toBeNull();
  });
  it("a browser has a name", () => {
    expect(browserName("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36")).toBe("Chrome 131");
    expect(browserName("curl/8.5")).toBe("curl/8.5");
  });
});
