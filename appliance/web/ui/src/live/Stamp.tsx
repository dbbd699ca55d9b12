/** Date and time of the picture, in the box's zone (D1-LV-02); small tiles leave the date out. */
import { useEffect, useRef } from "react";
import { date, timeOffset } from "../time/format";
import styles from "./tile.module.css";

/** What a stamp says of an instant (ms UTC); empty without a picture. */
export const stampOf = (utc: number | null): { date: string; time: string } => (utc === null ? { date: "", time: "" } : { date: date(utc), time: timeOffset(utc) });

/** `instant` tells the capture time of the frame on screen; written straight into the page, without a render. `dated`: also where there is little room. */
export function Stamp({ instant, dated }: { instant: () => number | null; dated: boolean }) {
  const day = useRef<HTMLSpanElement>(null);
  const clock = useRef<HTMLSpanElement>(null);
  const element = useRef<HTMLTimeElement>(null);
  const latest = useRef(instant);
  latest.current = instant;
  useEffect(() => {
    const put = (place: HTMLElement | null, text: string): void => {
      if (place && place.textContent !== text) place.textContent = text;
    };
    const write = (): void => {
      const utc = latest.current();
      const stamp = stampOf(utc);
      put(day.current, stamp.date);
      put(clock.current, stamp.time);
      if (utc === null) element.current?.removeAttribute("datetime");
      else element.current?.setAttribute("datetime", new Date(Math.floor(utc / 1000) * 1000).toISOString());
    };
    write();
    const timer = setInterval(write, 250);
    return () => clearInterval(timer);
  }, []);
  return (
    <time ref={element} className={styles.stamp} data-dated={dated || undefined}>
      <span ref={day} className={styles.stampDate} />
      <span ref={clock} />
    </time>
  );
}
