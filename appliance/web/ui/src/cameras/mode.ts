/** The recording switch of a channel: Auto (by schedule), Manual (always), Off (D1-SR-05). */
import { words } from "../api/http";
import type { Channel } from "../api/types";
import { change } from "../settings/api";
import { mergeChannels, refreshChannels } from "../state/box";
import { say } from "../ui/toast";

export type Mode = "auto" | "manual" | "off";
export const MODES: readonly Mode[] = ["auto", "manual", "off"];

/** Set the switch of these channels; a refusal is said, and the box's own word stands in the end. False if refused. */
export async function setMode(channels: readonly Channel[], mode: Mode): Promise<boolean> {
  const changed = channels.filter((channel) => channel.mode !== mode);
  // Show it at once; the box's own word replaces it.
  mergeChannels(changed.map((channel) => ({ id: channel.id, mode })));
  let done = true;
  try {
    for (const channel of changed) await change("channels", channel.id, { mode });
  } catch (error) {
    done = false;
    say(words(error), { bad: true });
  }
  void refreshChannels().catch(() => {});
  return done;
}
