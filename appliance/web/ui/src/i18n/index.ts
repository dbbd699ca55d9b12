/** Texts and formats: `t("key", {name})` fills placeholders after lookup and picks plural forms. */
import { en } from "./en";

export type Forms = { one: string; other: string };
export type Catalogue = typeof en;
export type Key = keyof Catalogue;
export type Params = Record<string, string | number>;

interface Language {
  locale: string;
  rtl: boolean;
  texts: Record<string, string | Forms>;
}

/** Lengthens a text by a third and marks its ends, so that clipped or untranslated words stand out. */
export function stretch(text: string): string {
  const accents: Record<string, string> = { a: "á", e: "ë", i: "ï", o: "ö", u: "ü", A: "Å", E: "É", O: "Ö" };
  const parts = text.split(/(\{[^}]*\})/);
  const long = parts.map((part) => (part.startsWith("{") ? part : part.replace(/[aeiouAEO]/g, (c) => accents[c] ?? c)));
  return `[${long.join("")}${"·".repeat(Math.ceil(text.length / 3))}]`;
}

function pseudo(texts: Catalogue, change: (text: string) => string): Record<string, string | Forms> {
  const out: Record<string, string | Forms> = {};
  for (const [key, value] of Object.entries(texts) as [string, string | Forms][]) {
    out[key] = typeof value === "string" ? change(value) : { one: change(value.one), other: change(value.other) };
  }
  return out;
}

const languages: Record<string, () => Language> = {
  en: () => ({ locale: "en-GB", rtl: false, texts: en }),
  "en-XA": () => ({ locale: "en-GB", rtl: false, texts: pseudo(en, stretch) }),
  "ar-XB": () => ({ locale: "en-GB", rtl: true, texts: pseudo(en, (text) => `\u2067${stretch(text)}\u2069`) }),
};

let current: Language = languages["en"]!();
let plural = new Intl.PluralRules(current.locale);
/** Making one takes longer than a hundred uses of it. */
let numbers = new Map<number, Intl.NumberFormat>();

/** A number as the language writes it, with at most so many digits behind the point. */
export function numeral(value: number, digits = 3): string {
  let found = numbers.get(digits);
  if (!found) numbers.set(digits, (found = new Intl.NumberFormat(current.locale, { maximumFractionDigits: digits })));
  return found.format(value);
}

/** Choose the language; unknown names fall back to English. */
export function setLanguage(name: string): void {
  current = (languages[name] ?? languages["en"]!)();
  plural = new Intl.PluralRules(current.locale);
  numbers = new Map();
}

export const locale = (): string => current.locale;
export const isRtl = (): boolean => current.rtl;

/** The text of `key`, with `{placeholders}` filled; `n` chooses between the plural forms. */
export function t(key: Key, params: Params = {}): string {
  const found = current.texts[key];
  if (found === undefined) return key;
  const text = typeof found === "string" ? found : plural.select(Number(params["n"] ?? 0)) === "one" ? found.one : found.other;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? numeral(value) : value;
  });
}

/** Whether the catalogue has `key`: for texts whose key is made from a code of the server. */
export function has(key: string): key is Key {
  return key in current.texts;
}

/** The text for a code of the server if we have one, else what the server said. */
export function tCode(prefix: string, code: string, fallback: string): string {
  const key = `${prefix}.${code}`;
  return has(key) ? t(key) : fallback;
}
