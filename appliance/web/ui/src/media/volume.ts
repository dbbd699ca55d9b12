/** How loud the camera that is listened to plays (D1-PB-21): 0 to 1, remembered in this browser. */
import { recall, remember } from "../state/remember";
import { Store } from "../state/store";

const within = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 1);

export const volume = new Store<number>(within(recall<unknown>("volume", 1)));

export function setVolume(value: number): void {
  volume.set(within(value));
  remember("volume", volume.get());
}

/** Keep an element that plays sound as loud as is wanted; returns how to let it go. */
export function followVolume(element: HTMLMediaElement): () => void {
  const apply = (): void => {
    element.volume = volume.get();
  };
  apply();
  return volume.subscribe(apply);
}
