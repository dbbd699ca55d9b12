/** Small pictures of a camera at instants, to be looked through with mouse, finger or the arrow keys. */
import { IconPhotoOff } from "@tabler/icons-react";
import { useEffect, useRef, useState, type CSSProperties, type KeyboardEvent } from "react";
import { t } from "../i18n";
import { loadAll, pictureOf } from "../timebar/pictures";
import styles from "./find.module.css";

export interface Cell {
  /** The instant its picture is of (ms UTC). */
  at: number;
  title: string;
  /** What is read out for its button. */
  label: string;
  open: () => void;
  play?: () => void;
}

interface Loaded {
  pictures: ReadonlyMap<number, string>;
  /** Every picture was asked for. */
  done: boolean;
}

const NONE: Loaded = { pictures: new Map(), done: false };

function useSmallPictures(channel: number, instants: readonly number[]): Loaded {
  const [loaded, setLoaded] = useState(NONE);
  const key = instants.join(",");
  useEffect(() => {
    const abort = new AbortController();
    const links: string[] = [];
    setLoaded(NONE);
    const take = (at: number, picture: Blob): void => {
      const link = URL.createObjectURL(picture);
      links.push(link);
      setLoaded((old) => ({ ...old, pictures: new Map(old.pictures).set(at, link) }));
    };
    void loadAll(key === "" ? [] : key.split(",").map(Number), pictureOf(channel), take, abort.signal).then(() => {
      if (!abort.signal.aborted) setLoaded((old) => ({ ...old, done: true }));
    });
    return () => {
      abort.abort();
      for (const link of links) URL.revokeObjectURL(link);
    };
  }, [channel, key]);
  return loaded;
}

/** Where an arrow key leads from a cell; rows are as long as the grid is wide. */
export function stepTo(key: string, at: number, count: number, columns: number): number | null {
  const steps: Record<string, number> = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - columns, ArrowDown: at + columns, Home: 0, End: count - 1 };
  const next = steps[key];
  return next === undefined || next < 0 || next >= count ? null : next;
}

const columnsOf = (grid: HTMLElement): number => Math.max(1, getComputedStyle(grid).gridTemplateColumns.split(" ").length);

interface Props {
  channel: number;
  cells: readonly Cell[];
  label: string;
  /** Side by side where there is room; null: as many as fit. */
  columns: number | null;
}

export function PictureGrid({ channel, cells, label, columns }: Props) {
  const { pictures, done } = useSmallPictures(channel, cells.map((cell) => cell.at));
  const grid = useRef<HTMLUListElement>(null);
  const press = (event: KeyboardEvent, number: number): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const play = cells[number]?.play;
    if (event.key.toLowerCase() === "p" && play) play();
    else {
      const next = grid.current && stepTo(event.key, number, cells.length, columnsOf(grid.current));
      if (next === null) return;
      grid.current?.querySelectorAll<HTMLButtonElement>("[data-cell]")[next]?.focus();
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <ul className={styles.grid} ref={grid} aria-label={label} data-columns={columns === null ? undefined : true} style={columns === null ? undefined : ({ "--columns": columns } as CSSProperties)}>
      {cells.map((cell, number) => {
        const picture = pictures.get(cell.at);
        return (
          <li key={cell.at}>
            <button type="button" data-cell className={styles.cell} aria-label={cell.label} onClick={cell.open} onKeyDown={(event) => press(event, number)}>
              <span className={styles.picture}>
                {picture ? (
                  <img src={picture} alt="" draggable={false} />
                ) : (
                  <span className="dim small">
                    {done && <IconPhotoOff size={22} stroke={1.4} aria-hidden />}
                    {t(done ? "find.noPicture" : "find.loading")}
                  </span>
                )}
              </span>
              <span className="num">{cell.title}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
