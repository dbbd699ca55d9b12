import { expect, it } from "vitest";
import { mendingOf } from "./mend";

it.each([
  ["channel", null, "all_cameras_dark", "/cameras"],
  ["channel", 3, "password_refused", "/cameras/3?field=password"],
  ["channel", 3, "password_needed", "/cameras/3?field=password"],
  ["channel", 3, "connection_refused", "/cameras/3?field=main_url"],
  ["channel", 3, "basic_refused", "/cameras/3?field=allow_basic"],
  ["channel", 3, "certificate_changed", "/cameras/3?field=tls_fingerprint"],
  ["channel", 3, "damaged", "/cameras/3?field=transport"],
  ["channel", 3, "mode_off", "/cameras/3?field=mode"],
  ["channel", 3, "no_answer", "/cameras/3"],
  ["channel", 3, "no_video", "/cameras/3"],
  ["channel", 3, "volume_full", "/storage"],
  ["channel", 3, "overload", "/storage"],
  ["channel", 3, "no_volume", "/system/storage?add=1"],
  ["channel", 3, "recorder_down", "/maintain"],
  ["network", null, "certificate_ends", "/system/certificates"],
  ["network", 2323, "open_port", "/system/services"],
  ["network", null, "ssh_open", "/system/services"],
  ["network", null, "network_ip_conflict", "/network"],
  ["network", null, "firewall_fault", "/system/firewall"],
  ["network", "log", "outlet_failing", "/system/log_server"],
  ["network", "ping", "outlet_failing", "/system/health"],
  ["account", null, "no_recovery", "/accounts/me"],
  ["log", null, "log_broken", "/maintain/log"],
  ["settings", null, "zone_unset", "/system/general?field=zone"],
  ["channel", 3, "camera_password_weak", "/cameras/3?field=password"],
  ["volume", null, "no_volume", "/system/storage?add=1"],
  ["volume", "Disk 1", "volume_io", "/storage"],
  ["volume", "Disk 1", "retention_low", "/system/storage?field=wanted_days"],
  ["settings", null, "bandwidth_exceeded", "/cameras?field=incoming_limit_mbps"],
  ["process", "recorder@1", "process_down", "/maintain"],
  ["host", null, "system_disk_full", "/maintain"],
])("what is wrong with a %s (%s, %s) is mended at %s%s", (what, id, code, href) => {
  expect(mendingOf({ what, id, code }).href).toBe(href);
});
