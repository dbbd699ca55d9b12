/** Who is at the page: set-up, log in, log out, and a session that ends while the page is open. */
import { forgetEarly } from "../api/early";
import { ApiError, call, get, post, setCsrf, whenExpired } from "../api/http";
import type { Session } from "../api/types";
import { holds, type Rights } from "../accounts/rights";
import { remember } from "./remember";
import { Store } from "./store";

export type Phase = "loading" | "setup" | "login" | "in" | "unreachable";

export interface SessionState {
  phase: Phase;
  user: string;
  permissions: string[];
  expired: boolean;
  /** When the longest session is over, ms of this computer's clock. */
  endsAt: number;
  /** After so long without mouse and keyboard the page signs out; null: it does not. */
  idleMs: number | null;
  /** The group asks for a second factor, which is to be set up before anything else. */
  enrol?: boolean;
}

/** What the own account is held to. */
export interface Standing {
  /** What the permissions hold on. */
  rights: Rights;
  /** The password is older than it should be. */
  renew: boolean;
  /** How many kinds of characters a new password needs; also known before anybody is signed in. */
  leastKinds: number;
}

const NOBODY = { user: "", permissions: [], expired: false, endsAt: Infinity, idleMs: null };
export const session = new Store<SessionState>({ phase: "loading", ...NOBODY });
export const standing = new Store<Standing>({ rights: {}, renew: false, leastKinds: 3 });
/** The password that the first person has just set, until the recovery file is saved or the page is left. */
export const firstPassword = new Store("");
let signingIn: Promise<Session> | null = null;

/** So that the next start of the page knows what to ask for at once (`start.js`). */
const noteSignedIn = (signedIn: boolean): void => remember("signedIn", signedIn);

function enter(answer: Session): void {
  noteSignedIn(true);
  setCsrf(answer.csrf ?? "");
  session.set({
    phase: "in", user: answer.user, permissions: answer.permissions ?? [], expired: false,
    endsAt: Date.now() + answer.ends_in_s * 1000,
    idleMs: answer.idle_s === null ? null : answer.idle_s * 1000,
    enrol: answer.enrol ?? false,
  });
  standing.set({ rights: answer.rights ?? {}, renew: answer.renew ?? false, leastKinds: answer.least_kinds ?? standing.get().leastKinds });
}

function expire(): void {
  noteSignedIn(false);
  if (session.get().phase === "in") session.set({ phase: "login", ...NOBODY, expired: true });
}

whenExpired(expire, () => void recheck());

/** Ask the box whether it is set up and whether this browser is logged in. */
export async function begin(): Promise<void> {
  try {
    const { initialised, signed_in, least_kinds } = await get<{ initialised: boolean; signed_in: boolean; least_kinds?: number }>("/setup");
    if (least_kinds) standing.update({ leastKinds: least_kinds });
    if (!signed_in) {
      noteSignedIn(false);
      forgetEarly();
      return session.update({ phase: initialised ? "login" : "setup" });
    }
    enter(await get<Session>("/session"));
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) session.update({ phase: "login" });
    else session.update({ phase: "unreachable" });
  }
}

/** A session ended, or its limits changed: look whether another one goes on, as after signing in anew. */
export async function recheck(): Promise<void> {
  await signingIn?.catch(() => {});
  if (session.get().phase !== "in") return;
  try {
    const { signed_in } = await get<{ signed_in: boolean }>("/setup");
    if (signed_in) enter(await get<Session>("/session"));
    else expire();
  } catch {
    // The box is away; the next request tells.
  }
}

export async function logIn(user: string, password: string, code = ""): Promise<void> {
  signingIn = post<Session>("/login", code ? { user, password, code } : { user, password });
  try {
    enter(await signingIn);
  } finally {
    signingIn = null;
  }
}

/** First person: the one-time code and a password, then straight in. */
export async function setUp(code: string, password: string): Promise<void> {
  enter(await post<Session>("/setup", { code, password }));
  firstPassword.set(password);
}

/** Change the own password; returns how many other browsers were signed out by it, and API tokens ended. */
export async function changePassword(old: string, next: string, keepTokens: boolean): Promise<{ signed_out: number; tokens_ended: number }> {
  const { data } = await call<Session & { signed_out: number; tokens_ended: number }>("POST", "/password", { body: { old, new: next, keep_tokens: keepTokens } });
  enter(data);
  firstPassword.set("");
  return data;
}

/** End the session; `expired` tells the person that the page did it by itself. */
export async function logOut({ expired = false } = {}): Promise<void> {
  session.update({ phase: "loading" }); // Nothing is asked for any more while the box ends the session.
  try {
    await post("/logout");
  } finally {
    noteSignedIn(false);
    setCsrf("");
    firstPassword.set("");
    session.set({ phase: "login", ...NOBODY, expired });
  }
}

/** Whether the person may do it; an empty list (older server) leaves the decision to the box. */
export function may(state: SessionState, permission: string): boolean {
  return state.permissions.length === 0 || state.permissions.includes("*") || state.permissions.some((p) => p === permission || p.startsWith(`${permission}:`));
}

/** Whether the person may do it on a channel; where nothing is known yet the box decides. */
export function mayOn(permission: string, channel: number): boolean {
  const { rights } = standing.get();
  return Object.keys(rights).length === 0 || holds(rights, permission, channel);
}

/** Those of `channels` whose recordings the person may see. */
export const playable = (channels: readonly number[]): number[] => channels.filter((channel) => mayOn("playback", channel));
