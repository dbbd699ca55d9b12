/** The box's habits of display: how times and dates are written, what stands over pictures, reach of instant playback. */
import { Store } from "../state/store";

export interface Habits {
  clock: "24h" | "12h";
  weekStart: "monday" | "sunday";
  /** How far back instant playback goes (D1-LV-20). */
  instantMinutes: number;
  /** "d MMM yyyy" as the language writes it, else in this order with these separators. */
  dateFormat: string;
  /** Whether the name of the camera, and date and time, stand over each picture (D2-DI-03). */
  channelTitle: boolean;
  timeTitle: boolean;
}

export const habits = new Store<Habits>({ clock: "24h", weekStart: "monday", instantMinutes: 5, dateFormat: "d MMM yyyy", channelTitle: true, timeTitle: true });
