/** Two marks on the bar make a clip: download it as MP4, or lock the stretch. */
import { Button, Popover, Select } from "@mantine/core";
import { IconScissors } from "@tabler/icons-react";
import { useState } from "react";
import { post, words } from "../api/http";
import type { Channel } from "../api/types";
import { t } from "../i18n";
import { clock } from "../i18n/format";
import { clip, isWhole } from "../live/clip";
import { downloadClip } from "../live/save";
import { deck } from "../media/deck";
import { navigate } from "../router/router";
import { useStore } from "../state/store";
import { time } from "../time/format";
import { say } from "../ui/toast";
import styles from "./timebar.module.css";

export function ClipTool({ channels, selected }: { channels: Channel[]; selected: number | null }) {
  const marks = useStore(clip);
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState<string | null>(null);
  const [stream, setStream] = useState("main");
  const [busy, setBusy] = useState(false);
  const id = Number(chosen ?? selected ?? channels[0]?.id);
  const channel = channels.find((candidate) => candidate.id === id) ?? channels[0];

  const lock = async (locked: boolean): Promise<void> => {
    if (!isWhole(marks) || !channel) return;
    setBusy(true);
    try {
      await post("/locks", { channel: channel.id, from: Math.round(marks.from), to: Math.round(marks.to), locked });
      say(t(locked ? "bar.clipLocked" : "bar.clipUnlocked"));
    } catch (error) {
      say(words(error), { bad: true });
    } finally {
      setBusy(false);
    }
  };

  const label = (channel: Channel): string => t("channel.label", { id: String(channel.id), name: channel.name });
  return (
    <Popover opened={open} onChange={setOpen} position="top-end" width={320} trapFocus>
      <Popover.Target>
        <button type="button" className={styles.tool} aria-label={t("bar.clip")} title={t("bar.clip")} aria-pressed={marks.from !== null} onClick={() => setOpen(!open)}>
          <IconScissors size={18} stroke={1.6} aria-hidden />
          <span className={styles.hideOnPhone}>{t("bar.clip")}</span>
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className={styles.clipBox}>
          <div className={styles.clipRow}>
            <Button variant="default" fullWidth onClick={() => clip.set({ from: deck.position(), to: marks.to !== null && marks.to > deck.position() ? marks.to : null })}>
              {marks.from === null ? t("bar.clipFrom") : t("bar.clipFromAt", { time: time(marks.from) })}
            </Button>
            <Button variant="default" fullWidth disabled={marks.from === null} onClick={() => clip.update({ to: deck.position() })}>
              {marks.to === null ? t("bar.clipTo") : t("bar.clipToAt", { time: time(marks.to) })}
            </Button>
          </div>
          {!isWhole(marks) && <p className="dim small">{marks.to === null ? t("bar.clipHelp") : t("bar.clipEmpty")}</p>}
          {channel && (
            <Select
              label={t("events.channel")} value={String(channel.id)} onChange={setChosen} comboboxProps={{ withinPortal: false }}
              data={channels.map((candidate) => ({ value: String(candidate.id), label: label(candidate) }))}
            />
          )}
          <Select
            label={t("bar.clipStream")} value={stream} onChange={(value) => setStream(value ?? "main")} comboboxProps={{ withinPortal: false }}
            data={[{ value: "main", label: t("tile.stream.main") }, { value: "sub", label: t("tile.stream.sub") }]}
          />
          {isWhole(marks) && channel && <p className="num">{t("bar.clipLength", { length: clock((marks.to - marks.from) / 1000), name: label(channel) })}</p>}
          <Button disabled={!isWhole(marks) || !channel} onClick={() => isWhole(marks) && channel && downloadClip(channel, stream, marks.from, marks.to)}>
            {t("bar.clipDownload")}
          </Button>
          <Button variant="default" disabled={!isWhole(marks) || !channel} onClick={() => isWhole(marks) && channel && void navigate(`/backup?channels=${channel.id}&stream=${stream}&from=${Math.round(marks.from)}&to=${Math.round(marks.to)}`)}>
            {t("backup.fromMarks")}
          </Button>
          <div className={styles.clipRow}>
            <Button variant="default" fullWidth disabled={!isWhole(marks)} loading={busy} onClick={() => void lock(true)}>
              {t("bar.clipLock")}
            </Button>
            <Button variant="default" fullWidth disabled={!isWhole(marks)} onClick={() => void lock(false)}>
              {t("bar.clipUnlock")}
            </Button>
          </div>
          <Button variant="subtle" className="quiet" disabled={marks.from === null} onClick={() => clip.set({ from: null, to: null })}>
            {t("bar.clipClear")}
          </Button>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
