/** The rules of passwords (D1-IZ-02, D2-AC-06), checked while typing; the box checks them again. */
import type { Key } from "../i18n";

export interface Rule {
  key: Key;
  met: (password: string) => boolean;
}

const KINDS = [/[A-Z]/, /[a-z]/, /[0-9]/, /[^A-Za-z0-9]/];

export const RULES: readonly Rule[] = [
  { key: "rule.length", met: (p) => p.length >= 8 && p.length <= 32 && !/\s/.test(p) },
  { key: "rule.kinds", met: (p) => KINDS.filter((kind) => kind.test(p)).length >= 2 },
  { key: "rule.barred", met: (p) => p.length > 0 && !/['";:&]/.test(p) },
];

export const meetsRules = (password: string): boolean => RULES.every((rule) => rule.met(password));
