/** Alarm inputs, outputs, lights, buzzer and buttons, with tests (D1-SR-12, D2-AL-20, D2-AL-23). */
import { Button } from "@mantine/core";
import { IconPlug } from "@tabler/icons-react";
import { useState } from "react";
import { words } from "../api/http";
import { t, tCode, type Key } from "../i18n";
import { Link } from "../router/Link";
import { may, session } from "../state/session";
import { useStore } from "../state/store";
import { Empty, FaultNote, Mark, Page, Section, Waiting, type Level } from "../ui/parts";
import { say } from "../ui/toast";
import { useResource } from "../ui/useResource";
import { getIo, resetOutputs, showLights, soundBuzzer, switchOutput, type Input, type Io, type Output } from "./ioApi";
import styles from "./io.module.css";

const EVERY_MS = 1000;
const PULSE_S = 5;

function InputCard({ input, outputs }: { input: Input; outputs: readonly Output[] }) {
  const level: Level = input.active === null ? "attention" : !input.active ? "good" : input.disarms ? "attention" : "bad";
  const word = input.disarms ? (input.active ? "io.disarmed" : "io.armed") : input.active ? "io.alarm" : "io.quiet";
  const closes = outputs.find((output) => output.id === input.output);
  return (
    <article className={styles.card} aria-label={input.name}>
      <header>
        <h3 dir="auto">{input.name}</h3>
        <Mark level={level}>{t(input.active === null ? "io.unknown" : word)}</Mark>
      </header>
      <ul className={styles.facts}>
        {input.disarms && <li>{t("io.isSwitch")}</li>}
        {input.closed !== null && <li>{t(input.closed ? "io.closed" : "io.opened")}</li>}
        <li>{t(input.contact === "no" ? "io.no" : "io.nc")}</li>
        {closes && <li>{t("io.closes", { output: closes.name })}</li>}
        {input.storm && <li className={styles.bad}>{t("io.storm")}</li>}
        {input.fault && <li className={styles.bad}>{input.fault}</li>}
      </ul>
    </article>
  );
}

function OutputCard({ output, editable, act }: { output: Output; editable: boolean; act: (work: () => Promise<unknown>) => void }) {
  const held = Object.entries(output.held);
  const manual = output.mode !== "auto";
  return (
    <article className={styles.card} aria-label={output.name}>
      <header>
        <h3 dir="auto">{output.name}</h3>
        <Mark level={output.on === null ? "attention" : output.on ? "bad" : "off"}>{t(output.on === null ? "io.unknown" : output.on ? "io.on" : "io.off")}</Mark>
      </header>
      <ul className={styles.facts}>
        <li>{t(`io.mode.${output.mode}`)}</li>
        {held.map(([who, left]) => (
          <li key={who}>{left === null ? t("io.heldBy", { who }) : t("io.heldFor", { who, n: Math.ceil(left) })}</li>
        ))}
        <li>{output.rated ? t("io.operationsOf", { n: output.operations, rated: output.rated }) : t("io.operations", { n: output.operations })}</li>
        {output.worn && <li className={styles.bad}>{t("io.worn")}</li>}
        {output.fault && <li className={styles.bad}>{output.fault}</li>}
        {manual && <li>{t("io.notAuto")}</li>}
      </ul>
      {editable && (
        <div className={styles.acts}>
          <Button variant="default" disabled={manual} onClick={() => act(() => switchOutput(output.id, true, PULSE_S))} aria-label={t("io.pulseOf", { name: output.name, n: PULSE_S })}>
            {t("io.pulse", { n: PULSE_S })}
          </Button>
          <Button variant="default" disabled={manual} onClick={() => act(() => switchOutput(output.id, true, null))} aria-label={t("io.switchOnOf", { name: output.name })}>
            {t("io.switchOn")}
          </Button>
          <Button variant="default" disabled={manual || !output.by_hand} onClick={() => act(() => switchOutput(output.id, false, null))} aria-label={t("io.letGoOf", { name: output.name })}>
            {t("io.letGo")}
          </Button>
        </div>
      )}
    </article>
  );
}

