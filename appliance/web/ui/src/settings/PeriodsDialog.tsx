/** The periods of a day as a list, to the minute and by keyboard; may be copied to other days (D1-RC-09). */
import { ActionIcon, Button, Checkbox, Modal, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { t } from "../i18n";
import ui from "../ui/ui.module.css";
import { dayName, type KindOption } from "./ScheduleField";
import { clock, minutes, type Period } from "./schedule";
import styles from "./schedule.module.css";

interface Props {
  day: string;
  days: readonly string[];
  kinds: readonly KindOption[];
  most: number;
  periods: readonly Period[];
  close: () => void;
  take: (days: string[], periods: Period[]) => void;
}

/** What is wrong with a period, or null. */
export function wrongWith(period: Period): string | null {
  const [from, to] = [minutes(period.start), minutes(period.end)];
  if (from === null || to === null || to <= from) return t("schedule.badTime");
  return period.kinds.length === 0 ? t("schedule.noKind") : null;
}

const tidy = (period: Period): Period => ({ ...period, start: clock(minutes(period.start)!), end: clock(minutes(period.end)!) });

export function PeriodsDialog({ day, days, kinds, most, periods, close, take }: Props) {
  const [list, setList] = useState<Period[]>(() => periods.map((period) => ({ ...period })));
  const [copies, setCopies] = useState<string[]>([]);
  const [tried, setTried] = useState(false);
  const edit = (i: number, part: Partial<Period>): void => setList(list.map((period, at) => (at === i ? { ...period, ...part } : period)));
  const finish = (): void => {
    setTried(true);
    if (list.every((period) => wrongWith(period) === null)) take([day, ...copies], list.map(tidy).sort((a, b) => a.start.localeCompare(b.start)));
  };
  return (
    <Modal opened onClose={close} title={t("schedule.editTitle", { day: dayName(day) })} size="lg" closeButtonProps={{ "aria-label": t("action.close") }}>
      <div className={styles.periods}>
        {list.length === 0 && <p className="dim">{t("schedule.none")}</p>}
        {list.map((period, i) => {
          const wrong = tried ? wrongWith(period) : null;
          return (
            // Periods have no identity of their own: their place in the list is it.
            // eslint-disable-next-line react/no-array-index-key
            <div key={i} className={styles.period} role="group" aria-label={t("schedule.period", { n: i + 1 })}>
              <TextInput label={t("schedule.from")} value={period.start} onChange={(event) => edit(i, { start: event.currentTarget.value })} />
              <TextInput label={t("schedule.to")} value={period.end} onChange={(event) => edit(i, { end: event.currentTarget.value })} />
              <span />
              <ActionIcon variant="subtle" color="gray" aria-label={t("schedule.removePeriod", { n: i + 1 })} onClick={() => setList(list.filter((_, at) => at !== i))}>
                <IconTrash size={18} aria-hidden />
              </ActionIcon>
              <div className={styles.periodKinds}>
                {kinds.map((kind) => (
                  <Checkbox
                    key={kind.value} label={kind.title} checked={period.kinds.includes(kind.value)}
                    onChange={(event) => edit(i, { kinds: kinds.map((option) => option.value).filter((name) => (name === kind.value ? event.currentTarget.checked : period.kinds.includes(name))) })}
                  />
                ))}
              </div>
              {wrong && <p className={styles.error} style={{ gridColumn: "1 / -1" }}>{wrong}</p>}
            </div>
          );
        })}
        <div>
          <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} disabled={list.length >= most} onClick={() => setList([...list, { start: "08:00", end: "18:00", kinds: [kinds[0]?.value ?? "general"] }])}>
            {t("schedule.addPeriod")}
          </Button>
        </div>
        <div>
          <strong>{t("schedule.copyDays")}</strong>
          <div className={styles.copy}>
            {days.filter((other) => other !== day).map((other) => (
              <Checkbox
                key={other} label={dayName(other)} checked={copies.includes(other)}
                onChange={(event) => setCopies(event.currentTarget.checked ? [...copies, other] : copies.filter((name) => name !== other))}
              />
            ))}
          </div>
        </div>
      </div>
      <div className={ui.actions}>
        <Button variant="default" onClick={close}>
          {t("action.cancel")}
        </Button>
        <Button onClick={finish}>{t("schedule.take")}</Button>
      </div>
    </Modal>
  );
}
