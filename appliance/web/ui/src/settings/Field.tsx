/** One field of a generated form: its widget, help, unit, error, and whether it is changed. */
import { ActionIcon, NumberInput, SegmentedControl, Select, Switch, Textarea, TextInput } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { t } from "../i18n";
import { Password } from "../ui/Password";
import type { FieldForm } from "./api";
import { ChannelsField } from "./ChannelsField";
import { equal, hasDefault } from "./draft";
import { DrawField } from "./DrawField";
import { ScheduleField } from "./ScheduleField";
import styles from "./settings.module.css";
import { TableField } from "./TableField";
import { valueWords } from "./words";

export interface FieldProps {
  field: FieldForm;
  value: unknown;
  /** Errors by path below this field; "" is the field itself. */
  errors: Record<string, string>;
  changed: boolean;
  lit: boolean;
  set: (value: unknown) => void;
  block: (text: string | null) => void;
}

function describe(field: FieldForm): string | undefined {
  const parts = [field.help];
  if (field.minimum !== null && field.maximum !== null && field.widget !== "select") {
    const { minimum: min, maximum: max, unit } = field;
    // What has no unit is a name more than a quantity, such as a port: "65535".
    parts.push(`${unit ? t("settings.rangeUnit", { min, max, unit }) : t("settings.range", { min: String(min), max: String(max) })}.`);
  }
  if (field.restart) parts.push(t(field.restart === "box" ? "settings.restart.box" : "settings.restart.web"));
  return parts.filter(Boolean).join(" ") || undefined;
}

function Secret({ field, value, set, error, description }: FieldProps & { error: string | undefined; description: string | undefined }) {
  const stored = typeof value === "object" && value !== null && (value as { set?: boolean }).set === true;
  const typed = typeof value === "string" ? value : "";
  if (field.widget === "area") {
    // Of many lines, such as a private key: it cannot be hidden while it is pasted, and is not shown again.
    return (
      <Textarea
        label={field.title} description={description} error={error} value={typed} autosize minRows={3} maxRows={10} autoComplete="off" spellCheck={false}
        placeholder={stored ? t("settings.secretSet") : t("settings.secretNone")} onChange={(event) => set(event.currentTarget.value)}
      />
    );
  }
  return (
    <Password
      label={field.title} description={description} error={error} value={typed} autoComplete="new-password"
      placeholder={stored ? t("settings.secretSet") : typed === "" ? t("settings.secretNone") : undefined}
      onChange={(event) => set(event.currentTarget.value)}
    />
  );
}

function Numeric({ field, value, set, block, error, description }: FieldProps & { error: string | undefined; description: string | undefined }) {
  const [text, setText] = useState<string | number>(typeof value === "number" ? value : "");
  const known = typeof value === "number" ? value : "";
  // Discarding changes the value from outside: show it again.
  const [seen, setSeen] = useState(value);
  if (seen !== value) {
    setSeen(value);
    if (text !== known) setText(known);
  }
  const change = (next: string | number): void => {
    setText(next);
    if (next === "" && (field.nullable || !field.required)) {
      block(field.nullable ? null : t("settings.invalidNumber"));
      if (field.nullable) {
        setSeen(null);
        set(null);
      }
      return;
    }
    const number = typeof next === "number" ? next : Number(next);
    if (next === "" || !Number.isFinite(number)) return block(t("settings.invalidNumber"));
    if (field.minimum !== null && number < field.minimum) block(t("settings.tooSmall", { min: field.minimum }));
    else if (field.maximum !== null && number > field.maximum) block(t("settings.tooLarge", { max: field.maximum }));
    else block(null);
    setSeen(number);
    set(number);
  };
  return (
    <NumberInput
      className={styles.number} label={field.title} description={description} error={error} value={text} onChange={change} clampBehavior="none" allowDecimal={!Number.isInteger(field.default ?? 0) || field.minimum !== null && !Number.isInteger(field.minimum)}
      placeholder={field.nullable ? field.empty_title || undefined : undefined} rightSection={field.unit ? <span className={styles.unit}>{field.unit}</span> : undefined} rightSectionWidth={field.unit ? 64 : undefined} hideControls
    />
  );
}

