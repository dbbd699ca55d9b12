/** Which stream of a channel has sound that this browser can play together with its picture. */
import type { Channel } from "../api/types";
import { canShow } from "../media/codecs";

/** The sub stream if it has sound, else the main stream if it can be shown; null if there is none. */
export function soundStream(channel: Pick<Channel, "streams">): "main" | "sub" | null {
  const { main, sub } = channel.streams;
  if (sub?.audio) return "sub";
  return main?.audio && canShow(main.codec_string) ? "main" : null;
}
