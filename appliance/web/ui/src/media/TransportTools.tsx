/** Buttons for backward, frame by frame, slower and faster, with the factor shown (D1-PB-20, D1-PL-09). */
import { IconPlayerPauseFilled, IconPlayerPlayFilled, IconPlayerSkipBackFilled, IconPlayerSkipForwardFilled, IconPlayerTrackNextFilled, IconPlayerTrackPrevFilled } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { t } from "../i18n";
import { useStore } from "../state/store";
import { canReverse } from "./backward";
import { deck } from "./deck";
import styles from "./transport.module.css";
import { beside, factorText, faster, rewind, slower, stepBack, stepOn } from "./transport";

interface ToolProps {
  text: string;
  onClick: () => void;
  disabled?: boolean;
  pressed?: boolean;
  children: ReactNode;
}

function Tool({ text, onClick, disabled, pressed, children }: ToolProps) {
  return (
    <button type="button" className={styles.tool} aria-label={text} title={text} aria-disabled={disabled || undefined} aria-pressed={pressed} onClick={onClick}>
      {children}
    </button>
  );
}

export function TransportTools() {
  const { mode, playing, speed, keys } = useStore(deck.state);
  const backward = mode === "past" && speed < 0;
  const reversible = canReverse();
  const factor = t(keys ? "transport.keysAt" : speed < 0 ? "transport.backwardAt" : "transport.forwardAt", { factor: factorText(speed) });
  return (
    <div className={styles.tools} role="group" aria-label={t("transport.label")}>
      <Tool text={t("transport.stepBack")} onClick={() => stepBack()}>
        <IconPlayerSkipBackFilled size={16} aria-hidden />
      </Tool>
      <Tool text={t(reversible ? (backward && playing ? "bar.pause" : "transport.backward") : "transport.noBackward")} disabled={!reversible} pressed={backward && playing} onClick={() => rewind()}>
        {backward && playing ? <IconPlayerPauseFilled size={18} aria-hidden /> : <IconPlayerPlayFilled size={18} className={styles.mirrored} aria-hidden />}
      </Tool>
      <Tool text={t("transport.stepOn")} onClick={() => stepOn()}>
        <IconPlayerSkipForwardFilled size={16} aria-hidden />
      </Tool>
      <Tool text={t("transport.slower")} disabled={beside(speed, -1) === speed} onClick={() => slower()}>
        <IconPlayerTrackPrevFilled size={16} aria-hidden />
      </Tool>
      <output className={styles.factor} aria-label={factor} title={factor} data-changed={speed !== 1 || undefined}>
        {speed < 0 ? "\u2212" : ""}
        {`${factorText(speed)}\u00d7`}
        {keys && <small>{t("transport.keys")}</small>}
      </output>
      <Tool text={t("transport.faster")} disabled={beside(speed, 1) === speed} onClick={() => faster()}>
        <IconPlayerTrackNextFilled size={16} aria-hidden />
      </Tool>
    </div>
  );
}
