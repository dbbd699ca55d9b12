/** Words and levels of interfaces, and where the recorder is to be reached. */
import { t } from "../i18n";
import { rate } from "../i18n/format";
import type { Level } from "../ui/parts";
import type { Interface } from "./api";

export function level(one: Interface): Level {
  if (one.conflict || one.condition === "failed") return "bad";
  if (one.condition === "connected") return "good";
  return one.condition === "connecting" ? "attention" : "off";
}

export function condition(one: Interface): string {
  if (one.bond) return t("network.partOf", { bond: one.bond });
  if (one.kind === "wifi" && one.condition === "unplugged") return t("network.condition.apart");
  return t(`network.condition.${one.condition}`);
}

export const speed = (one: Interface): string => (one.speed_mbps === null ? "" : rate(one.speed_mbps * 1e6));
export const bits = (bps: number | null): string => (bps === null ? "–" : rate(bps));
export const title = (one: Interface): string => t(`network.kind.${one.kind}`, { name: one.name });

/** The page at another address of the recorder, by the same protocol and port. */
export function placeAt(address: string, here: Location, hash = ""): string {
  const host = address.includes(":") ? `[${address}]` : address;
  const port = here.port ? `:${here.port}` : "";
  return `${here.protocol}//${host}${port}/network/confirm${hash ? `#${hash}` : ""}`;
}
