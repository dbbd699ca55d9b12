/** The screens of the channels on show; one that leaves the wall keeps running a little, for a quick return. */
import { Connection } from "../media/connection";
import { Deck, deck } from "../media/deck";
import { Screen } from "../media/screen";
import { boxNow } from "../state/box";

const KEPT_MS = 6000;

const connection = new Connection();
const screens = new Map<number, Screen>();
const leaving = new Map<number, ReturnType<typeof setTimeout>>();

export function screenOf(channel: number): Screen {
  let screen = screens.get(channel);
  if (!screen) {
    screen = new Screen(connection, deck);
    screens.set(channel, screen);
  }
  return screen;
}

/** Only these channels are on show now. */
export function keepOnly(channels: readonly number[]): void {
  for (const id of screens.keys()) {
    const timer = leaving.get(id);
    if (channels.includes(id)) {
      if (timer) clearTimeout(timer);
      leaving.delete(id);
    } else if (!timer) leaving.set(id, setTimeout(() => drop(id), KEPT_MS));
  }
}

function drop(id: number): void {
  leaving.delete(id);
  screens.get(id)?.destroy();
  screens.delete(id);
}

/** A screen that is moved in time by itself, whatever the wall does; its owner destroys it. */
export function makeReplay(): { deck: Deck; screen: Screen } {
  const own = new Deck(boxNow);
  return { deck: own, screen: new Screen(connection, own) };
}

/** The instant that a channel's tile shows, ms UTC by the box's clock. */
export const shownInstant = (channel: number): number => screens.get(channel)?.utcNow() ?? (deck.state.get().mode === "live" ? boxNow() : deck.position());

/** Nobody is signed in any more: no picture is asked for until somebody is. */
export function closeAll(): void {
  for (const id of [...screens.keys()]) drop(id);
  connection.shut();
}
