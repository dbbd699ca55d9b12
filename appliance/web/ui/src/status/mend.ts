/** Where to go to mend what the health sentence names. */
import type { HealthItem } from "../api/types";

export function mendingPlace(item: HealthItem): string {
  switch (item.what) {
    case "channel":
      return item.id === null ? "/cameras" : `/cameras/${item.id}`;
    case "volume":
      return item.code === "no_volume" ? "/system/storage?add=1" : "/storage";
    case "settings":
      return "/system";
    default:
      return "/maintain";
  }
}
