/** What is done with chosen results of a search: a tag for each, a lock around each (D2-RS-03, D2-RS-04, D1-LV-28). */
import { Button, Modal } from "@mantine/core";
import { IconLock, IconTag } from "@tabler/icons-react";
import { useState } from "react";
import { post, words } from "../api/http";
import { t } from "../i18n";
import { boxNow } from "../state/box";
import { may, session } from "../state/session";
import { useStore } from "../state/store";
import { say } from "../ui/toast";
import { addTag } from "./api";
import { NameField, useName } from "./NameField";
import styles from "./tags.module.css";

/** Something that happened at a camera; `end` is null while it goes on. */
export interface Result {
  channel: number;
  start: number;
  end: number | null;
}

/** So much before and after a result belongs to it. */
export const AROUND_MS = 10_000;

export const stretchOf = (result: Result, now: number): { from: number; to: number } => ({
  from: Math.max(0, Math.round(result.start - AROUND_MS)),
  to: Math.round((result.end ?? now) + AROUND_MS),
});

interface Props {
  results: readonly Result[];
  /** Called once they are tagged or locked. */
  done: () => void;
}

export function ResultActs({ results, done }: Props) {
  const me = useStore(session);
  const [naming, setNaming] = useState(false);
  const [locking, setLocking] = useState(false);
  const n = results.length;
  if (n === 0) return null;
  const lock = async (): Promise<void> => {
    setLocking(true);
    try {
      let withFootage = 0;
      for (const result of results) {
        const { changed } = await post<{ changed: number }>("/locks", { channel: result.channel, ...stretchOf(result, boxNow()), locked: true });
        withFootage += changed > 0 ? 1 : 0;
      }
      if (withFootage > 0) say(t("results.locked", { n: withFootage }));
      else say(t("results.nothing"), { bad: true });
      done();
    } catch (error) {
      say(words(error), { bad: true });
    } finally {
      setLocking(false);
    }
  };
  return (
    <>
      {may(me, "tag") && (
        <Button variant="default" leftSection={<IconTag size={16} aria-hidden />} onClick={() => setNaming(true)}>
          {t("results.tag", { n })}
        </Button>
      )}
      {may(me, "lock") && (
        <Button variant="default" leftSection={<IconLock size={16} aria-hidden />} loading={locking} onClick={() => void lock()}>
          {t("results.lock", { n })}
        </Button>
      )}
      {naming && <Naming results={results} close={() => setNaming(false)} done={done} />}
    </>
  );
}

function Naming({ results, close, done }: Props & { close: () => void }) {
  const name = useName("");
  const n = results.length;
  const save = async (): Promise<void> => {
    if (name.wrong !== null || name.busy) return;
    const tagged = await name.send(async () => {
      for (const result of results) await addTag(result.channel, result.start, name.text);
    });
    if (!tagged) return;
    say(t("results.tagged", { n, name: name.text.trim() }));
    close();
    done();
  };
  return (
    <Modal opened onClose={close} title={t("results.tag", { n })} closeButtonProps={{ "aria-label": t("action.close") }}>
      <form
        className={styles.dialog}
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <p className="dim">{t("results.tagText", { n })}</p>
        <NameField name={name} label={t("tags.name")} />
        <div className={styles.dialogActs}>
          <Button variant="default" onClick={close}>{t("action.cancel")}</Button>
          <Button type="submit" loading={name.busy} disabled={name.wrong !== null}>{t("tags.addButton")}</Button>
        </div>
      </form>
    </Modal>
  );
}
