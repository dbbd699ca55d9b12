/** Previous and next recording or event. */
import { IconArrowBarToLeft, IconArrowBarToRight } from "@tabler/icons-react";
import { useState } from "react";
import { words } from "../api/http";
import { t } from "../i18n";
import { deck } from "../media/deck";
import { Store } from "../state/store";
import { say } from "../ui/toast";
import { bar } from "./state";
import { findStop, type Direction } from "./stops";
import styles from "./timebar.module.css";

/** The channels that the bar shows; jumps look through these. */
export const shownChannels = new Store<readonly number[]>([]);

let asked = 0;

/** Play from the next or previous beginning of a recording or an event. */
export async function jump(direction: Direction): Promise<void> {
  asked += 1;
  const mine = asked;
  try {
    const stop = await findStop(shownChannels.get(), deck.position(), direction, bar.get().hiddenKinds);
    // Somebody has pressed again meanwhile: theirs counts.
    if (mine !== asked) return;
    if (stop === null) return say(t(direction > 0 ? "bar.nothingLater" : "bar.nothingEarlier"));
    bar.update({ following: true });
    deck.seek(stop, true);
  } catch (error) {
    if (mine === asked) say(t("bar.loadFailed", { text: words(error) }), { bad: true });
  }
}

export function JumpTool({ direction, className }: { direction: Direction; className?: string | undefined }) {
  const [busy, setBusy] = useState(false);
  const text = t(direction > 0 ? "bar.nextStop" : "bar.previousStop");
  const go = async (): Promise<void> => {
    setBusy(true);
    await jump(direction);
    setBusy(false);
  };
  const Icon = direction > 0 ? IconArrowBarToRight : IconArrowBarToLeft;
  return (
    <button type="button" className={`${styles.tool} ${className ?? ""}`} aria-label={text} title={text} aria-busy={busy} onClick={() => void go()}>
      <Icon size={20} stroke={1.6} aria-hidden />
    </button>
  );
}
