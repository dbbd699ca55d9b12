/** Instants in words: always in the box's zone, always unambiguous. */
import { locale, t } from "../i18n";
import { ago } from "../i18n/format";
import { habits } from "./habits";
import { isAmbiguous, offsetAt, zone } from "./zone";

const cache = new Map<string, Intl.DateTimeFormat>();

function formatter(key: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const { clock } = habits.get();
  const name = `${key}/${locale()}/${zone()}/${clock}`;
  let found = cache.get(name);
  if (!found) {
    found = new Intl.DateTimeFormat(locale(), { timeZone: zone(), hourCycle: clock === "12h" ? "h12" : "h23", ...options });
    cache.set(name, found);
  }
  return found;
}

const TIME: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
const DATE: Intl.DateTimeFormatOptions = { year: "numeric", month: "short", day: "numeric" };

/** 14:03:22, with the zone's name in the hour that comes twice. */
export function time(ms: number): string {
  const text = formatter("time", TIME).format(ms);
  return isAmbiguous(ms) ? t("time.withZone", { time: text, zone: zoneName(ms) }) : text;
}

/** 02:30:00 UTC+2: with the offset in the hour that comes twice, where only it tells which of the two it is (D1-LV-02). */
export function timeOffset(ms: number): string {
  const text = formatter("time", TIME).format(ms);
  return isAmbiguous(ms) ? t("time.withZone", { time: text, zone: offsetName(ms) }) : text;
}

/** UTC+2, UTC-3:30. */
export function offsetName(ms: number): string {
  const minutes = Math.round(offsetAt(ms) / 60_000);
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `UTC${minutes < 0 ? "-" : "+"}${hours}${rest ? `:${String(rest).padStart(2, "0")}` : ""}`;
}

/** 14:03:22.5 for looking at single frames. */
export function timeFine(ms: number): string {
  return formatter("fine", { ...TIME, fractionalSecondDigits: 1 }).format(ms);
}

export const minute = (ms: number): string => formatter("minute", { hour: "2-digit", minute: "2-digit" }).format(ms);
const NUMERIC: Intl.DateTimeFormatOptions = { year: "numeric", month: "2-digit", day: "2-digit" };

/** 21 Nov 2026, or in numbers as the box is set to (D2-SY-22). */
export function date(ms: number): string {
  const { dateFormat } = habits.get();
  if (dateFormat.includes("MMM")) return formatter("date", DATE).format(ms);
  const parts = Object.fromEntries(formatter("numeric", NUMERIC).formatToParts(ms).map(({ type, value }) => [type, value]));
  return dateFormat.replace("yyyy", parts["year"] ?? "").replace("MM", parts["month"] ?? "").replace("dd", parts["day"] ?? "");
}
/** Sat, 21 Nov 2026 */
export const dayDate = (ms: number): string =>
  habits.get().dateFormat.includes("MMM") ? formatter("dayDate", { weekday: "short", ...DATE }).format(ms) : t("time.dayDate", { day: formatter("weekday", { weekday: "short" }).format(ms), date: date(ms) });
export const dayMonth = (ms: number): string => formatter("dayMonth", { weekday: "short", day: "numeric", month: "short" }).format(ms);
export const dateTime = (ms: number): string => t("time.dateTime", { date: date(ms), time: time(ms) });

/** "14:03:22 (2 min ago)", with the date in front when it is not today's. */
export function since(ms: number, now: number = Date.now()): string {
  const stamp = date(ms) === date(now) ? time(ms) : dateTime(ms);
  return t("time.since", { stamp, ago: ago(ms, now) });
}

/** CET, CEST, GMT-3: the short name of the zone at that instant. */
export function zoneName(ms: number): string {
  return formatter("zone", { hour: "2-digit", timeZoneName: "short" }).formatToParts(ms).find((part) => part.type === "timeZoneName")?.value ?? zone();
}

/** Names of the weekdays, the box's first day first. */
export function weekdays(style: "long" | "short" | "narrow" = "short"): string[] {
  const names = new Intl.DateTimeFormat(locale(), { weekday: style, timeZone: "UTC" });
  const first = habits.get().weekStart === "sunday" ? 7 : 1;
  return Array.from({ length: 7 }, (_, i) => names.format(Date.UTC(2024, 0, first + i)));
}

export function monthYear(year: number, month: number): string {
  return new Intl.DateTimeFormat(locale(), { month: "long", year: "numeric", timeZone: "UTC" }).format(Date.UTC(year, month - 1, 1));
}
