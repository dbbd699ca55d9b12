/** Pictures to a stick with place, folder and number chosen (D1-PB-23). */
import { Button, Modal, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { wrongFields } from "../api/http";
import type { Channel } from "../api/types";
import { t } from "../i18n";
import { size } from "../i18n/format";
import { jobs } from "../jobs/state";
import { useSelect, useStore } from "../state/store";
import { dateTime } from "../time/format";
import styles from "../tags/tags.module.css";
import { asked, noPlaceWords, orderPictures, type Instant } from "./pictures";
import { COUNTS, placeFor, saveTo } from "./saveTo";

export function PicturesDialog() {
  const wish = useStore(asked);
  return wish && <Dialog key={`${wish.channel.id}/${wish.at}`} {...wish} />;
}

function Dialog({ channel, at }: { channel: Channel; at: Instant }) {
  const places = useSelect(jobs, (state) => state.places);
  const { place: chosen, folder, count } = useStore(saveTo);
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const place = placeFor(places, chosen);
  const close = (): void => asked.set(null);
  const name = t("channel.label", { id: String(channel.id), name: channel.name });

  const save = async (): Promise<void> => {
    if (!place || busy) return;
    setBusy(true);
    try {
      await orderPictures(channel, place, at);
      saveTo.update({ place: place.id });
      close();
    } catch (error) {
      setWrong(Object.values(wrongFields(error)).join(" "));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={close} title={t("save.title")} closeButtonProps={{ "aria-label": t("action.close") }}>
      <form
        className={styles.dialog}
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <p className="dim">{at === "now" ? t("save.ofNow", { name }) : t("save.of", { name, when: dateTime(at) })}</p>
        {place ? (
          <Select
            label={t("save.place")} value={place.id} onChange={(value) => value && saveTo.update({ place: value })} allowDeselect={false}
            data={(places ?? []).map((found) => ({ value: found.id, label: t("save.placeFree", { name: found.name, free: size(found.free) }), disabled: !found.writable }))}
          />
        ) : (
          <p role="alert">{noPlaceWords()}</p>
        )}
        <TextInput
          label={t("save.folder")} description={t("save.folderHelp")} value={folder} maxLength={256} error={wrong} autoComplete="off" data-autofocus
          onChange={(event) => {
            setWrong("");
            saveTo.update({ folder: event.currentTarget.value });
          }}
        />
        <Select label={t("save.number")} value={String(count)} onChange={(value) => value && saveTo.update({ count: Number(value) })} allowDeselect={false} data={COUNTS.map(String)} />
        <div className={styles.dialogActs}>
          <Button variant="default" onClick={close}>{t("action.cancel")}</Button>
          <Button type="submit" loading={busy} disabled={!place || folder.trim() === ""}>{t("save.start")}</Button>
        </div>
      </form>
    </Modal>
  );
}
