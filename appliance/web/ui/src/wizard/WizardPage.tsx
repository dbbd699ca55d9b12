/** The startup wizard: steps that parts of the box have added, one at a time; it goes on where it was (D1-WZ-*). */
import { Button } from "@mantine/core";
import { IconCircleCheckFilled, IconCircleMinus } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { words } from "../api/http";
import { t } from "../i18n";
import { navigate, place } from "../router/router";
import { useStore } from "../state/store";
import { confirm } from "../ui/confirm";
import { FaultNote, Waiting } from "../ui/parts";
import { say } from "../ui/toast";
import { endWizard, firstStep, loadWizard, markStep, showStep, wizard, type Step, type StepState } from "./api";
import { PARTS } from "./parts";
import styles from "./wizard.module.css";

const stateWord = (state: StepState): string => t(`wizard.${state}`);

function Sign({ step, number }: { step: Step; number: number }) {
  if (step.state === "done") return <IconCircleCheckFilled size={22} aria-hidden />;
  if (step.state === "skipped") return <IconCircleMinus size={22} stroke={1.5} aria-hidden />;
  return <span className={styles.number} aria-hidden>{number}</span>;
}

const pathOf = (step: Step): string => `/wizard/${encodeURIComponent(step.id)}`;

/** `at` is the step in the address; without one the set-up goes on where it was. */
export function WizardPage({ at = "" }: { at?: string }) {
  const state = useStore(wizard);
  const shown = useRef("");
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);

  const load = (): void => {
    setFault("");
    loadWizard().catch((error: unknown) => setFault(words(error)));
  };
  useEffect(() => {
    document.title = t("wizard.title");
    load();
  }, []);

  const known = state?.steps.some((step) => step.id === at) ?? false;
  useEffect(() => {
    if (state && !known && place.get().path.startsWith("/wizard")) void navigate(`/wizard/${firstStep(state)}`, { replace: true });
    if (!known || shown.current === at) return;
    shown.current = at;
    document.getElementById("content")?.scrollTo?.(0, 0);
    showStep(at).catch((error: unknown) => say(words(error), { bad: true }));
  }, [state, known, at]);

  if (!state || !known) return fault ? <FaultNote text={fault} retry={load} /> : <Waiting />;
  const index = Math.max(0, state.steps.findIndex((step) => step.id === at));
  const step = state.steps[index];
  if (!step) return null;
  const last = index === state.steps.length - 1;
  const Part = PARTS[step.component];

  const act = async (work: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    try {
      await work();
      return true;
    } catch (error) {
      say(words(error), { bad: true });
      return false;
    } finally {
      setBusy(false);
    }
  };
  /** Go to a step, unless what is not applied yet keeps the person here; returns whether it went. */
  const go = async (to: Step | undefined): Promise<boolean> => {
    if (!to) return false;
    await navigate(pathOf(to));
    return place.get().path === pathOf(to);
  };
  const finish = async (): Promise<void> => {
    const told = await loadWizard();
    const missing = told.steps.filter((entry) => entry.needed && entry.state !== "done").map((entry) => entry.title);
    if (missing.length > 0 && !(await confirm({ title: t("wizard.finish"), text: t("wizard.missing.one", { steps: missing.join(", ") }), yes: t("wizard.finishAnyway") }))) return;
    await endWizard({ finished: true });
    say(t("wizard.finished"));
    await navigate("/live");
  };
  const leave = async (mark: StepState): Promise<void> => {
    if (!last && !(await go(state.steps[index + 1]))) return;
    if ((await act(() => markStep(step.id, mark))) && last) await act(finish);
  };
  const later = (): void => {
    void act(() => endWizard({ later: true })).then((done) => {
      if (!done) return;
      say(t("wizard.laterSaid"));
      void navigate("/live");
    });
  };

  return (
    <div className={styles.page}>
      <nav className={styles.side} aria-label={t("wizard.steps")}>
        <h1>{t("wizard.title")}</h1>
        <p className="dim">{t("wizard.intro")}</p>
        <ol className={styles.steps}>
          {state.steps.map((entry, number) => (
            <li key={entry.id}>
              <button type="button" className={styles.step} data-state={entry.state} aria-current={entry.id === step.id ? "step" : undefined} title={`${entry.title}: ${stateWord(entry.state)}`} onClick={() => void go(entry)}>
                <Sign step={entry} number={number + 1} />
                <span>{entry.title}</span>
              </button>
            </li>
          ))}
        </ol>
      </nav>
      <section className={styles.body} aria-label={step.title}>
        <span className="dim small">{t("wizard.of", { n: index + 1, all: state.steps.length })}</span>
        <h2>{step.title}</h2>
        <p className={`dim ${styles.lead}`}>{step.help}</p>
        <div className={styles.part}>{Part ? <Part key={step.id} /> : <FaultNote text={t("wizard.unknown")} />}</div>
        <div className={styles.bar}>
          <Button variant="default" disabled={index === 0 || busy} onClick={() => void go(state.steps[index - 1])}>{t("wizard.back")}</Button>
          <Button variant="subtle" className="quiet" disabled={busy} onClick={later}>{t("wizard.later")}</Button>
          <span className={styles.grow} />
          {!last && <Button variant="default" disabled={busy} onClick={() => void leave("skipped")}>{t("wizard.skip")}</Button>}
          <Button loading={busy} onClick={() => void leave("done")}>{last ? t("wizard.finish") : t("wizard.next")}</Button>
        </div>
      </section>
    </div>
  );
}
