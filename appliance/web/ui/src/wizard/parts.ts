/** What shows each step, by the name of its component; a part of the box that adds a step adds its own here. */
import type { ComponentType } from "react";
import { AccountStep } from "./AccountStep";
import { CamerasStep } from "./CamerasStep";
import { CheckStep } from "./CheckStep";
import { DisksStep } from "./DisksStep";
import { NetworkStep } from "./NetworkStep";
import { RecoveryStep } from "./RecoveryStep";
import { TimeStep } from "./TimeStep";

export const PARTS: Readonly<Record<string, ComponentType>> = {
  time: TimeStep,
  account: AccountStep,
  recovery: RecoveryStep,
  network: NetworkStep,
  disks: DisksStep,
  cameras: CamerasStep,
  check: CheckStep,
};
