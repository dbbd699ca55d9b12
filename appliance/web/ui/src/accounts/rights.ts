/** Rights as a person ticks them: per function all channels, some of them, or none. Pure. */

/** "*" for everything there is and will be, else for each permission "*" (all channels) or their numbers. */
export type Rights = "*" | Record<string, "*" | number[]>;
export type Granted = Exclude<Rights, "*">;

/** The functions that are given for each channel apart, in the order of the matrix. */
export const PER_CHANNEL = ["live", "playback", "download", "lock", "tag", "ptz", "talk", "record", "events", "logs"] as const;
/** Those of the box, from looking to taking it down. */
export const OF_BOX = ["status", "outputs", "cameras", "storage", "network", "system", "accounts", "maintain", "capture", "shutdown"] as const;

/** Rights written out: "*" becomes every permission on all channels. */
export function spelled(rights: Rights): Granted {
  if (rights !== "*") return rights;
  return Object.fromEntries([...PER_CHANNEL, ...OF_BOX].map((name) => [name, "*" as const]));
}

/** Whether `rights` hold for a channel; without one, for all channels, also later ones. */
export function holds(rights: Rights, permission: string, channel?: number): boolean {
  if (rights === "*") return true;
  const channels = rights[permission];
  if (channels === undefined) return false;
  return channels === "*" || (channel !== undefined && channels.includes(channel));
}

/** `rights` with one function on one channel (or on all, also later ones) given or taken. */
export function withRight(rights: Granted, permission: string, channel: number | "*", on: boolean, known: readonly number[]): Granted {
  const next = { ...rights };
  const before = rights[permission];
  if (channel === "*") {
    if (on) next[permission] = "*";
    else delete next[permission];
    return next;
  }
  const listed = before === "*" ? [...known] : [...(before ?? [])];
  const channels = on ? [...new Set([...listed, channel])].sort((a, b) => a - b) : listed.filter((other) => other !== channel);
  if (channels.length > 0) next[permission] = channels;
  else delete next[permission];
  return next;
}

/** What both grant. */
export function within(rights: Rights, limit: Rights): Granted {
  const mine = spelled(rights);
  if (limit === "*") return mine;
  const out: Granted = {};
  for (const [permission, channels] of Object.entries(mine)) {
    const most = limit[permission];
    if (most === undefined) continue;
    if (most === "*") out[permission] = channels;
    else {
      const both = channels === "*" ? most : channels.filter((channel) => most.includes(channel));
      if (both.length > 0) out[permission] = both;
    }
  }
  return out;
}

/** Whether two grant the same. */
export function same(a: Rights, b: Rights): boolean {
  const [x, y] = [spelled(a), spelled(b)];
  const names = new Set([...Object.keys(x), ...Object.keys(y)]);
  return [...names].every((name) => String(x[name]) === String(y[name]));
}

/** How many permissions are given at all. */
export const amountOf = (rights: Granted): number => Object.keys(rights).length;
