/** A line over time by uPlot: units on the axis, gaps as gaps, the pointer reads values. */
import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { scheme } from "../state/appearance";
import { useStore } from "../state/store";
import { time } from "../time/format";
import { zone } from "../time/zone";
import styles from "./status.module.css";

interface Props {
  title: string;
  label: string;
  /** Seconds UTC. */
  times: number[];
  values: (number | null)[];
  format: (value: number) => string;
  top?: number;
}

const HEIGHT = 150;

export function Chart({ title, label, times, values, format, top }: Props) {
  const root = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [read, setRead] = useState<string | null>(null);
  const look = useStore(scheme);
  const latest = useRef({ times, values, format });
  latest.current = { times, values, format };

  useEffect(() => {
    const element = root.current;
    if (!element) return;
    const style = getComputedStyle(element);
    const colour = (name: string): string => style.getPropertyValue(name).trim();
    const axis = { stroke: colour("--mantine-color-dimmed"), grid: { stroke: colour("--nvr-line"), width: 1 }, ticks: { show: false }, font: '12px "Inter Variable", sans-serif' };
    const chart = new uPlot(
      {
        width: element.clientWidth, height: HEIGHT, legend: { show: false }, cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone()),
        scales: { y: { range: (_self, low, high) => [Math.min(0, low * 1.15), top ?? Math.max(1, high * 1.15)] } },
        axes: [{ ...axis, size: 28, values: (_self, marks) => marks.map((mark) => time(mark * 1000)), space: 90 }, { ...axis, size: 76, values: (_self, marks) => marks.map((mark) => latest.current.format(mark)) }],
        series: [{}, { stroke: colour("--nvr-accent"), width: 1.5, fill: `${colour("--nvr-accent")}22`, spanGaps: false, points: { show: false } }],
        hooks: {
          setCursor: [(self) => {
            const i = self.cursor.idx;
            const value = i === null || i === undefined ? null : latest.current.values[i];
            setRead(value === null || value === undefined ? null : `${time((latest.current.times[i!] ?? 0) * 1000)}  ${latest.current.format(value)}`);
          }],
        },
      },
      [latest.current.times, latest.current.values], element,
    );
    plot.current = chart;
    const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, [look, top]);

  useEffect(() => {
    plot.current?.setData([times, values]);
  }, [times, values]);

  const last = values.findLast((value) => value !== null);
  return (
    <figure className={styles.chart} style={{ margin: 0 }}>
      <figcaption className={styles.chartHead}>
        <span>{title}</span>
        <strong>{read ?? (last === null || last === undefined ? "" : format(last))}</strong>
      </figcaption>
      <div ref={root} role="img" aria-label={label} dir="ltr" />
    </figure>
  );
}