/** Every zone the browser knows, and the one in use whatever it is called. */
const zones = (current: string): string[] => [...new Set([...(current ? [current] : []), "UTC", ...Intl.supportedValuesOf("timeZone")])];

function widget(props: FieldProps): ReactNode {
  const { field, value, set, errors } = props;
  const error = errors[""] && t("settings.fieldError", { title: field.title, text: errors[""] });
  const description = describe(field);
  const common = { label: field.title, description, error };
  if (field.secret) return <Secret {...props} error={error} description={description} />;
  switch (field.widget) {
    case "switch":
      return <Switch {...common} checked={value === true} onChange={(event) => set(event.currentTarget.checked)} className={styles.switch} />;
    case "number":
    case "duration":
      return <Numeric {...props} error={error} description={description} />;
    case "select": {
      const choices = field.choices ?? [];
      const data = choices.map((choice) => ({ value: String(choice.value), label: choice.title }));
      const take = (text: string | null): void => set(text === null ? null : (choices.find((choice) => String(choice.value) === text)?.value ?? text));
      if (choices.length <= 3 && !field.nullable && choices.every((choice) => choice.title.length < 16)) {
        return (
          <div role="group" aria-label={field.title}>
            <div className={styles.label}>{field.title}</div>
            {description && <div className={styles.description}>{description}</div>}
            <SegmentedControl data={data} value={String(value)} onChange={take} aria-label={field.title} />
            {error && <div className={styles.error}>{error}</div>}
          </div>
        );
      }
      return <Select {...common} data={data} value={value === null ? null : String(value)} onChange={take} allowDeselect={field.nullable} clearable={field.nullable} placeholder={field.empty_title || undefined} searchable={choices.length > 12} />;
    }
    case "time_zone":
      return <Select {...common} data={zones(String(value ?? ""))} value={String(value ?? "")} onChange={(text) => text && set(text)} searchable limit={200} nothingFoundMessage={t("settings.findNone")} placeholder={t("settings.zoneHelp")} />;
    case "list":
      return (
        <Textarea
          {...common} autosize minRows={2} value={Array.isArray(value) ? value.join("\n") : ""} description={[description, t("settings.listHelp")].filter(Boolean).join(" ")}
          onChange={(event) => set(event.currentTarget.value.split("\n").map((line) => line.trim()).filter((line, i, all) => line !== "" || i === all.length - 1))}
          onBlur={() => Array.isArray(value) && set(value.filter((line) => line !== ""))}
        />
      );
    case "area":
      return <Textarea {...common} autosize minRows={3} maxRows={10} spellCheck={false} value={typeof value === "string" ? value : ""} onChange={(event) => set(event.currentTarget.value)} />;
    case "date":
      return <TextInput {...common} type="date" className={styles.number} value={typeof value === "string" ? value : ""} onChange={(event) => set(event.currentTarget.value)} />;
    case "channels":
      return <ChannelsField {...props} error={error} description={description} />;
    case "table":
      return <TableField {...props} description={description} />;
    case "lines":
    case "regions":
    case "grid":
      return <DrawField {...props} description={description} />;
    case "schedule":
      return <ScheduleField {...props} description={description} />;
    default:
      return (
        <TextInput
          {...common} value={typeof value === "string" || typeof value === "number" ? String(value) : ""} placeholder={field.placeholder || field.empty_title || undefined} maxLength={field.max_length ?? undefined}
          spellCheck={false} inputMode={field.widget === "url" ? "url" : undefined} onChange={(event) => set(event.currentTarget.value === "" && field.nullable ? null : event.currentTarget.value)}
        />
      );
  }
}

export function Field(props: FieldProps) {
  const { field, value, changed, lit, set, block } = props;
  const back = hasDefault(field) && !equal(value, field.default);
  const words = t("settings.toDefault", { title: field.title, value: valueWords(field, field.default) });
  return (
    <div className={styles.field} id={`field-${field.name}`} data-changed={changed || undefined} data-lit={lit || undefined} title={changed ? t("settings.changed") : undefined} data-widget={field.widget}>
      {widget(props)}
      {back && (
        <ActionIcon variant="subtle" color="gray" className={styles.back} aria-label={words} title={words} onClick={() => {
          block(null);
          set(field.default);
        }}>
          <IconArrowBackUp size={16} aria-hidden />
        </ActionIcon>
      )}
    </div>
  );
}
