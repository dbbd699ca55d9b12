/** A change on trial: reached here or there, confirmed or taken back. */
import { ApiError } from "../api/http";
import { Store } from "../state/store";
import { confirmTrial, getNetwork, type Network, type Trial } from "./api";

/** How the trial stands, as the page that began it sees it. */
export interface Standing {
  token: string;
  trial: Trial;
  /** When it is taken back, ms of this computer's clock. */
  until: number;
  /** waiting: not in force yet; gone: nothing answers here any more; here: it answers here, too. */
  state: "waiting" | "gone" | "here" | "kept" | "taken_back" | "failed";
  reason: string;
}

export const standing = new Store<Standing | null>(null);
const EVERY_MS = 1000;
const ANSWER_MS = 1500;

export function begin(token: string, trial: Trial): void {
  standing.set({ token, trial, until: Date.now() + trial.left_s * 1000, state: "waiting", reason: "" });
}

/** Whether it is over, one way or the other. */
export const isOver = (now: Standing): boolean => now.state === "kept" || now.state === "taken_back" || now.state === "failed";

/** What follows from an answer of the recorder at this address; null: it did not answer. */
export function after(now: Standing, network: Network | null, at: number): Standing {
  if (isOver(now)) return now;
  if (network === null) return { ...now, state: at < now.until ? "gone" : now.state };
  if (network.trial) {
    const until = at + network.trial.left_s * 1000;
    return { ...now, trial: network.trial, until, state: network.trial.applied ? "here" : "waiting" };
  }
  const outcome = network.outcome;
  return { ...now, state: outcome?.code ?? "kept", reason: outcome?.text ?? "" };
}

const update = (change: (now: Standing) => Standing): void => {
  const now = standing.get();
  if (now) standing.set(change(now));
};

async function look(): Promise<Network | null> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), ANSWER_MS);
  try {
    return await getNetwork(abort.signal);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

/** Confirm it: the recorder is reached. */
export async function confirm(token: string): Promise<void> {
  try {
    await confirmTrial(token);
    update((now) => ({ ...now, state: "kept" }));
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "network.not_yet") throw error;
  }
}

/**
 * Follow the trial until it is over. Where the recorder still answers at this address nobody is cut off, and it is
 * confirmed by itself; on a simulated network that would hide the trial, so the person decides there.
 */
export function follow(): () => void {
  const end = new AbortController();
  const run = async (): Promise<void> => {
    const network = await look();
    if (end.signal.aborted) return;
    update((now) => after(now, network, Date.now()));
    const now = standing.get();
    if (!now || isOver(now)) return;
    if (now.state === "here" && network && !network.simulated) await confirm(now.token).catch(() => undefined);
    if (!end.signal.aborted) setTimeout(() => void run(), EVERY_MS);
  };
  void run();
  return () => end.abort();
}
