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

/** Language in use; the page is drawn anew when it changes. */
export const language = new Store<string>("en");

/** What the box is set to holds where nobody has chosen in this browser. */
export function takeAppearance(boxScheme: Scheme, boxLanguage: string): void {
  if (recall<Scheme | null>("scheme", null) === null) scheme.set(boxScheme);
  if (recall<string | null>("language", null) === null) speak(boxLanguage);
}

function speak(name: string): void {
  if (name === language.get()) return;
  setLanguage(name);
  document.documentElement.lang = name.split("-")[0] ?? "en";
  document.documentElement.dir = isRtl() ? "rtl" : "ltr";
  language.set(name);
}

/** The language asked for by ?lang= (remembered), else the one chosen before. */
export function chooseLanguage(): void {
  const asked = new URLSearchParams(location.search).get("lang");
  if (asked) remember("language", asked);
  speak(asked ?? recall("language", "en"));
}
