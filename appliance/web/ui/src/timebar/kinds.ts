/** Kinds of recording: their colour on the bar, which one wins where several hold (D1-PB-04, D1-RC-07). */
import type { Key } from "../i18n";

export interface Kind {
  name: string;
  text: Key;
  /** CSS variable with its colour. */
  colour: string;
}

/** Least important first: drawn in this order, so that the more important ends on top. */
export const KINDS: readonly Kind[] = [
  { name: "general", text: "kind.general", colour: "--nvr-general" },
  { name: "motion", text: "kind.motion", colour: "--nvr-motion" },
  { name: "intelligent", text: "kind.intelligent", colour: "--nvr-intelligent" },
  { name: "pos", text: "kind.pos", colour: "--nvr-pos" },
  { name: "alarm", text: "kind.alarm", colour: "--nvr-alarm" },
];

/** The kind under which a name of the box is shown: manual counts as general, M&A as alarm. */
export function shownKind(name: string): string {
  const plain = name.toLowerCase();
  if (plain === "manual" || plain === "none" || plain === "regular") return "general";
  if (plain.includes("alarm") || plain === "m&a") return "alarm";
  return plain;
}

export const isLoss = (name: string): boolean => /^(lost|loss|dropped|shed)/i.test(name);
