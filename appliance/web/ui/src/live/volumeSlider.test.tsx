import { MantineProvider } from "@mantine/core";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it } from "vitest";
import { setVolume, volume } from "../media/volume";
import { box } from "../state/box";
import { session } from "../state/session";
import { tileMenu } from "./tileMenu";
import { TileContextMenu } from "./TileMenu";
import { setChannels, wall } from "./wall";

const audio = { codec: "aac", sample_rate: 16_000, channels: 1 };
beforeEach(() => {
  window.matchMedia ??= ((query: string) => ({ matches: false, media: query, addEventListener: () => {}, removeEventListener: () => {} })) as never;
  session.set({ phase: "in", user: "anna", permissions: ["live"], expired: false, endsAt: Infinity, idleMs: null });
  box.update({ channels: [{ id: 1, name: "Gate", mode: "auto", streams: { sub: { codec_string: "avc1.64001e", audio } } }] as never });
  setChannels([1]);
});
afterEach(() => {
  cleanup();
  tileMenu.set(null);
  wall.update({ soundOf: null });
  setVolume(1);
});

it("the volume is set where a camera is listened to (D1-PB-21)", async () => {
  render(<MantineProvider env="test"><TileContextMenu /></MantineProvider>);
  tileMenu.set({ channel: 1, x: 20, y: 20 });
  await screen.findByText("D1 Gate");
  expect(screen.queryByRole("slider", { name: "Volume" })).toBeNull();
  wall.update({ soundOf: 1 });
  const slider = await screen.findByRole<HTMLInputElement>("slider", { name: "Volume" });
  fireEvent.change(slider, { target: { value: "30" } });
  expect(volume.get()).toBe(0.3);
  expect(slider.getAttribute("aria-valuetext")).toBe("30%");
});
