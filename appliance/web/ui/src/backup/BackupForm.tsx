/** The form of an export: which cameras, which stream, from when to when, why. */
import { Button, MultiSelect, Select, Switch, TextInput } from "@mantine/core";
import { t } from "../i18n";
import { clock } from "../i18n/format";
import { box, boxNow } from "../state/box";
import { useSelect } from "../state/store";
import { setFilter } from "../tags/filters";
import { dateTime, zoneName } from "../time/format";
import { inputOfInstant, instantOfInput } from "../time/input";
import { dayStart } from "../time/zone";
import styles from "./backup.module.css";
import { STREAMS, type Choice, type wrongOf } from "./wish";

export const MAX_REASON = 500;
const MINUTES = [5, 15, 60] as const;

interface Props {
  choice: Choice;
  wrong: ReturnType<typeof wrongOf>;
  reason: string;
  setReason: (text: string) => void;
  combine: boolean;
  setCombine: (on: boolean) => void;
  set: (changes: Record<string, string | null>) => void;
  prepare: () => void;
  busy: boolean;
}

function Times({ choice, wrong, set }: Pick<Props, "choice" | "wrong" | "set">) {
  const last = (minutes: number): void => {
    const now = Math.floor(boxNow() / 1000) * 1000;
    set({ from: String(now - minutes * 60_000), to: String(now) });
  };
  const today = (): void => {
    const now = Math.floor(boxNow() / 1000) * 1000;
    set({ from: String(dayStart(now)), to: String(now) });
  };
  const field = (name: "from" | "to") => (
    <TextInput
      type="datetime-local" step={1} label={t(name === "from" ? "backup.from" : "backup.to")} error={wrong[name]}
      value={choice[name] === null ? "" : inputOfInstant(choice[name], true)}
      onChange={(event) => setFilter(name, String(instantOfInput(event.currentTarget.value) ?? ""))}
    />
  );
  const whole = choice.from !== null && choice.to !== null && choice.to > choice.from;
  return (
    <>
      <div className={styles.pair}>
        {field("from")}
        {field("to")}
      </div>
      <div className={styles.quick} role="group" aria-label={t("backup.quick")}>
        {MINUTES.map((n) => (
          <Button key={n} variant="default" onClick={() => last(n)}>
            {t("backup.last", { n })}
          </Button>
        ))}
        <Button variant="default" onClick={today}>
          {t("backup.today")}
        </Button>
      </div>
      {whole && (
        <p className="dim small num">
          {t("backup.span", { from: dateTime(choice.from!), to: dateTime(choice.to!), zone: zoneName(choice.to!), length: clock((choice.to! - choice.from!) / 1000) })}
        </p>
      )}
    </>
  );
}

export function BackupForm({ choice, wrong, reason, setReason, combine, setCombine, set, prepare, busy }: Props) {
  const channels = useSelect(box, (state) => state.channels) ?? [];
  const all = channels.length > 0 && choice.channels.length === channels.length;
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        prepare();
      }}
    >
      <div className={styles.withButton}>
        <MultiSelect
          label={t("backup.cameras")} error={wrong.channels} searchable clearable
          placeholder={choice.channels.length ? undefined : t("backup.choose")}
          value={choice.channels.map(String)} onChange={(value) => setFilter("channels", value.join(","))}
          data={channels.map((channel) => ({ value: String(channel.id), label: t("channel.label", { id: String(channel.id), name: channel.name }) }))}
        />
        <Button variant="default" disabled={all} onClick={() => setFilter("channels", channels.map((channel) => channel.id).join(","))}>
          {t("backup.all")}
        </Button>
      </div>
      <Times choice={choice} wrong={wrong} set={set} />
      <Select
        label={t("backup.stream")} value={choice.stream} allowDeselect={false} onChange={(value) => setFilter("stream", value)}
        data={(choice.stream === "third" ? [...STREAMS, "third" as const] : STREAMS).map((name) => ({ value: name, label: t(`backup.stream.${name}`) }))}
      />
      <TextInput label={t("backup.reason")} description={t("backup.reasonHelp")} value={reason} maxLength={MAX_REASON} onChange={(event) => setReason(event.currentTarget.value)} autoComplete="off" />
      <Switch label={t("backup.combine")} description={t("backup.combineHelp")} checked={combine} onChange={(event) => setCombine(event.currentTarget.checked)} />
      <div className={styles.submit}>
        <Button type="submit" loading={busy}>
          {t("backup.prepare")}
        </Button>
      </div>
    </form>
  );
}
