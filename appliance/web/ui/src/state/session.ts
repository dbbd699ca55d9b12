/** Who is at the page: set-up, log in, log out, and a session that ends while the page is open. */
import { ApiError, call, get, post, setCsrf, whenExpired } from "../api/http";
import type { Session } from "../api/types";
import { Store } from "./store";

export type Phase = "loading" | "setup" | "login" | "in" | "unreachable";

export interface SessionState {
  phase: Phase;
  user: string;
  permissions: string[];
  expired: boolean;
}

export const session = new Store<SessionState>({ phase: "loading", user: "", permissions: [], expired: false });

function enter(answer: Session): void {
  setCsrf(answer.csrf ?? "");
  session.set({ phase: "in", user: answer.user, permissions: answer.permissions ?? [], expired: false });
}

whenExpired(() => {
  if (session.get().phase === "in") session.set({ phase: "login", user: "", permissions: [], expired: true });
});

/** Ask the box whether it is set up and whether this browser is logged in. */
export async function begin(): Promise<void> {
  try {
    const setup = await get<{ initialised: boolean }>("/setup");
    if (!setup.initialised) return session.update({ phase: "setup" });
    const { data } = await call<Session>("GET", "/session");
    if (data?.user) enter(data);
    else session.update({ phase: "login" });
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) session.update({ phase: "login" });
    else session.update({ phase: "unreachable" });
  }
}

export async function logIn(user: string, password: string): Promise<void> {
  enter(await post<Session>("/login", { user, password }));
}

/** First person: the one-time code and a password, then straight in. */
export async function setUp(code: string, password: string): Promise<void> {
  const answer = await post<Partial<Session> | null>("/setup", { code, password });
  if (answer?.user && answer.csrf) enter(answer as Session);
  else await logIn("admin", password);
}

export async function logOut(): Promise<void> {
  try {
    await post("/logout");
  } finally {
    setCsrf("");
    session.set({ phase: "login", user: "", permissions: [], expired: false });
  }
}

/** Whether the person may do it; an empty list (older server) leaves the decision to the box. */
export function may(state: SessionState, permission: string): boolean {
  return state.permissions.length === 0 || state.permissions.includes("*") || state.permissions.some((p) => p === permission || p.startsWith(`${permission}:`));
}
