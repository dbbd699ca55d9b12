/** Instants in inputs of the kind "datetime-local", in the box's zone. */
import { instantOf, wallOf } from "./zone";

/** "2026-11-21T14:03" of an input as an instant in the box's zone, and back. */
export function instantOfInput(text: string): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2}))?/.exec(text);
  if (!match) return null;
  const [year, month, day, hour, minute, second] = match.slice(1).map((part) => Number(part ?? 0)) as [number, number, number, number, number, number];
  return instantOf(year, month, day, hour, minute, second);
}

export function inputOfInstant(ms: number, seconds = false): string {
  const wall = wallOf(ms);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${wall.year}-${two(wall.month)}-${two(wall.day)}T${two(wall.hour)}:${two(wall.minute)}${seconds ? `:${two(wall.second)}` : ""}`;
}
