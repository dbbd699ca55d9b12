/** A stream's facts as a person reads them: "H.264 1920 × 1080, 25 fps, 4.1 Mbit/s". */
import type { Channel, StreamFacts } from "../api/types";
import { has, t } from "../i18n";
import { decimal, rate } from "../i18n/format";
import { codecName } from "../media/screen";
import type { Level } from "../ui/parts";

export function formatParts(facts: StreamFacts): string[] {
  const parts: string[] = [];
  const codec = codecName(facts.codec ?? facts.codec_string);
  if (codec) parts.push(codec);
  if (facts.width && facts.height) parts.push(t("unit.size", { width: String(facts.width), height: String(facts.height) }));
  if (facts.fps) parts.push(t("unit.fps", { value: decimal(facts.fps) }));
  return parts;
}

export function describeStream(facts: StreamFacts | null | undefined): string {
  if (!facts) return t("cameras.noStream");
  const parts = formatParts(facts);
  if (facts.bitrate_bps) parts.push(rate(facts.bitrate_bps));
  return parts.length ? parts.join(" · ") : t("cameras.stateUnknown");
}

export function stateWords(channel: Channel): string {
  if (!channel.enabled) return t("cameras.state.disabled");
  const key = `cameras.state.${channel.state}`;
  return has(key) ? t(key) : t("cameras.stateUnknown");
}

export function stateLevel(channel: Channel): Level {
  if (!channel.enabled || channel.state === "off") return "off";
  if (channel.state === "playing" && !channel.fault) return "good";
  if (channel.state === "connecting" || channel.state === "unknown") return "attention";
  return channel.fault ? "bad" : "attention";
}
