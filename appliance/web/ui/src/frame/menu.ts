/** The main menu in the order of the settings model: Live first, Maintain last. */
import { IconActivity, IconBell, IconCamera, IconDatabase, IconHistory, IconLayoutGrid, IconNetwork, IconSettings } from "@tabler/icons-react";
import type { ComponentType } from "react";
import type { Key } from "../i18n";

export interface MenuItem {
  path: string;
  text: Key;
  icon: ComponentType<{ size?: number; stroke?: number; "aria-hidden"?: boolean }>;
}

export const MENU: readonly MenuItem[] = [
  { path: "/live", text: "nav.live", icon: IconLayoutGrid },
  { path: "/events", text: "nav.events", icon: IconBell },
  { path: "/search", text: "nav.search", icon: IconHistory },
  { path: "/cameras", text: "nav.cameras", icon: IconCamera },
  { path: "/storage", text: "nav.storage", icon: IconDatabase },
  { path: "/network", text: "nav.network", icon: IconNetwork },
  { path: "/system", text: "nav.system", icon: IconSettings },
  { path: "/maintain", text: "nav.maintain", icon: IconActivity },
];

/** How many stand in a phone's bottom bar; the rest is behind "More". */
export const ON_PHONE = 4;
