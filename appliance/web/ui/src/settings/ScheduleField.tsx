/** The weekly grid (D1-RC-08, D1-RC-09, D1-RC-10, A9.1): draw kinds by dragging, link days, edit periods. */
import { ActionIcon } from "@mantine/core";
import { IconEraser, IconLink, IconPencil } from "@tabler/icons-react";
import { useRef, useState, type CSSProperties, type PointerEvent } from "react";
import { has, t } from "../i18n";
import { say } from "../ui/toast";
import type { FieldProps } from "./Field";
import { PeriodsDialog } from "./PeriodsDialog";
import { clock, DAY_MIN, paint, snapped, stretchesOf, type Period, type Stretch, type Week } from "./schedule";
import styles from "./schedule.module.css";

export interface KindOption {
  value: string;
  title: string;
  colour: string;
}

const COLOURS: Record<string, string> = {
  green: "var(--nvr-general)", yellow: "var(--nvr-motion)", red: "var(--nvr-alarm)", orange: "#e2742f", blue: "var(--nvr-intelligent)", violet: "var(--nvr-pos)",
};
export const colourOf = (kind: KindOption): string => COLOURS[kind.colour] ?? "var(--nvr-accent)";

const HOURS = [0, 3, 6, 9, 12, 15, 18, 21, 24];
const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "holiday"];
export const dayName = (day: string): string => (has(`schedule.${day}`) ? t(`schedule.${day}` as "schedule.monday") : day);

interface Drag {
  row: number;
  from: number;
  to: number;
  endRow: number;
  on: boolean;
}

/** "General 00:00 to 24:00; Motion 08:00 to 18:00": a day read out. */
function spoken(periods: readonly Period[], kinds: readonly KindOption[]): string {
  if (periods.length === 0) return t("schedule.none");
  return periods.map((period) => t("schedule.say", { kinds: period.kinds.map((kind) => kinds.find((option) => option.value === kind)?.title ?? kind).join(" + "), start: period.start, end: period.end })).join("; ");
}

