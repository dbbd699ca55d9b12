/** On narrow screens: what the bar has no room for, behind one button. */
import { Checkbox, Popover } from "@mantine/core";
import { IconAdjustmentsHorizontal } from "@tabler/icons-react";
import { useState } from "react";
import { t } from "../i18n";
import { span } from "../i18n/format";
import { deck } from "../media/deck";
import { TransportTools } from "../media/TransportTools";
import { useStore } from "../state/store";
import { JumpTool } from "./JumpTools";
import { KINDS } from "./kinds";
import { bar, showWidth, toggleKind, WIDTHS } from "./state";
import styles from "./timebar.module.css";

export function MoreTools() {
  const [open, setOpen] = useState(false);
  const { hiddenKinds } = useStore(bar);
  const live = useStore(deck.state).mode === "live";
  return (
    <Popover opened={open} onChange={setOpen} position="top-end" width={260} trapFocus>
      <Popover.Target>
        <button type="button" className={`${styles.tool} ${styles.more}`} aria-label={t("bar.more")} title={t("bar.more")} aria-pressed={hiddenKinds.length > 0} onClick={() => setOpen(!open)}>
          <IconAdjustmentsHorizontal size={20} stroke={1.6} aria-hidden />
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className={styles.moreBox}>
          <div className={`${styles.moreRow} ${styles.phoneOnly}`}>
            <JumpTool direction={-1} />
            <JumpTool direction={1} />
            <span className="dim small">{t("bar.stops")}</span>
          </div>
          <div className={`${styles.moreRow} ${styles.phoneOnly}`}>
            <TransportTools />
          </div>
          <div className={`${styles.moreRow} ${styles.narrowOnly}`} role="group" aria-label={t("bar.width")}>
            {WIDTHS.map((seconds) => (
              <button key={seconds} type="button" className={styles.tool} title={t("bar.zoomTo", { span: span(seconds) })} onClick={() => showWidth(seconds * 1000, deck.position(), live)}>
                {span(seconds)}
              </button>
            ))}
          </div>
          <fieldset className={styles.moreKinds}>
            <legend className="dim small">{t("bar.kinds")}</legend>
            {KINDS.map((kind) => (
              <Checkbox key={kind.name} label={t(kind.text)} color={`var(${kind.colour})`} checked={!hiddenKinds.includes(kind.name)} onChange={() => toggleKind(kind.name)} />
            ))}
          </fieldset>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
