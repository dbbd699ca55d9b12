/** Of a tile's menu: instant backup and pictures to a stick; in words what is missing where none is there. */
import { Menu } from "@mantine/core";
import type { Channel } from "../api/types";
import { t } from "../i18n";
import { jobs } from "../jobs/state";
import { deck } from "../media/deck";
import { session } from "../state/session";
import { useSelect, useStore } from "../state/store";
import { Choice } from "./Choice";
import { discardInstant, marks, mine, startInstant, stopInstant } from "./instant";
import { askPictures, noPlaceWords, savePictures } from "./pictures";
import { COUNTS, maySave, placeFor, saveTo } from "./saveTo";
import styles from "./tile.module.css";

export function SaveItems({ channel }: { channel: Channel }) {
  const { user } = useStore(session);
  const places = useSelect(jobs, (state) => state.places);
  const chosen = useSelect(saveTo, (state) => state.place);
  const live = useStore(deck.state).mode === "live";
  const marked = useSelect(marks, (all) => mine(all, user).some((mark) => mark.channel === channel.id));
  if (!maySave(channel.id) || places === null) return null;
  const place = placeFor(places, chosen);
  return (
    <>
      {marked && <Menu.Item onClick={() => void stopInstant(channel.id)}>{t("instant.stop")}</Menu.Item>}
      {marked && <Menu.Item onClick={() => discardInstant(channel.id)}>{t("instant.discard")}</Menu.Item>}
      {!marked && live && place && <Menu.Item onClick={() => startInstant(channel)}>{t("instant.start")}</Menu.Item>}
      {place ? (
        <>
          <Menu.Label>{t("save.heading", { place: place.name })}</Menu.Label>
          <div className={styles.choices} role="group" aria-label={t("save.heading", { place: place.name })}>
            {COUNTS.map((count) => (
              <Choice key={count} label={t("save.count", { n: count })} onClick={() => void savePictures(channel, count)}>
                {count}
              </Choice>
            ))}
          </div>
          <Menu.Item onClick={() => askPictures(channel)}>{t("save.as")}</Menu.Item>
        </>
      ) : (
        <>
          <Menu.Label>{t("save.title")}</Menu.Label>
          <p className={styles.noPlace}>{noPlaceWords()}</p>
        </>
      )}
    </>
  );
}
