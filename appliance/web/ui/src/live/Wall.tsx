/** The grid of tiles in the chosen layout. */
import { useEffect, type CSSProperties } from "react";
import type { Channel } from "../api/types";
import { t } from "../i18n";
import { EmptyTile } from "./EmptyTile";
import { layoutOf } from "./layouts";
import styles from "./live.module.css";
import { closeReplay, replays } from "./replays";
import { keepOnly } from "./screens";
import { useRest } from "../ui/useRest";
import { Tile } from "./Tile";
import { shownPlaces, tilesOf, type WallState } from "./wall";

export function Wall({ state, channels }: { state: WallState; channels: Channel[] }) {
  const layout = layoutOf(tilesOf(state));
  const places = shownPlaces(state);
  const lone = state.enlarged !== null ? places.indexOf(state.enlarged) : -1;
  const visible = lone >= 0 ? [places[lone]!] : places.filter((id): id is number => id !== null);
  const key = visible.join(",");
  useEffect(() => {
    const shown = key === "" ? [] : key.split(",").map(Number);
    keepOnly(shown);
    for (const id of replays.get()) if (!shown.includes(id)) closeReplay(id);
  }, [key]);
  useEffect(
    () => () => {
      keepOnly([]);
      replays.set([]);
    },
    [],
  );
  const tools = useRest();
  const spare = channels.filter((channel) => !state.places.includes(channel.id));
  const style = { "--columns": lone >= 0 ? 1 : layout.columns } as CSSProperties;
  return (
    <div className={styles.wall} style={style} role="region" aria-label={t("live.wall")} data-tiles={lone >= 0 ? 1 : layout.count}>
      {places.map((id, tile) => {
        if (lone >= 0 && tile !== lone) return null;
        const cell = lone >= 0 ? { column: 1, row: 1, span: 1 } : layout.cells[tile]!;
        const channel = id === null ? undefined : channels.find((candidate) => candidate.id === id);
        const place = { "--column": `${cell.column} / span ${cell.span}`, "--row": `${cell.row} / span ${cell.span}` } as CSSProperties;
        return (
          <div key={id ?? `empty-${tile}`} className={styles.place} style={place} data-empty={channel ? undefined : ""}>
            {channel ? <Tile tile={tile} channel={channel} state={state} tools={tools} /> : <EmptyTile tile={tile} spare={spare} />}
          </div>
        );
      })}
    </div>
  );
}
