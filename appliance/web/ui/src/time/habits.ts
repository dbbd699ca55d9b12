/** The box's habits of display: clock of 24 or 12 hours, first day of the week, reach of instant playback. */
import { Store } from "../state/store";

export interface Habits {
  clock: "24h" | "12h";
  weekStart: "monday" | "sunday";
  /** How far back instant playback goes (D1-LV-20). */
  instantMinutes: number;
}

export const habits = new Store<Habits>({ clock: "24h", weekStart: "monday", instantMinutes: 5 });
