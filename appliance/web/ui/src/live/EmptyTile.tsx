/** A tile without a camera: puts a camera there, one that is not on the wall or a new one. */
import { Menu } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import type { Channel } from "../api/types";
import { t } from "../i18n";
import { navigate } from "../router/router";
import { acceptsDrop, dropOn } from "./Tile";
import styles from "./tile.module.css";
import { put } from "./wall";

export function EmptyTile({ tile, spare }: { tile: number; spare: Channel[] }) {
  const [over, setOver] = useState(false);
  const add = (): void => void navigate("/cameras/new");
  const button = (
    <button type="button" className={styles.emptyButton} onClick={spare.length === 0 ? add : undefined}>
      <IconPlus size={22} stroke={1.5} aria-hidden />
      {t("tile.add")}
    </button>
  );
  return (
    <div
      className={styles.emptyTile}
      role="group"
      aria-label={t("tile.empty", { n: tile + 1 })}
      data-over={over || undefined}
      onDragOver={(event) => {
        if (!acceptsDrop(event)) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false);
        dropOn(event, tile);
      }}
    >
      {spare.length === 0 ? (
        button
      ) : (
        <Menu width={240}>
          <Menu.Target>{button}</Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>{t("tile.place")}</Menu.Label>
            {spare.map((channel) => (
              <Menu.Item key={channel.id} onClick={() => put(tile, channel.id)}>
                {t("channel.label", { id: String(channel.id), name: channel.name })}
              </Menu.Item>
            ))}
            <Menu.Divider />
            <Menu.Item onClick={add}>{t("tile.add")}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
    </div>
  );
}
