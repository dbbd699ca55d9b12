/** "Tag this instant": asks for a name while the picture waits (D1-PB-34). */
import { Button, Modal } from "@mantine/core";
import { t } from "../i18n";
import { shownInstant } from "../live/screens";
import { channelOf } from "../state/box";
import { may, session } from "../state/session";
import { Store, useStore } from "../state/store";
import { dateTime } from "../time/format";
import { say } from "../ui/toast";
import { addTag } from "./api";
import { NameField, useName } from "./NameField";
import styles from "./tags.module.css";

interface Instant {
  channel: number;
  at: number;
}

const asked = new Store<Instant | null>(null);

/** Ask for the name of what a tile shows at this moment. */
export function tagInstant(channel: number): void {
  if (!may(session.get(), "tag")) return;
  asked.set({ channel, at: Math.round(shownInstant(channel)) });
}

export function TagDialog() {
  const instant = useStore(asked);
  return instant && <Dialog key={`${instant.channel}/${instant.at}`} {...instant} />;
}

function Dialog({ channel, at }: Instant) {
  const name = useName("");
  const close = (): void => asked.set(null);
  const save = async (): Promise<void> => {
    if (name.wrong !== null || name.busy) return;
    if (!(await name.send(() => addTag(channel, at, name.text)))) return;
    say(t("tags.added", { name: name.text.trim() }));
    close();
  };
  const label = t("channel.label", { id: String(channel), name: channelOf(channel)?.name ?? "" });
  return (
    <Modal opened onClose={close} title={t("tags.add")} closeButtonProps={{ "aria-label": t("action.close") }}>
      <form
        className={styles.dialog}
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <p className="dim">{t("tags.addTo", { channel: label, when: dateTime(at) })}</p>
        <NameField name={name} label={t("tags.name")} />
        <div className={styles.dialogActs}>
          <Button variant="default" onClick={close}>{t("action.cancel")}</Button>
          <Button type="submit" loading={name.busy} disabled={name.wrong !== null}>{t("tags.addButton")}</Button>
        </div>
      </form>
    </Modal>
  );
}
