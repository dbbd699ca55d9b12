/** The file with which the password of admin can be set anew: written to a stick, read back when it is needed. */
const WHAT = "nvr recovery";

/** Lets the browser save the file. */
export function saveFile(key: string): void {
  const address = URL.createObjectURL(new Blob([JSON.stringify({ what: WHAT, key }, null, 1)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = "nvr-recovery.json";
  link.click();
  URL.revokeObjectURL(address);
}

/** The key in a file, or null if it is none of ours. */
export function keyIn(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    const { what, key } = (value ?? {}) as { what?: unknown; key?: unknown };
    return what === WHAT && typeof key === "string" && key ? key : null;
  } catch {
    return null;
  }
}
