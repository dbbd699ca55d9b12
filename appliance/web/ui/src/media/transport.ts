/** What the buttons and keys of the transport do (D1-PB-20, D1-PL-09), and what this browser can. */
import { t } from "../i18n";
import { say } from "../ui/toast";
import { canReverse } from "./backward";
import { type Deck, deck as wallDeck } from "./deck";

/** The steps of slower and faster, in either direction. */
export const FACTORS = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16] as const;

/** "1/4" or "8", as it is written on the bar. */
export const factorText = (speed: number): string => (Math.abs(speed) < 1 ? `1/${Math.round(1 / Math.abs(speed))}` : String(Math.abs(speed)));

/** The next factor in the same direction; the last one stays. */
export function beside(speed: number, by: 1 | -1): number {
  const at = FACTORS.findIndex((factor) => factor >= Math.abs(speed) - 1e-6);
  const factor = FACTORS[Math.max(0, Math.min(FACTORS.length - 1, (at < 0 ? FACTORS.length - 1 : at) + by))]!;
  return speed < 0 ? -factor : factor;
}

export const faster = (deck: Deck = wallDeck): void => deck.setSpeed(beside(deck.state.get().speed, 1));
export const slower = (deck: Deck = wallDeck): void => deck.setSpeed(beside(deck.state.get().speed, -1));

/** Play backward; again: pause. From forward it begins at 1x. */
export function rewind(deck: Deck = wallDeck): void {
  if (!canReverse()) return say(t("transport.noBackward"));
  const { speed, playing, mode } = deck.state.get();
  if (mode === "past" && speed < 0) return deck.setPlaying(!playing);
  deck.setSpeed(-1);
  if (!deck.state.get().playing) deck.setPlaying(true);
}

/** Play forward, from backward at 1x; while playing forward: pause. */
export function playForward(deck: Deck = wallDeck): void {
  const { speed, playing } = deck.state.get();
  if (speed < 0) {
    deck.setSpeed(1);
    if (!playing) deck.setPlaying(true);
  } else deck.setPlaying(!playing);
}

export const stepOn = (deck: Deck = wallDeck): void => void deck.stepFrame(1);
export const stepBack = (deck: Deck = wallDeck): void => void deck.stepFrame(-1);

/** Keys of the transport; the wall's own keys come on top. */
export const TRANSPORT_KEYS: Readonly<Record<string, () => void>> = {
  " ": () => playForward(),
  r: () => rewind(),
  "[": () => slower(),
  "]": () => faster(),
  ",": () => stepBack(),
  ".": () => stepOn(),
};