function Lights({ io, editable, act }: { io: Io; editable: boolean; act: (work: () => Promise<unknown>) => void }) {
  const asked = io.groups.includes("identify") ? "identify" : io.groups.includes("lamp_test") ? "lamp_test" : null;
  return (
    <article className={styles.card} aria-label={t("io.lights")}>
      <h3>{t("io.lights")}</h3>
      <ul className={styles.leds}>
        {io.leds.map((led) => (
          <li key={led.name}>
            <i className={styles.lamp} data-colour={led.colour} data-lit={led.pattern !== "off"} aria-hidden />
            <span>
              {tCode("io.led", led.name, led.name)}: {t(`io.pattern.${led.pattern}` as Key)}
              {led.fault && <span className={styles.bad}> {led.fault}</span>}
            </span>
          </li>
        ))}
      </ul>
      {editable && (
        <div className={styles.acts}>
          <Button variant="default" title={t("io.identifyHelp")} onClick={() => act(() => showLights("identify", true))}>{t("io.identify")}</Button>
          <Button variant="default" onClick={() => act(() => showLights("lamp_test", true))}>{t("io.lampTest")}</Button>
          {asked && <Button variant="default" onClick={() => act(() => showLights(asked, false))}>{t("io.lightsOff")}</Button>}
        </div>
      )}
    </article>
  );
}

function Panel({ io, editable, act }: { io: Io; editable: boolean; act: (work: () => Promise<unknown>) => void }) {
  return (
    <Section title={t("io.panel")}>
      <div className={styles.cards}>
        {io.leds.length > 0 && <Lights io={io} editable={editable} act={act} />}
        {io.buzzer !== null && (
          <article className={styles.card} aria-label={t("io.buzzer")}>
            <header>
              <h3>{t("io.buzzer")}</h3>
              <Mark level={io.buzzer ? "attention" : "off"}>{io.buzzer ? t("io.sounds", { pattern: io.buzzer }) : t("io.silent")}</Mark>
            </header>
            {editable && (
              <div className={styles.acts}>
                <Button variant="default" onClick={() => act(() => soundBuzzer("test"))}>{t("io.testBuzzer")}</Button>
                <Button variant="default" disabled={!io.buzzer} onClick={() => act(() => soundBuzzer(null))}>{t("io.silence")}</Button>
              </div>
            )}
          </article>
        )}
        {io.buttons.length > 0 && (
          <article className={styles.card} aria-label={t("io.buttons")}>
            <h3>{t("io.buttons")}</h3>
            <ul className={styles.facts}>
              {io.buttons.map((button) => (
                <li key={button.name} className={button.fault || button.stuck ? styles.bad : undefined}>
                  {tCode("io.button", button.name, button.name)}: {button.fault || t(button.stuck ? "io.stuck" : button.pressed ? "io.pressed" : "io.released")}
                </li>
              ))}
            </ul>
          </article>
        )}
      </div>
    </Section>
  );
}

export function IoPage() {
  const { data: io, fault, reload } = useResource((signal) => getIo(signal), [], EVERY_MS);
  const person = useStore(session);
  const editable = may(person, "outputs");
  const [busy, setBusy] = useState(false);
  const act = (work: () => Promise<unknown>): void => {
    setBusy(true);
    work()
      .then(reload, (error: unknown) => say(words(error), { bad: true }))
      .finally(() => setBusy(false));
  };
  if (!io) return <Page title={t("io.title")}>{fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />}</Page>;
  if (!io.fitted) {
    return (
      <Page title={t("io.title")}>
        <Empty icon={<IconPlug size={40} stroke={1.2} aria-hidden />} title={t("io.none.title")} text={t("io.none.text")} />
      </Page>
    );
  }
  const reset = editable && <Button variant="default" loading={busy} onClick={() => act(resetOutputs)}>{t("io.reset")}</Button>;
  return (
    <Page title={t("io.title")} wide actions={reset}>
      {fault && <FaultNote text={fault} retry={reload} />}
      {io.disarmed_by.length > 0 && <FaultNote text={t("io.disarmedBy", { who: io.disarmed_by.join(", ") })} />}
      <Section title={t("io.inputs")} actions={<Link href="/system/alarm_inputs">{t("io.inputSettings")}</Link>}>
        <div className={styles.cards}>
          {io.inputs.map((input) => (
            <InputCard key={input.id} input={input} outputs={io.outputs} />
          ))}
        </div>
      </Section>
      <Section title={t("io.outputs")} actions={<Link href="/system/alarm_outputs">{t("io.outputSettings")}</Link>}>
        <div className={styles.cards}>
          {io.outputs.map((output) => (
            <OutputCard key={output.id} output={output} editable={editable} act={act} />
          ))}
        </div>
      </Section>
      <Panel io={io} editable={editable} act={act} />
    </Page>
  );
}
