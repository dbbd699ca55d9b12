/** Where to go to mend what the health sentence names, and what the way there is called. */
import type { HealthItem } from "../api/types";
import type { Key } from "../i18n";

export interface Mending {
  href: string;
  text: Key;
}

/** The setting of a camera that a fault is about. */
const FIELDS: Record<string, string> = {
  camera_password_weak: "password", password_refused: "password", password_needed: "password", basic_refused: "allow_basic", authentication_unknown: "engine", unsupported_video: "engine",
  certificate_changed: "tls_fingerprint", tls_failed: "transport", needs_tls: "transport", no_udp_packets: "transport", no_udp_ports: "transport", damaged: "transport",
  name_unknown: "main_url", connection_refused: "main_url", web_server: "main_url", not_rtsp: "main_url", redirected: "main_url", mode_off: "mode",
};
const PASSWORD = new Set(["password_refused", "password_needed", "camera_password_weak"]);

export function mendingOf(item: Pick<HealthItem, "what" | "id" | "code">): Mending {
  switch (item.what) {
    case "channel":
      return ofChannel(item);
    case "volume":
      if (item.code === "no_volume") return { href: "/system/storage?add=1", text: "mend.addVolume" };
      if (item.code === "retention_low") return { href: "/system/storage?field=wanted_days", text: "mend.storageSettings" };
      return { href: "/storage", text: "mend.storage" };
    case "board":
      return item.code.startsWith("poe_") ? { href: "/cameras/poe", text: "mend.poe" } : { href: "/maintain", text: "mend.status" };
    case "settings":
      if (item.code === "zone_unset") return { href: "/system/general?field=zone", text: "mend.zone" };
      if (item.code === "settings_mended") return { href: "/system", text: "mend.settings" };
      if (item.code === "bandwidth_exceeded") return { href: "/cameras?field=incoming_limit_mbps", text: "mend.bandwidth" };
      return { href: "/maintain", text: "mend.status" };
    case "account":
      return item.code === "password_old" || item.code === "accounts_damaged" ? { href: "/accounts", text: "mend.accounts" } : { href: "/accounts/me", text: "mend.recovery" };
    case "network":
      return ofNetwork(item);
    case "log":
      return { href: "/maintain/log", text: "mend.log" };
    case "place":
      return { href: "/backup", text: "mend.places" };
    case "host":
      if (item.code.startsWith("clock_") || item.code.startsWith("time_")) return { href: "/system/time", text: "mend.time" };
      return { href: "/maintain", text: "mend.status" };
    default:
      return { href: "/maintain", text: "mend.status" };
  }
}

function ofNetwork({ id, code }: Pick<HealthItem, "id" | "code">): Mending {
  if (code === "all_cameras_dark") return { href: "/cameras", text: "mend.cameras" };
  if (code.startsWith("certificate_")) return { href: "/system/certificates", text: "mend.certificates" };
  if (code === "outlet_failing") return id === "log" ? { href: "/system/log_server", text: "mend.logServer" } : { href: "/system/health", text: "mend.ping" };
  if (code.startsWith("network_")) return { href: "/network", text: "mend.network" };
  if (code.startsWith("firewall_")) return { href: "/system/firewall", text: "mend.firewall" };
  if (code === "port_unusable") return { href: "/system/web", text: "mend.web" };
  return { href: "/system/services", text: "mend.services" };
}

function ofChannel({ id, code }: Pick<HealthItem, "id" | "code">): Mending {
  if (code.startsWith("recorder_")) return { href: "/maintain", text: "mend.status" };
  if (code === "no_volume") return { href: "/system/storage?add=1", text: "mend.addVolume" };
  if (code.startsWith("volume_") || code === "overload") return { href: "/storage", text: "mend.storage" };
  if (id === null) return { href: "/cameras", text: "mend.cameras" };
  const field = FIELDS[code];
  return { href: field ? `/cameras/${id}?field=${field}` : `/cameras/${id}`, text: PASSWORD.has(code) ? "tile.enterPassword" : "tile.openCamera" };
}
