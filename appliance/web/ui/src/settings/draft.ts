/** What a person has changed on a form but not applied: compared with what the box has. Pure. */
import type { FieldForm, SectionForm, Values } from "./api";

export function equal(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a as Values, b as Values];
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => key in right && equal(left[key], right[key]));
}

export const fieldsOf = (sections: readonly SectionForm[]): FieldForm[] => sections.flatMap((section) => section.fields);

/** The fields of `draft` that differ from `base`. */
export function changesOf(base: Values, draft: Values, fields: readonly FieldForm[]): Values {
  const out: Values = {};
  for (const field of fields) if (!equal(base[field.name], draft[field.name])) out[field.name] = draft[field.name];
  return out;
}

/** Whether a field is shown, given the other values of the same form and what board and camera have. */
export function isVisible(field: FieldForm, values: Values, capabilities: readonly string[] = []): boolean {
  if (field.name === "id" || (field.capability !== "" && !capabilities.includes(field.capability))) return false;
  return Object.entries(field.visible_when ?? {}).every(([name, allowed]) => allowed.some((value) => equal(value, values[name])));
}

/** A new entry: every field at its default. */
export function defaults(fields: readonly FieldForm[]): Values {
  return Object.fromEntries(fields.filter((field) => field.name !== "id" || field.default !== null).map((field) => [field.name, field.default ?? (field.nullable ? null : emptyOf(field))]));
}

function emptyOf(field: FieldForm): unknown {
  switch (field.widget) {
    case "switch":
      return false;
    case "list":
      return [];
    case "number":
    case "duration":
      return null;
    default:
      return "";
  }
}

/** The folded text of a field, for the search. */
export const haystack = (field: FieldForm): string => `${field.title} ${field.help} ${field.name} ${(field.choices ?? []).map((c) => c.title).join(" ")} ${(field.synonyms ?? []).join(" ")} ${field.unit}`.toLowerCase();

/** All words of the query somewhere in a text. */
export const hasWords = (text: string, query: string): boolean => {
  const found = text.toLowerCase();
  return query.toLowerCase().split(/\s+/).filter(Boolean).every((word) => found.includes(word));
};

/** All words of the query somewhere in the field's texts. */
export const matches = (field: FieldForm, query: string): boolean => hasWords(haystack(field), query);

/** Whether a field may go back to its default by itself: an id, a secret or a needed field may not. */
export const hasDefault = (field: FieldForm): boolean => field.name !== "id" && !field.secret && !field.required;

/** The fields that are not at their defaults, with these. */
export function towardsDefaults(fields: readonly FieldForm[], values: Values): Values {
  return Object.fromEntries(fields.filter((field) => hasDefault(field) && !equal(values[field.name], field.default)).map((field) => [field.name, field.default]));
}

/** Fields that I have changed and somebody else has, too, to something else. */
export function clashes(before: Values, theirs: Values, mine: Values, fields: readonly FieldForm[]): FieldForm[] {
  return fields.filter(({ name }) => name in mine && !equal(before[name], theirs[name]) && !equal(mine[name], theirs[name]));
}
