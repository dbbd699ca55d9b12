/** Two people changed the same fields: both values side by side, one of them chosen for each (architecture: ETag). */
import { SegmentedControl } from "@mantine/core";
import { IconUsers } from "@tabler/icons-react";
import { t } from "../i18n";
import type { FieldForm, Values } from "./api";
import styles from "./settings.module.css";
import { valueWords } from "./words";

interface Props {
  fields: readonly FieldForm[];
  theirs: Values;
  mine: Values;
  /** Names of fields for which the other's value is taken. */
  taken: ReadonlySet<string>;
  choose: (name: string, mine: boolean) => void;
}

export function Conflict({ fields, theirs, mine, taken, choose }: Props) {
  return (
    <section className={styles.conflict} role="alert" aria-label={t("conflict.title")}>
      <h2>
        <IconUsers size={20} aria-hidden />
        {t("conflict.title")}
      </h2>
      <p className="dim small">{t(fields.length > 0 ? "conflict.text" : "conflict.other")}</p>
      {fields.map((field) => (
        <div key={field.name} className={styles.clash} role="group" aria-label={field.title}>
          <strong>{field.title}</strong>
          <span data-side="mine" data-chosen={!taken.has(field.name) || undefined}>
            <span className="dim small">{t("conflict.mine")}</span>
            {valueWords(field, mine[field.name])}
          </span>
          <span data-side="theirs" data-chosen={taken.has(field.name) || undefined}>
            <span className="dim small">{t("conflict.theirs")}</span>
            {valueWords(field, theirs[field.name])}
          </span>
          <SegmentedControl
            aria-label={t("conflict.choose", { title: field.title })} value={taken.has(field.name) ? "theirs" : "mine"} onChange={(side) => choose(field.name, side === "mine")}
            data={[{ value: "mine", label: t("conflict.keepMine") }, { value: "theirs", label: t("conflict.takeTheirs") }]}
          />
        </div>
      ))}
    </section>
  );
}
