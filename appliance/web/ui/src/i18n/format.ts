/** Quantities for people: sizes, rates, spans of time, numbers with their units. */
import { locale, numeral as number, t } from "./index";

/** Bytes in decimal units as on a disk's label: 512 MB, 1.5 TB. */
export function size(bytes: number): string {
  const units = ["unit.b", "unit.kb", "unit.mb", "unit.gb", "unit.tb", "unit.pb"] as const;
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return t(units[unit]!, { value: number(value, value < 10 && unit > 1 ? 1 : 0) });
}

/** Bits per second as Mbit/s (kbit/s below 1 Mbit/s). */
export function rate(bps: number): string {
  if (bps < 950_000) return t("unit.kbits", { value: number(bps / 1000, 0) });
  return t("unit.mbits", { value: number(bps / 1e6, bps < 1e8 ? 1 : 0) });
}

export function percent(fraction: number, digits = 0): string {
  return new Intl.NumberFormat(locale(), { style: "percent", maximumFractionDigits: digits }).format(fraction);
}

export const decimal = (value: number, digits = 1): string => number(value, digits);

/** A length of time in its largest sensible unit: "45 s", "12 min", "3 h", "21 days". */
export function span(seconds: number): string {
  const s = Math.max(0, seconds);
  if (s < 59.5) return t("span.s", { n: Math.round(s) });
  if (s < 3570) return t("span.min", { n: Math.round(s / 60) });
  if (s < 36 * 3600) return t("span.h", { n: Math.round(s / 3600) });
  return t("span.d", { n: Math.round(s / 86_400) });
}

/** "2 min ago"; under five seconds "now". */
export function ago(ms: number, now: number = Date.now()): string {
  const seconds = (now - ms) / 1000;
  return seconds < 5 ? t("span.now") : t("span.ago", { span: span(seconds) });
}

/** m:ss or h:mm:ss, for lengths of clips. */
export function clock(seconds: number): string {
  const s = Math.round(Math.max(0, seconds));
  const two = (value: number): string => String(value).padStart(2, "0");
  const minute = Math.floor((s % 3600) / 60);
  return s >= 3600 ? `${Math.floor(s / 3600)}:${two(minute)}:${two(s % 60)}` : `${minute}:${two(s % 60)}`;
}
