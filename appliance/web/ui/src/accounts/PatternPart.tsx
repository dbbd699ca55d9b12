/** The unlock pattern of the recorder's own screen (D2-AC-07): drawn over nine points, or chosen by keyboard. */
import { Button } from "@mantine/core";
import { useRef, useState, type PointerEvent } from "react";
import { t } from "../i18n";
import { Section } from "../ui/parts";
import { say } from "../ui/toast";
import { setPattern } from "./api";
import styles from "./accounts.module.css";
import { Proof } from "./Proof";

const LEAST = 4;
const SIZE = 240;
const POINTS = Array.from({ length: 9 }, (_, index) => ({ n: index + 1, x: 40 + 80 * (index % 3), y: 40 + 80 * Math.floor(index / 3) }));
const NEAR = 26;

/** The point that a line between two passes over joins too, as every such screen does: 1 to 3 joins 2. */
export function joined(path: readonly number[], next: number): number[] {
  if (path.includes(next)) return [...path];
  const last = path.at(-1);
  const out = [...path];
  if (last !== undefined) {
    const [ax, ay, bx, by] = [(last - 1) % 3, Math.floor((last - 1) / 3), (next - 1) % 3, Math.floor((next - 1) / 3)];
    const middle = ((ax + bx) / 2) + ((ay + by) / 2) * 3 + 1;
    if ((ax + bx) % 2 === 0 && (ay + by) % 2 === 0 && !out.includes(middle)) out.push(middle);
  }
  return [...out, next];
}

export function PatternPart({ on, changed }: { on: boolean; changed: () => void }) {
  const [drawing, setDrawing] = useState(false);
  const [path, setPath] = useState<number[]>([]);
  const [asking, setAsking] = useState<"set" | "drop" | null>(null);
  return (
    <Section title={t("pattern.title")}>
      <div className={styles.part}>
        <p className="dim">{t("pattern.text")} {on && t("pattern.on")}</p>
        {drawing ? (
          <>
            <Draw path={path} set={setPath} />
            <p className="dim small" aria-live="polite">{path.length ? t("pattern.points", { points: path.join(" - ") }) : t("pattern.none")}</p>
            <div>
              <Button variant="default" onClick={() => setPath([])}>{t("pattern.again")}</Button>{" "}
              <Button disabled={path.length < LEAST} onClick={() => setAsking("set")}>{t("pattern.set")}</Button>
            </div>
          </>
        ) : (
          <div>
            <Button variant="default" onClick={() => setDrawing(true)}>{t("pattern.set")}</Button>{" "}
            {on && <Button variant="default" onClick={() => setAsking("drop")}>{t("pattern.drop")}</Button>}
          </div>
        )}
      </div>
      {asking && (
        <Proof
          title={t(asking === "set" ? "pattern.set" : "pattern.drop")} close={() => setAsking(null)}
          act={async (password) => {
            await setPattern(password, asking === "set" ? path : []);
            say(t(asking === "set" ? "pattern.saved" : "pattern.dropped"));
            setDrawing(false);
            setPath([]);
            changed();
          }}
        />
      )}
    </Section>
  );
}

function Draw({ path, set }: { path: number[]; set: (path: number[]) => void }) {
  const held = useRef(false);
  const hit = (event: PointerEvent<SVGSVGElement>): void => {
    const area = event.currentTarget.getBoundingClientRect();
    const [x, y] = [((event.clientX - area.left) / area.width) * SIZE, ((event.clientY - area.top) / area.height) * SIZE];
    const point = POINTS.find((candidate) => Math.hypot(candidate.x - x, candidate.y - y) < NEAR);
    if (point) set(joined(path, point.n));
  };
  const at = (n: number) => POINTS[n - 1]!;
  return (
    <svg
      className={styles.draw} viewBox={`0 0 ${SIZE} ${SIZE}`} role="group" aria-label={t("pattern.draw")}
      onPointerDown={(event) => {
        held.current = true;
        hit(event);
      }}
      onPointerMove={(event) => held.current && hit(event)} onPointerUp={() => (held.current = false)} onPointerLeave={() => (held.current = false)}
    >
      <polyline points={path.map((n) => `${at(n).x},${at(n).y}`).join(" ")} />
      {POINTS.map((point) => (
        <circle
          key={point.n} cx={point.x} cy={point.y} r={10} data-on={path.includes(point.n) || undefined} tabIndex={0} role="button" aria-pressed={path.includes(point.n)} aria-label={t("pattern.point", { n: point.n })}
          onKeyDown={(event) => (event.key === "Enter" || event.key === " ") && set(joined(path, point.n))}
        />
      ))}
    </svg>
  );
}
