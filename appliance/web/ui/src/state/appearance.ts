/** Dark or light, and the language: choices of this browser. */
import { isRtl, setLanguage } from "../i18n";
import { recall, remember } from "./remember";
import { Store } from "./store";

export type Scheme = "dark" | "light";

export const scheme = new Store<Scheme>(recall<Scheme>("scheme", "dark") === "light" ? "light" : "dark");

export function setScheme(next: Scheme): void {
  remember("scheme", next);
  scheme.set(next);
}

/** The language asked for by ?lang= (remembered), else the one chosen before. */
export function chooseLanguage(): void {
  const asked = new URLSearchParams(location.search).get("lang");
  if (asked) remember("language", asked);
  const name = asked ?? recall("language", "en");
  setLanguage(name);
  document.documentElement.lang = name.split("-")[0] ?? "en";
  document.documentElement.dir = isRtl() ? "rtl" : "ltr";
}
