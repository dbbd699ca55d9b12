/** Values of fields as a person reads them, for standing side by side. */
import { t } from "../i18n";
import type { FieldForm } from "./api";

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
