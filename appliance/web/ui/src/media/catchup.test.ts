import { expect, it } from "vitest";
import { CatchUp } from "./catchup";

const FRAME = 0.04;

it("plays at normal speed with a frame in reserve", () => {
  expect(new CatchUp().advise(0.06, FRAME, 1000)).toEqual({ rate: 1, jumpBehind: null });
});

it("hurries gently when a little behind and jumps when far behind", () => {
  const catchUp = new CatchUp();
  expect(catchUp.advise(0.2, FRAME, 1000).rate).toBeCloseTo(1.06);
  expect(catchUp.advise(0.5, FRAME, 1000).rate).toBeCloseTo(1.25);
  const jump = catchUp.advise(4, FRAME, 1000);
  expect(jump.jumpBehind).toBeLessThan(0.15);
});

it("keeps more in reserve after starving, and gives it up again when all goes well", () => {
  const catchUp = new CatchUp();
  const ahead = 0.15;
  expect(catchUp.advise(ahead, FRAME, 0).rate).toBeGreaterThan(1);
  for (let i = 1; i <= 5; i += 1) catchUp.starved(i * 1000);
  expect(catchUp.advise(ahead, FRAME, 6000).rate).toBeLessThanOrEqual(1);
  for (let now = 25_000; now < 400_000; now += 1000) catchUp.advise(0.06, FRAME, now);
  expect(catchUp.advise(ahead, FRAME, 400_000).rate).toBeGreaterThan(1);
});

it("never waits for more than its bound however often it starves", () => {
  const catchUp = new CatchUp();
  for (let i = 0; i < 200; i += 1) catchUp.starved(i * 1000);
  expect(catchUp.advise(1.2, FRAME, 200_000).rate).toBeGreaterThan(1);
});
