/** Levels and quantities of PoE ports. */
import { t } from "../i18n";
import { decimal } from "../i18n/format";
import type { Level } from "../ui/parts";
import type { PoePort, Priority, Span } from "./api";

export const PRIORITIES: readonly Priority[] = ["critical", "high", "low"];
export const SPANS: readonly Span[] = ["minutes", "day", "week"];

export const watts = (value: number): string => t("unit.watts", { value: decimal(value) });

export function stateLevel(port: PoePort): Level {
  switch (port.state) {
    case "on":
      return "good";
    case "fault": case "unreachable":
      return "bad";
    case "waiting": case "starting": case "cycling":
      return "attention";
    default:
      return "off";
  }
}
