/** The box's habits of display: clock of 24 or 12 hours, first day of the week. */
import { Store } from "../state/store";

export interface Habits {
  clock: "24h" | "12h";
  weekStart: "monday" | "sunday";
}

export const habits = new Store<Habits>({ clock: "24h", weekStart: "monday" });
