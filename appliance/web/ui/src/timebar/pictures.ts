/** Small pictures of instants for the bar's preview: few at a time, given up when nobody waits for them any more. */
import { url } from "../api/http";

/** The box makes them one after the other anyway; more would only be in the way of live pictures. */
const AT_ONCE = 2;
const WIDTH_PX = 240;

export type Load = (at: number, signal: AbortSignal) => Promise<Blob | null>;

/** A picture of a channel near an instant (ms UTC); null where the box has none to give. */
export const pictureOf = (channel: number): Load => async (at, signal) => {
  const query = { channel, at, stream: "sub", width: WIDTH_PX, preview: true };
  const response = await fetch(url("/snapshot", query), { credentials: "same-origin", signal });
  return response.status === 200 ? await response.blob() : null;
};

/** Load the pictures in their order, `take` each as it comes; ends early once `signal` says so. */
export async function loadAll(instants: readonly number[], load: Load, take: (at: number, picture: Blob) => void, signal: AbortSignal): Promise<void> {
  const waiting = [...instants];
  const work = async (): Promise<void> => {
    for (let at = waiting.shift(); at !== undefined && !signal.aborted; at = waiting.shift()) {
      try {
        const picture = await load(at, signal);
        if (picture && !signal.aborted) take(at, picture);
      } catch {
        // Given up, or the box is away: a preview is welcome, not needed.
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
