/** A month with the days that have recordings (D1-PB-10; A4.1: green; today blue; both: lighter green) and a time. */
import { Button, TextInput } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useRef, useState, type KeyboardEvent } from "react";
import { get } from "../api/http";
import { t } from "../i18n";
import { boxNow } from "../state/box";
import { playable } from "../state/session";
import { useStore } from "../state/store";
import { date, minute, monthYear, weekdays } from "../time/format";
import { habits } from "../time/habits";
import { instantOf, wallOf } from "../time/zone";
import { useResource } from "../ui/useResource";
import styles from "./calendar.module.css";
import { parseTime, shiftMonth, weeksOf, type Day } from "./month";

interface Props {
  channels: number[];
  at: number;
  choose: (at: number) => void;
}

const isoOf = (ms: number): string => {
  const wall = wallOf(ms);
  return `${wall.year}-${String(wall.month).padStart(2, "0")}-${String(wall.day).padStart(2, "0")}`;
};

export function Calendar({ channels, at, choose }: Props) {
  const wall = wallOf(at);
  const { weekStart } = useStore(habits);
  const [shown, setShown] = useState({ year: wall.year, month: wall.month });
  const [picked, setPicked] = useState(isoOf(at));
  const [clock, setClock] = useState(minute(at));
  const grid = useRef<HTMLTableElement>(null);
  const name = `${shown.year}-${String(shown.month).padStart(2, "0")}`;
  const seen = playable(channels).join(",");
  const { data } = useResource(async (signal) => (seen ? get<{ days: string[] }>("/calendar", { channels: seen, month: name }, signal) : { days: [] }), [name, seen]);
  const marked = new Set(data?.days ?? []);
  const today = isoOf(boxNow());
  const seconds = parseTime(clock);
  const move = (by: number): void => setShown(shiftMonth(shown.year, shown.month, by));

  const go = (iso: string, of: number): void => {
    const [year, month, day] = iso.split("-").map(Number) as [number, number, number];
    choose(instantOf(year, month, day, Math.floor(of / 3600), Math.floor((of % 3600) / 60), of % 60));
  };
  const keys = (event: KeyboardEvent, day: Day): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[event.key];
    if (event.key === "PageUp") move(-1);
    else if (event.key === "PageDown") move(1);
    else if (step) {
      const next = new Date(Date.UTC(day.year, day.month - 1, day.day + step)).toISOString().slice(0, 10);
      setPicked(next);
      setShown({ year: Number(next.slice(0, 4)), month: Number(next.slice(5, 7)) });
      requestAnimationFrame(() => grid.current?.querySelector<HTMLElement>(`[data-day="${next}"]`)?.focus());
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className={styles.calendar} role="group" aria-label={t("calendar.label")}>
      <div className={styles.head}>
        <button type="button" className={styles.arrow} aria-label={t("calendar.previous")} onClick={() => move(-1)}>
          <IconChevronLeft size={20} aria-hidden />
        </button>
        <strong aria-live="polite">{monthYear(shown.year, shown.month)}</strong>
        <button type="button" className={styles.arrow} aria-label={t("calendar.next")} onClick={() => move(1)}>
          <IconChevronRight size={20} aria-hidden />
        </button>
      </div>
      <table ref={grid} className={styles.grid}>
        <thead>
          <tr>
            {weekdays("short").map((day) => (
              <th key={day} scope="col">
                {day}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeksOf(shown.year, shown.month, weekStart).map((week) => (
            <tr key={week[0]!.iso}>
              {week.map((day) => {
                const has = marked.has(day.iso);
                const label = t(has ? "calendar.has" : "calendar.hasNot", { date: date(instantOf(day.year, day.month, day.day, 12)) });
                return (
                  <td key={day.iso}>
                    <button
                      type="button" className={styles.day} data-day={day.iso} data-has={has || undefined} data-today={day.iso === today || undefined} data-other={!day.inMonth || undefined}
                      aria-label={label} aria-pressed={day.iso === picked} aria-current={day.iso === today ? "date" : undefined} tabIndex={day.iso === picked ? 0 : -1} disabled={day.iso > today}
                      onClick={() => setPicked(day.iso)} onDoubleClick={() => go(day.iso, 0)} onKeyDown={(event) => keys(event, day)}
                    >
                      {day.day}
                    </button>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <div className={styles.legend}>
        <span data-has>{t("calendar.legend")}</span>
        <span data-today>{t("calendar.today")}</span>
      </div>
      <form
        className={styles.go}
        onSubmit={(event) => {
          event.preventDefault();
          if (seconds !== null) go(picked, seconds);
        }}
      >
        <TextInput label={t("calendar.time")} value={clock} onChange={(event) => setClock(event.currentTarget.value)} error={seconds === null ? t("calendar.timeInvalid") : undefined} />
        <Button type="submit" disabled={seconds === null}>
          {t("calendar.go")}
        </Button>
      </form>
    </div>
  );
}
