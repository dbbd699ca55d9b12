/** Saves snapshots and clips as files of this computer. */
import { url } from "../api/http";
import type { Channel } from "../api/types";
import { t } from "../i18n";
import { deck } from "../media/deck";
import { boxNow } from "../state/box";
import { wallOf } from "../time/zone";
import { say } from "../ui/toast";
import { screenOf } from "./screens";

/** "D1 Front door 2026-11-21 14.03.22.jpg": sorts by time, and no system refuses it. */
export function fileName(channel: Pick<Channel, "id" | "name">, utcMs: number, ending: string): string {
  const wall = wallOf(utcMs);
  const two = (value: number): string => String(value).padStart(2, "0");
  const name = channel.name.replace(/[\\/:*?"<>|\p{Cc}]/gu, "_").trim();
  return `D${channel.id} ${name} ${wall.year}-${two(wall.month)}-${two(wall.day)} ${two(wall.hour)}.${two(wall.minute)}.${two(wall.second)}.${ending}`;
}

function offer(href: string, name: string): void {
  const link = document.createElement("a");
  link.href = href;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}

async function offerBlob(blob: Blob, name: string): Promise<void> {
  const href = URL.createObjectURL(blob);
  offer(href, name);
  setTimeout(() => URL.revokeObjectURL(href), 30_000);
  say(t("snapshot.saved", { file: name }));
}

/** BMP holds every pixel as it was decoded, for programs that measure (N8.10). */
export type SnapshotForm = "jpeg" | "bmp";
const ENDINGS: Readonly<Record<SnapshotForm, string>> = { jpeg: "jpg", bmp: "bmp" };

/** A picture of what the tile shows: made by the box from the main stream, else a JPEG from the screen itself. */
export async function saveSnapshot(channel: Channel, format: SnapshotForm = "jpeg"): Promise<void> {
  const screen = screenOf(channel.id);
  const live = deck.state.get().mode === "live";
  const at = screen.utcNow() ?? (live ? boxNow() : deck.position());
  const name = fileName(channel, at, ENDINGS[format]);
  try {
    const response = await fetch(url("/snapshot", { channel: channel.id, at: live ? "now" : Math.round(at), stream: "main", format: format === "jpeg" ? null : format }), { credentials: "same-origin" });
    if (response.ok) return await offerBlob(await response.blob(), name);
  } catch {
    // The box could not: the picture on screen will do.
  }
  const canvas = screen.grab();
  if (!canvas) return say(t("snapshot.failed"), { bad: true });
  canvas.toBlob((blob) => blob && void offerBlob(blob, fileName(channel, at, ENDINGS.jpeg)), "image/jpeg", 0.92);
}

export function downloadClip(channel: Channel, stream: string, from: number, to: number): void {
  offer(url("/download", { channel: channel.id, stream, from: Math.round(from), to: Math.round(to) }), fileName(channel, from, "mp4"));
}
