/** A list of events as a table for other programs (RFC 4180), times in ISO 8601 UTC. */
import type { NvrEvent } from "../api/types";

const cell = (value: string | number | null): string => {
  const text = value === null ? "" : String(value);
  // A leading =, +, - or @ would be run as a formula by a spreadsheet.
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

export function toCsv(events: readonly NvrEvent[]): string {
  const iso = (ms: number | null): string => (ms === null ? "" : new Date(ms).toISOString());
  const head = ["start", "end", "kind", "title", "severity", "channel", "text"];
  const rows = events.map((event) => [iso(event.start), iso(event.end), event.kind, event.title, event.severity, event.channel, event.text]);
  return [head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}
