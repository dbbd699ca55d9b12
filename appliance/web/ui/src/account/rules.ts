/** The rules of passwords (D1-IZ-02, D2-AC-06), checked while typing; the box checks them again. */
import type { Key } from "../i18n";

export interface Rule {
  key: Key;
  met: (password: string) => boolean;
}

const KINDS = [/[A-Z]/, /[a-z]/, /[0-9]/, /[^A-Za-z0-9]/];
const kindsIn = (password: string): number => KINDS.filter((kind) => kind.test(password)).length;

export const rulesFor = (leastKinds: number): readonly Rule[] => [
  { key: "rule.length", met: (p) => p.length >= 8 && p.length <= 32 && !/\s/.test(p) },
  { key: leastKinds >= 4 ? "rule.kinds4" : leastKinds === 3 ? "rule.kinds3" : "rule.kinds", met: (p) => kindsIn(p) >= leastKinds },
  { key: "rule.barred", met: (p) => p.length > 0 && !/['";:&]/.test(p) },
];

export const meetsRules = (password: string, leastKinds: number): boolean => rulesFor(leastKinds).every((rule) => rule.met(password));

/** 0 (too weak) to 3 (strong): length, kinds of characters, and how many of them differ. */
export function strength(password: string, leastKinds: number): 0 | 1 | 2 | 3 {
  if (!meetsRules(password, leastKinds)) return 0;
  const different = new Set(password).size;
  const bits = different * Math.log2([0, 10, 26, 62, 94][kindsIn(password)] ?? 94);
  return bits < 45 ? 1 : bits < 75 ? 2 : 3;
}
