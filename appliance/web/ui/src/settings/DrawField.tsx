/** Drawing on the live picture of a camera: lines, regions, or the cells of a grid; with keys, too. */
import { ActionIcon, Button, Select, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useContext, useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { url } from "../api/http";
import { t } from "../i18n";
import { crossesItself, fill, FULL, gridOf, pointAt, type Point, type Shape } from "./draw";
import styles from "./draw.module.css";
import type { FieldProps } from "./Field";
import { FormContext } from "./context";

const REFRESH_MS = 1000;
const STEP = 100;

/** The picture as it is now, renewed each second; says so where there is none. */
function LivePicture({ channel }: { channel: number | null }) {
  const [shown, setShown] = useState<string | null>(null);
  const [lost, setLost] = useState(false);
  useEffect(() => {
    if (channel === null) return;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | null = null;
    let last: string | null = null;
    const load = async (): Promise<void> => {
      try {
        const response = await fetch(url("/snapshot", { channel, at: "now", stream: "sub", width: 1280 }), { signal: abort.signal });
        if (!response.ok) throw new Error(String(response.status));
        const next = URL.createObjectURL(await response.blob());
        setShown(next);
        setLost(false);
        // The one before is still on screen until the next has been drawn.
        const before = last;
        last = next;
        if (before) setTimeout(() => URL.revokeObjectURL(before), REFRESH_MS);
      } catch {
        if (!abort.signal.aborted) setLost(true);
      }
      if (!abort.signal.aborted) timer = setTimeout(() => void load(), REFRESH_MS);
    };
    void load();
    return () => {
      abort.abort();
      if (timer) clearTimeout(timer);
      if (last) URL.revokeObjectURL(last);
    };
  }, [channel]);
  if (channel === null) return <p className={styles.none}>{t("draw.noChannel")}</p>;
  return (
    <>
      {shown && <img src={shown} alt={t("draw.picture")} draggable={false} />}
      {lost && !shown && <p className={styles.none}>{t("draw.noPicture")}</p>}
    </>
  );
}

type Props = FieldProps & { description: string | undefined };

export function DrawField(props: Props) {
  return props.field.widget === "grid" ? <GridDrawing {...props} /> : <ShapeDrawing {...props} />;
}

function Head({ field, description }: Pick<Props, "field" | "description">) {
  return (
    <>
      <strong>{field.title}</strong>
      {description && <p className="dim small">{description}</p>}
    </>
  );
}

function ShapeDrawing({ field, value, set, errors, description }: Props) {
  const { channel } = useContext(FormContext);
  const shapes = Array.isArray(value) ? (value as Shape[]) : [];
  const closed = field.widget === "regions";
  const least = closed ? 3 : 2;
  const most = Number(field.options["points"] ?? (closed ? 20 : 2));
  const [chosen, setChosen] = useState(0);
  const [drawing, setDrawing] = useState<Point[] | null>(null);
  const [held, setHeld] = useState<number | null>(null);
  const shape = shapes[chosen];
  const put = (points: Point[]): void => set(shapes.map((other, i) => (i === chosen ? { ...other, points } : other)));
  const place = (event: PointerEvent<SVGSVGElement>): Point => {
    const box = event.currentTarget.getBoundingClientRect();
    return pointAt(event.clientX - box.left, event.clientY - box.top, box.width, box.height);
  };
  const finish = (points: Point[]): void => {
    setDrawing(null);
    if (points.length < least) return;
    set([...shapes, { ...(field.options["shape"] as object | undefined), name: t("draw.shape", { n: shapes.length + 1 }), points }]);
    setChosen(shapes.length);
  };
  const down = (event: PointerEvent<SVGSVGElement>): void => {
    if (event.button !== 0 || drawing === null) return;
    const next = [...drawing, place(event)];
    if (next.length >= most) finish(next);
    else setDrawing(next);
  };
  const move = (event: PointerEvent<SVGSVGElement>): void => {
    if (held !== null && shape) put(shape.points.map((point, i) => (i === held ? place(event) : point)));
  };
  const key = (event: KeyboardEvent, i: number): void => {
    const by: Record<string, Point> = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
    const step = by[event.key];
    if (!step || !shape) return;
    event.preventDefault();
    put(shape.points.map(([x, y], at): Point => (at === i ? pointAt(x + step[0], y + step[1], FULL, FULL) : [x, y])));
  };
  const text = (points: readonly Point[]): string => points.map((point) => point.join(",")).join(" ");
  return (
    <div className={styles.draw} role="group" aria-label={field.title}>
      <Head field={field} description={description} />
      <div className={styles.canvas} data-drawing={drawing !== null || undefined}>
        <LivePicture channel={channel} />
        <svg viewBox={`0 0 ${FULL} ${FULL}`} preserveAspectRatio="none" onPointerDown={down} onPointerMove={move} onPointerUp={() => setHeld(null)} onDoubleClick={() => drawing && finish(drawing.slice(0, -1))}>
          {shapes.map((other, i) => {
            const common = { points: text(other.points), "data-chosen": i === chosen || undefined, "data-wrong": (closed && crossesItself(other.points)) || undefined, onPointerDown: () => drawing === null && setChosen(i) };
            // eslint-disable-next-line react/no-array-index-key
            return closed ? <polygon key={i} {...common} /> : <polyline key={i} {...common} />;
          })}
          {drawing && <polyline points={text(drawing)} data-draft />}
        </svg>
        {shape && drawing === null && shape.points.map(([x, y], i) => (
          // eslint-disable-next-line react/no-array-index-key
          <button key={i} type="button" className={styles.corner} style={{ left: `${x / 100}%`, top: `${y / 100}%` }} aria-label={t("draw.corner", { n: i + 1, name: shape.name })} onKeyDown={(event) => key(event, i)} onPointerDown={() => setHeld(i)} />
        ))}
      </div>
      <div className={styles.tools}>
        {drawing === null ? (
          <>
            <Button variant="default" size="sm" leftSection={<IconPlus size={16} aria-hidden />} disabled={field.max_length !== null && shapes.length >= field.max_length} onClick={() => setDrawing([])}>{t(closed ? "draw.addRegion" : "draw.addLine")}</Button>
            {shapes.length > 1 && <Select size="sm" aria-label={t("draw.which")} value={String(chosen)} onChange={(next) => next !== null && setChosen(Number(next))} data={shapes.map((other, i) => ({ value: String(i), label: other.name || t("draw.shape", { n: i + 1 }) }))} />}
            {shape && <TextInput size="sm" aria-label={t("draw.name")} value={shape.name} maxLength={31} onChange={(event) => set(shapes.map((other, i) => (i === chosen ? { ...other, name: event.currentTarget.value } : other)))} />}
            {shape && (
              <ActionIcon variant="subtle" color="gray" aria-label={t("draw.remove", { name: shape.name })} onClick={() => {
                set(shapes.filter((_, i) => i !== chosen));
                setChosen(0);
              }}>
                <IconTrash size={18} aria-hidden />
              </ActionIcon>
            )}
          </>
        ) : (
          <>
            <span className="dim small" role="status">{t(closed ? "draw.regionHint" : "draw.lineHint", { n: drawing.length })}</span>
            {drawing.length >= least && <Button size="sm" onClick={() => finish(drawing)}>{t("draw.finish")}</Button>}
            <Button variant="default" size="sm" onClick={() => setDrawing(null)}>{t("action.cancel")}</Button>
          </>
        )}
      </div>
      {shape && closed && crossesItself(shape.points) && <p className={styles.error} role="alert">{t("draw.crosses")}</p>}
      {Object.entries(errors).map(([path, words]) => <p key={path} className={styles.error} role="alert">{t("settings.fieldError", { title: field.title, text: words })}</p>)}
    </div>
  );
}

function GridDrawing({ field, value, set, errors, description }: Props) {
  const { channel } = useContext(FormContext);
  const [columns, rows] = [Number(field.options["columns"] ?? 22), Number(field.options["rows"] ?? 18)];
  const grid = gridOf(value, columns, rows);
  const [drag, setDrag] = useState<{ from: Point; to: Point; on: boolean } | null>(null);
  const board = useRef<HTMLDivElement>(null);
  const cellOf = (event: PointerEvent<HTMLDivElement>): Point => {
    const box = event.currentTarget.getBoundingClientRect();
    const [x, y] = pointAt(event.clientX - box.left, event.clientY - box.top, box.width, box.height);
    return [Math.min(columns - 1, Math.floor((x / FULL) * columns)), Math.min(rows - 1, Math.floor((y / FULL) * rows))];
  };
  const shown = drag ? fill(grid, drag.from, drag.to, drag.on) : grid;
  const count = shown.reduce((sum, row) => sum + [...row].filter((cell) => cell === "1").length, 0);
  return (
    <div className={styles.draw} role="group" aria-label={field.title}>
      <Head field={field} description={description} />
      <div className={styles.canvas} data-drawing>
        <LivePicture channel={channel} />
        <div
          ref={board} className={styles.grid} style={{ gridTemplateColumns: `repeat(${columns}, 1fr)`, gridTemplateRows: `repeat(${rows}, 1fr)` }} role="img" aria-label={t("draw.cells", { n: count })}
          onPointerDown={(event) => {
            if (event.button !== 0) return;
            event.currentTarget.setPointerCapture?.(event.pointerId);
            const from = cellOf(event);
            setDrag({ from, to: from, on: grid[from[1]]![from[0]] !== "1" });
          }}
          onPointerMove={(event) => drag && setDrag({ ...drag, to: cellOf(event) })}
          onPointerUp={() => {
            if (drag) set(fill(grid, drag.from, drag.to, drag.on));
            setDrag(null);
          }}
          onPointerCancel={() => setDrag(null)}
        >
          {shown.flatMap((row, y) => [...row].map((cell, x) => <i key={`${x},${y}`} data-on={cell === "1" || undefined} />))}
        </div>
      </div>
      <div className={styles.tools}>
        <Button variant="default" size="sm" onClick={() => set(fill(grid, [0, 0], [columns - 1, rows - 1], true))}>{t("draw.whole")}</Button>
        <Button variant="default" size="sm" onClick={() => set(fill(grid, [0, 0], [columns - 1, rows - 1], false))}>{t("draw.empty")}</Button>
        <span className="dim small">{t("draw.gridHint")}</span>
      </div>
      {Object.entries(errors).map(([path, words]) => <p key={path} className={styles.error} role="alert">{t("settings.fieldError", { title: field.title, text: words })}</p>)}
    </div>
  );
}
