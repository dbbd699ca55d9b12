/** Which codecs this browser can show through Media Source Extensions. */

const known = new Map<string, boolean>();

type SourceClass = typeof MediaSource;

/** MediaSource, or iOS's ManagedMediaSource. */
export function sourceClass(): SourceClass | null {
  const scope = globalThis as { MediaSource?: SourceClass; ManagedMediaSource?: SourceClass };
  return scope.MediaSource ?? scope.ManagedMediaSource ?? null;
}

export const mimeOf = (codecs: string): string => `video/mp4; codecs="${codecs}"`;

/** One name of each family a camera may send; the box compares families. */
const FAMILIES = ["avc1.640028", "hvc1.1.6.L120.90", "av01.0.08M.08", "vp09.00.40.08"];

/** What to tell the box about this browser, so that it chooses a stream that can be shown. */
export const decodableCodecs = (): string[] => FAMILIES.filter((name) => canShow(name));

/** The family of an RFC 6381 name: "hvc1" of "hev1.1.6.L120.90". */
export function familyOf(codecs: string): string {
  const first = codecs.split(".")[0]!.toLowerCase();
  return { avc3: "avc1", hev1: "hvc1" }[first] ?? first;
}

/** Whether `codecs` (RFC 6381) can be shown; an unknown (empty) name is given the benefit of the doubt. */
export function canShow(codecs: string | null | undefined): boolean {
  if (!codecs) return true;
  let answer = known.get(codecs);
  if (answer === undefined) {
    answer = sourceClass()?.isTypeSupported(mimeOf(codecs)) ?? false;
    known.set(codecs, answer);
  }
  return answer;
}
