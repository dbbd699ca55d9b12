/** Values of fields as a person reads them, for standing side by side. */
import { locale, t } from "../i18n";
import type { CollectionForm, FieldForm, Values } from "./api";

/** What an entry is by its number: "Port 3", or how its kind is called. */
export function entryTitle(collection: CollectionForm, id: unknown): string {
  const field = collection.sections.flatMap((section) => section.fields).find(({ name }) => name === "id");
  return field?.choices?.find((choice) => choice.value === id)?.title ?? t("settings.entry", { item: collection.item_title, id: String(id) });
}

/** What a person has called an entry, else what it is. */
export const entryName = (collection: CollectionForm, entry: Values): string => String(entry["name"] || entryTitle(collection, entry["id"]));

/** A kind of entry within a sentence: "Add holiday". */
export const inSentence = (title: string): string => title.charAt(0).toLocaleLowerCase(locale()) + title.slice(1);

export function valueWords(field: FieldForm, value: unknown): string {
  if (field.secret) return t(typeof value === "string" && value !== "" ? "settings.secretNew" : "settings.secretKept");
  if (value === null || value === undefined || value === "") return field.empty_title || t("settings.empty");
  const choice = field.choices?.find((candidate) => candidate.value === value);
  if (choice) return choice.title;
  if (typeof value === "boolean") return t(value ? "settings.on" : "settings.off");
  if (Array.isArray(value)) return value.every((entry) => typeof entry !== "object") ? value.join(", ") || t("settings.empty") : t("settings.entries", { n: value.length });
  if (typeof value === "object") return t("settings.asDrawn");
  return field.unit ? t("settings.withUnit", { value: String(value), unit: field.unit }) : String(value);
}
