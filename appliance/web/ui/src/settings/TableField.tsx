/** Records inside a form: one row each, every cell a field of its own. */
import { ActionIcon, Button } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { t } from "../i18n";
import type { Values } from "./api";
import { defaults } from "./draft";
import { Field, type FieldProps } from "./Field";
import styles from "./settings.module.css";

const below = (errors: Record<string, string>, name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(errors).flatMap(([path, text]) => (path === name ? [["", text]] : path.startsWith(`${name}.`) ? [[path.slice(name.length + 1), text]] : [])));

export function TableField({ field, value, set, errors, block, description }: FieldProps & { description: string | undefined }) {
  const rows = Array.isArray(value) ? (value as Values[]) : [];
  const columns = field.columns ?? [];
  const put = (i: number, name: string, next: unknown): void => set(rows.map((row, at) => (at === i ? { ...row, [name]: next } : row)));
  return (
    <div role="group" aria-label={field.title} className={styles.records}>
      <div className={styles.label}>{field.title}</div>
      {description && <div className={styles.description}>{description}</div>}
      {rows.length === 0 && <p className="dim small">{t("settings.none.text")}</p>}
      {rows.map((row, i) => (
        // Records have no identity of their own: their place in the list is it.
        // eslint-disable-next-line react/no-array-index-key
        <div key={i} className={styles.record} role="group" aria-label={t("table.row", { n: i + 1 })}>
          {columns.map((column) => (
            <Field
              key={column.name} field={{ ...column, required: true }} value={row[column.name]} errors={below(below(errors, String(i)), column.name)} changed={false} lit={false}
              set={(next) => put(i, column.name, next)} block={(text) => block(text)}
            />
          ))}
          <ActionIcon variant="subtle" color="gray" aria-label={t("table.remove", { n: i + 1 })} onClick={() => set(rows.filter((_, at) => at !== i))}>
            <IconTrash size={18} aria-hidden />
          </ActionIcon>
        </div>
      ))}
      <div>
        <Button variant="default" size="sm" leftSection={<IconPlus size={16} aria-hidden />} disabled={field.max_length !== null && rows.length >= field.max_length} onClick={() => set([...rows, defaults(columns)])}>
          {t("table.add")}
        </Button>
      </div>
      {errors[""] && <div className={styles.error} role="alert">{t("settings.fieldError", { title: field.title, text: errors[""] })}</div>}
    </div>
  );
}
