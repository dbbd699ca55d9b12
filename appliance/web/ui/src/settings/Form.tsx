/** A generated form: sections that fold, fields, and Apply and Discard always in view. */
import { Button } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconChevronDown } from "@tabler/icons-react";
import { useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { t } from "../i18n";
import { FaultNote } from "../ui/parts";
import type { SectionForm } from "./api";
import { Conflict } from "./Conflict";
import { FormContext } from "./context";
import { equal, hasDefault, isVisible } from "./draft";
import { Field } from "./Field";
import styles from "./settings.module.css";
import type { FormState } from "./useForm";

interface Props {
  sections: readonly SectionForm[];
  base: Record<string, unknown>;
  form: FormState;
  /** A field to bring into view and light up: found by the search. */
  lit?: string | null;
  applyText?: string;
  onApplied?: () => void;
  extra?: ReactNode;
  fresh?: boolean;
  /** The channel that the form is about, where it is about one. */
  channel?: number | null;
  capabilities?: readonly string[];
}

const NONE: readonly string[] = [];

function below(errors: Record<string, string>, name: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [path, text] of Object.entries(errors)) {
    if (path === name) out[""] = text;
    else if (path.startsWith(`${name}.`)) out[path.slice(name.length + 1)] = text;
  }
  return out;
}

function Section({ section, base, form, lit, fresh }: { section: SectionForm } & Pick<Props, "base" | "form" | "lit" | "fresh">) {
  const { capabilities } = useContext(FormContext);
  const shown = section.fields.filter((field) => isVisible(field, form.values, capabilities));
  const has = (names: Iterable<string>): boolean => [...names].some((path) => section.fields.some((field) => path === field.name || path.startsWith(`${field.name}.`)));
  const urgent = has(Object.keys(form.errors)) || section.fields.some((field) => field.name === lit);
  const [open, setOpen] = useState(!section.advanced || urgent);
  useEffect(() => {
    if (urgent) setOpen(true);
  }, [urgent]);
  if (shown.length === 0) return null;
  const body = (
    <div className={styles.fields}>
      {shown.map((field) => (
        <Field
          key={field.name} field={field} value={form.values[field.name]} errors={below(form.errors, field.name)} lit={field.name === lit}
          changed={!fresh && !equal(base[field.name], form.values[field.name])} set={(value) => form.set(field.name, value)} block={(text) => form.block(field.name, text)}
        />
      ))}
    </div>
  );
  if (!section.title) return <section className={styles.section}>{body}</section>;
  return (
    <section className={styles.section}>
      <button type="button" className={styles.sectionTitle} aria-expanded={open} onClick={() => setOpen(!open)}>
        <IconChevronDown size={18} aria-hidden />
        <h2>{section.title}</h2>
        {section.advanced && <span className="dim small">{t("settings.advanced")}</span>}
      </button>
      {open && body}
    </section>
  );
}

export function Form({ sections, base, form, lit, applyText, onApplied, extra, fresh, channel = null, capabilities = NONE }: Props) {
  useEffect(() => {
    const field = lit ? document.getElementById(`field-${lit}`) : null;
    field?.scrollIntoView({ block: "center" });
    field?.querySelector<HTMLElement>("input, textarea, button")?.focus({ preventScroll: true });
  }, [lit]);
  const phone = useMediaQuery("(max-width: 720px)", undefined, { getInitialValueInEffect: false });
  // Three buttons do not fit beside each other: what is neither Apply nor Discard stands above them.
  const aside = phone === true && !fresh && Boolean(extra);
  const count = Object.keys(form.changes).length;
  const apply = async (): Promise<void> => {
    if (await form.apply()) onApplied?.();
    else requestAnimationFrame(() => document.querySelector<HTMLElement>("[aria-invalid='true']")?.focus());
  };
  const surroundings = useMemo(() => ({ channel, capabilities }), [channel, capabilities]);
  const resettable = !fresh && sections.some((section) => section.fields.some((field) => hasDefault(field) && !equal(form.values[field.name], field.default)));
  return (
    <FormContext value={surroundings}>
    <form
      className={styles.form} noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void apply();
      }}
    >
      {form.conflict && <Conflict {...form.conflict} theirs={base} />}
      {form.fault && <FaultNote text={form.fault} />}
      {sections.map((section) => (
        <Section key={section.slug} section={section} base={base} form={form} lit={lit} fresh={fresh} />
      ))}
      {aside && <div className={styles.aside}>{extra}</div>}
      <div className={styles.applyBar} data-changed={form.changed || undefined}>
        <span className="dim">{form.changed && !fresh ? t("settings.changes", { n: count }) : fresh ? "" : t("settings.unchanged")}</span>
        <span className={styles.grow} />
        {!aside && extra}
        {resettable && !phone && (
          <Button variant="subtle" className="quiet" onClick={form.toDefaults}>
            {t("settings.defaults")}
          </Button>
        )}
        {!fresh && (
          <Button variant="default" disabled={!form.changed} onClick={form.discard}>
            {t("action.discard")}
          </Button>
        )}
        <Button type="submit" disabled={!form.changed} loading={form.busy}>
          {applyText ?? t("action.apply")}
        </Button>
      </div>
    </form>
    </FormContext>
  );
}
