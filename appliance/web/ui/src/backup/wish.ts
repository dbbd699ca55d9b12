/** What is to be exported, read from the address: `?channels=1,2&stream=main&from=...&to=...`. */
import type { StreamName } from "../api/types";
import { t } from "../i18n";

export const STREAMS = ["main", "sub", "both"] as const;
export type StreamChoice = (typeof STREAMS)[number] | "third";

export interface Choice {
  channels: number[];
  stream: StreamChoice;
  from: number | null;
  to: number | null;
}

const number = (text: string | null): number | null => (text !== null && /^\d{1,16}$/.test(text) ? Number(text) : null);

/** What the address says; channels that this person does not have are left out. */
export function choiceOf(query: URLSearchParams, known: readonly number[]): Choice {
  const channels = (query.get("channels") ?? "").split(",").map(number).filter((id): id is number => id !== null && known.includes(id));
  const stream = query.get("stream") ?? "main";
  return {
    channels: [...new Set(channels)].sort((a, b) => a - b),
    stream: stream === "third" || STREAMS.some((name) => name === stream) ? (stream as StreamChoice) : "main",
    from: number(query.get("from")), to: number(query.get("to")),
  };
}

export function streamsOf(choice: Choice): { channel: number; stream: StreamName }[] {
  const names: StreamName[] = choice.stream === "both" ? ["main", "sub"] : [choice.stream];
  return choice.channels.flatMap((channel) => names.map((stream) => ({ channel, stream })));
}

/** What is missing or wrong, by field; nothing where an export can be prepared. */
export function wrongOf(choice: Choice): Partial<Record<"channels" | "from" | "to", string>> {
  const wrong: Partial<Record<"channels" | "from" | "to", string>> = {};
  if (choice.channels.length === 0) wrong.channels = t("backup.noChannels");
  if (choice.from === null) wrong.from = t("backup.noTime");
  if (choice.to === null) wrong.to = t("backup.noTime");
  else if (choice.from !== null && choice.to <= choice.from) wrong.to = t("backup.order");
  return wrong;
}
