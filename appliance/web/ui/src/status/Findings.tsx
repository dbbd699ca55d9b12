/** What is wrong, in words, with what to do: buttons that mend, the way to the setting, putting it aside. */
import { Button, Modal, Select, Textarea } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useState, type FormEvent } from "react";
import { post, words, wrongFields } from "../api/http";
import type { FixOffer, HealthItem, Status } from "../api/types";
import { t } from "../i18n";
import { boxNow, refresh } from "../state/box";
import { may, session } from "../state/session";
import { useStore } from "../state/store";
import { dateTime, since } from "../time/format";
import { confirm } from "../ui/confirm";
import { FaultNote, levelOf, Mark } from "../ui/parts";
import { say } from "../ui/toast";
import ui from "../ui/ui.module.css";
import { MendLink } from "./MendLink";
import styles from "./status.module.css";

/** Choices of how long, in hours. */
const HOURS = [1, 8, 24, 24 * 7, 24 * 30] as const;
const hoursWords = (hours: number): string => (hours < 24 ? t("finding.hours", { n: hours }) : t("finding.days", { n: hours / 24 }));

async function press(item: HealthItem, fix: FixOffer): Promise<void> {
  if (fix.confirm && !(await confirm({ title: t("finding.confirm", { fix: fix.title }), text: fix.confirm, yes: fix.title }))) return;
  try {
    await post(`/health/${item.finding}/fix`, { fix: fix.slug });
    say(fix.done);
  } catch (error) {
    say(words(error), { bad: true });
  }
  void refresh();
}

async function wake(item: HealthItem): Promise<void> {
  try {
    await post(`/health/${item.finding}/wake`);
  } catch (error) {
    say(words(error), { bad: true });
  }
  void refresh();
}

function Snooze({ item, close }: { item: HealthItem; close: () => void }) {
  const [hours, setHours] = useState<number>(24);
  const [reason, setReason] = useState("");
  const [faults, setFaults] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      await post(`/health/${item.finding}/snooze`, { hours, reason });
      void refresh();
      close();
    } catch (error) {
      setFaults(wrongFields(error));
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={close} title={t("finding.snoozeTitle")} closeButtonProps={{ "aria-label": t("action.close") }}>
      <form noValidate onSubmit={(event) => void submit(event)} className={ui.checks}>
        <p className="dim">{t("finding.snoozeText", { text: item.text })}</p>
        {faults[""] && <FaultNote text={faults[""]} />}
        <Select label={t("finding.for")} value={String(hours)} onChange={(value) => value && setHours(Number(value))} data={HOURS.map((value) => ({ value: String(value), label: hoursWords(value) }))} allowDeselect={false} error={faults["hours"]} />
        <Textarea label={t("finding.reason")} description={t("finding.reasonHelp")} value={reason} onChange={(event) => setReason(event.currentTarget.value)} error={faults["reason"]} maxLength={200} rows={2} data-autofocus />
        <div className={ui.actions}>
          <Button variant="default" onClick={close}>{t("action.cancel")}</Button>
          <Button type="submit" loading={busy}>{t("finding.snooze")}</Button>
        </div>
      </form>
    </Modal>
  );
}

function Finding({ item, snooze }: { item: HealthItem; snooze: (item: HealthItem) => void }) {
  const who = useStore(session);
  const now = boxNow();
  const fixes = item.fixes.filter((fix) => may(who, fix.permission));
  return (
    <li className={styles.finding} data-level={levelOf(item.level)}>
      <div className={styles.words}>
        <Mark level={item.level === "info" ? "off" : levelOf(item.level)}>
          <span style={{ whiteSpace: "normal" }}>{item.text}</span>
        </Mark>
        {item.todo && <span className={`dim ${styles.todo}`}>{item.todo}</span>}
        {item.snoozed ? (
          <span className={`dim small ${styles.todo}`}>{t("finding.asideBy", { by: item.snoozed.by, until: dateTime(item.snoozed.until), reason: item.snoozed.reason })}</span>
        ) : item.since ? (
          <span className={`dim small ${styles.todo}`}>{since(item.since, now)}</span>
        ) : null}
      </div>
      <div className={styles.acts}>
        {fixes.map((fix) => (
          <Button key={fix.slug} size="sm" onClick={() => void press(item, fix)}>{fix.title}</Button>
        ))}
        <MendLink item={item} />
        {may(who, "maintain") && (item.snoozed
          ? <Button size="sm" variant="default" onClick={() => void wake(item)}>{t("finding.wake")}</Button>
          : <Button size="sm" variant="subtle" className="quiet" onClick={() => snooze(item)}>{t("finding.snooze")}</Button>)}
      </div>
    </li>
  );
}

export function Findings({ health }: { health: Status["health"] }) {
  const [asking, setAsking] = useState<HealthItem | null>(null);
  const [open, setOpen] = useState(false);
  const { items, aside } = health;
  return (
    <>
      {items.length > 0 && (
        <ul className={styles.findings}>
          {items.map((item) => <Finding key={item.finding} item={item} snooze={setAsking} />)}
        </ul>
      )}
      {aside.length > 0 && (
        <>
          <button type="button" className={styles.asideTitle} aria-expanded={open} onClick={() => setOpen(!open)}>
            <IconChevronDown size={18} aria-hidden />
            {t("finding.aside", { n: aside.length })}
          </button>
          {open && (
            <ul className={styles.findings}>
              {aside.map((item) => <Finding key={item.finding} item={item} snooze={setAsking} />)}
            </ul>
          )}
        </>
      )}
      {asking && <Snooze item={asking} close={() => setAsking(null)} />}
    </>
  );
}
