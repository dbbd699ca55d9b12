/** The startup wizard over the REST API, and what this page knows of it. */
import { get, post } from "../api/http";
import { Store } from "../state/store";

export type StepState = "open" | "done" | "skipped";

export interface Step {
  id: string;
  title: string;
  help: string;
  /** Which part of this page shows it. */
  component: string;
  /** The recorder is not set up without it. */
  needed: boolean;
  state: StepState;
}

export interface Wizard {
  steps: Step[];
  /** The step last shown. */
  at: string;
  finished: boolean;
  later: boolean;
}

/** As last told; null before anybody asked. */
export const wizard = new Store<Wizard | null>(null);

async function take(answer: Promise<Wizard>): Promise<Wizard> {
  const told = await answer;
  wizard.set(told);
  return told;
}

export const loadWizard = (signal?: AbortSignal): Promise<Wizard> => take(get<Wizard>("/wizard", {}, signal));
export const markStep = (id: string, state: StepState): Promise<Wizard> => take(post<Wizard>(`/wizard/steps/${encodeURIComponent(id)}`, { state }));
export const showStep = (step: string): Promise<Wizard> => take(post<Wizard>("/wizard/show", { step }));
export const endWizard = (how: { finished?: boolean; later?: boolean }): Promise<Wizard> => take(post<Wizard>("/wizard/end", how));

/** Where to go on: the step last shown, else the first that is open, else the last. */
export function firstStep({ steps, at }: Wizard): string {
  return (steps.find((step) => step.id === at) ?? steps.find((step) => step.state === "open") ?? steps.at(-1))?.id ?? "";
}