export function ScheduleField({ field, value, set, errors, description }: FieldProps & { description: string | undefined }) {
  const week = (value ?? {}) as Week;
  const days = (field.options["days"] as string[] | undefined) ?? DAYS;
  const kinds = (field.options["kinds"] as KindOption[] | undefined) ?? [];
  const most = Number(field.options["periods_per_day"] ?? 8);
  const names = kinds.map((kind) => kind.value);
  const [kind, setKind] = useState((kinds.find((candidate) => candidate.value === "general") ?? kinds[0])?.value ?? "general");
  const [linked, setLinked] = useState<string[]>([]);
  const [drag, setDrag] = useState<Drag | null>(null);
  const [editing, setEditing] = useState<string | null>(null);
  const rows = useRef<HTMLDivElement>(null);
  const option = kinds.find((candidate) => candidate.value === kind);

  const change = (targets: string[], edit: (periods: Period[]) => Period[]): void => {
    const next = { ...week };
    for (const day of targets) {
      const periods = edit(week[day] ?? []);
      if (periods.length > most) return say(t("schedule.tooMany", { day: dayName(day), max: most }), { bad: true });
      next[day] = periods;
    }
    set(next);
  };
  /** A linked day takes the other linked days with it. */
  const together = (targets: string[]): string[] => (targets.some((day) => linked.includes(day)) ? [...new Set([...targets, ...linked])] : targets);

  const place = (event: PointerEvent): { row: number; minute: number } => {
    const lanes = [...(rows.current?.querySelectorAll<HTMLElement>("[data-lane]") ?? [])];
    const box = lanes[0]!.getBoundingClientRect();
    const row = lanes.findIndex((lane) => event.clientY < lane.getBoundingClientRect().bottom);
    const share = (event.clientX - box.left) / box.width;
    return { row: row < 0 ? lanes.length - 1 : row, minute: Math.max(0, Math.min(DAY_MIN - 1, share * DAY_MIN)) };
  };
  const down = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const { row, minute } = place(event);
    const present = stretchesOf(week[days[row]!] ?? [], kind).some(([a, b]) => a <= minute && minute < b);
    setDrag({ row, endRow: row, from: minute, to: minute, on: !present });
  };
  const move = (event: PointerEvent): void => {
    if (!drag) return;
    const { row, minute } = place(event);
    setDrag({ ...drag, endRow: row, to: minute });
  };
  const up = (): void => {
    if (!drag) return;
    const [first, last] = [Math.min(drag.row, drag.endRow), Math.max(drag.row, drag.endRow)];
    const stretch = snapped(drag.from, drag.to);
    setDrag(null);
    change(together(days.slice(first, last + 1)), (periods) => paint(periods, names, kind, stretch, drag.on));
  };

  const isDragged = (row: number): Stretch | null =>
    drag && row >= Math.min(drag.row, drag.endRow) && row <= Math.max(drag.row, drag.endRow) ? snapped(drag.from, drag.to) : null;
  const broken = Object.entries(errors);

  return (
    <div className={styles.schedule} role="group" aria-label={field.title}>
      {description && <p className="dim small">{description}</p>}
      <div className={styles.kinds} role="radiogroup" aria-label={t("schedule.paint")}>
        {kinds.map((candidate) => (
          <button
            key={candidate.value} type="button" role="radio" aria-checked={candidate.value === kind} className={styles.kind}
            style={{ "--kind": colourOf(candidate) } as CSSProperties} onClick={() => setKind(candidate.value)}
          >
            <i />
            {candidate.title}
          </button>
        ))}
      </div>
      <div className={styles.grid}>
        <div className={styles.hours}>
          <button
            type="button" className={styles.link} aria-label={t("schedule.linkAll")} title={t("schedule.linkAll")} aria-pressed={linked.length === days.length}
            onClick={() => setLinked(linked.length === days.length ? [] : [...days])}
          >
            <IconLink size={18} aria-hidden />
          </button>
          <div className={styles.hourLabels} aria-hidden>
            {HOURS.map((hour) => (
              <span key={hour} style={{ insetInlineStart: `${(hour / 24) * 100}%` }}>
                {clock(hour * 60)}
              </span>
            ))}
          </div>
        </div>
        <div ref={rows}>
          {days.map((day, row) => {
            const dragged = isDragged(row);
            return (
              <div key={day} className={styles.day}>
                <button
                  type="button" className={styles.link} aria-pressed={linked.includes(day)} aria-label={t("schedule.link", { day: dayName(day) })} title={t("schedule.link", { day: dayName(day) })}
                  onClick={() => setLinked(linked.includes(day) ? linked.filter((name) => name !== day) : [...linked, day])}
                >
                  <IconLink size={18} aria-hidden />
                </button>
                <span className={styles.dayName}>{dayName(day)}</span>
                <div
                  className={styles.lanes} data-lane dir="ltr" role="img" aria-label={spoken(week[day] ?? [], kinds)} title={spoken(week[day] ?? [], kinds)}
                  onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={() => setDrag(null)}
                >
                  {kinds.map((candidate, lane) =>
                    stretchesOf(week[day] ?? [], candidate.value).map(([from, to]) => (
                      <i key={`${candidate.value}${from}`} className={styles.bar} data-chosen={candidate.value === kind || undefined} style={barStyle(from, to, lane, kinds.length, colourOf(candidate))} />
                    )),
                  )}
                  {dragged && option && (
                    <i className={styles.bar} data-draft={drag!.on ? "on" : "off"} style={barStyle(dragged[0], dragged[1], names.indexOf(kind), kinds.length, colourOf(option))}>
                      {row === drag!.endRow && <b>{`${clock(dragged[0])} – ${clock(dragged[1])}`}</b>}
                    </i>
                  )}
                </div>
                <ActionIcon
                  variant="subtle" color="gray" aria-label={t("schedule.clear", { kind: option?.title ?? kind, day: dayName(day) })} title={t("schedule.clear", { kind: option?.title ?? kind, day: dayName(day) })}
                  onClick={() => change(together([day]), (periods) => paint(periods, names, kind, [0, DAY_MIN], false))}
                >
                  <IconEraser size={18} aria-hidden />
                </ActionIcon>
                <ActionIcon variant="subtle" color="gray" aria-label={t("schedule.edit", { day: dayName(day) })} title={t("schedule.edit", { day: dayName(day) })} onClick={() => setEditing(day)}>
                  <IconPencil size={18} aria-hidden />
                </ActionIcon>
              </div>
            );
          })}
        </div>
      </div>
      <p className="dim small">{t("schedule.hint")}</p>
      {broken.map(([path, text]) => (
        <p key={path} className={styles.error}>
          {t("settings.fieldError", { title: path === "" ? field.title : dayName(path.split(".")[0]!), text })}
        </p>
      ))}
      {editing !== null && (
        <PeriodsDialog
          day={editing} days={days} kinds={kinds} most={most} periods={week[editing] ?? []} close={() => setEditing(null)}
          take={(targets, periods) => {
            setEditing(null);
            change(targets, () => periods);
          }}
        />
      )}
    </div>
  );
}

/** The kind that comes last in the priority fills the row; the others run over it, each in its lane. */
function barStyle(from: number, to: number, lane: number, lanes: number, colour: string): CSSProperties {
  const ground = lane === lanes - 1;
  const share = 100 / Math.max(1, lanes - 1);
  return {
    left: `${(from / DAY_MIN) * 100}%`, width: `${((to - from) / DAY_MIN) * 100}%`, background: colour, zIndex: ground ? 0 : 1,
    top: ground ? 0 : `${lane * share}%`, height: ground ? "100%" : `${share}%`,
  };
}
