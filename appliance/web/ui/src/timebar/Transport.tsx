/** The controls of the time bar: LIVE, play, pause, stop (D1-PB-12, D1-PB-20), steps, calendar, position, clip, kinds (D1-PB-08), widths. */
import { Popover } from "@mantine/core";
import { IconCalendar, IconPlayerPauseFilled, IconPlayerPlayFilled, IconPlayerStopFilled, IconRewindBackward10, IconRewindForward10, IconZoomIn, IconZoomOut } from "@tabler/icons-react";
import { useState, type CSSProperties, type ReactNode } from "react";
import type { Channel } from "../api/types";
import { Calendar } from "../calendar/Calendar";
import { t } from "../i18n";
import { span } from "../i18n/format";
import { deck } from "../media/deck";
import { playForward } from "../media/transport";
import { TransportTools } from "../media/TransportTools";
import { boxNow } from "../state/box";
import { useStore } from "../state/store";
import { dayDate, time } from "../time/format";
import { useNow } from "../ui/useNow";
import { ClipTool } from "./ClipTool";
import { JumpTool } from "./JumpTools";
import { KINDS } from "./kinds";
import { MoreTools } from "./MoreTools";
import { within, zoom } from "./scale";
import { bar, showWidth, toggleKind, WIDTHS, zoomed } from "./state";
import styles from "./timebar.module.css";

function Tool({ text, onClick, className, children }: { text: string; onClick: () => void; className?: string | undefined; children: ReactNode }) {
  return (
    <button type="button" className={`${styles.tool} ${className ?? ""}`} aria-label={text} title={text} onClick={onClick}>
      {children}
    </button>
  );
}

function Position() {
  useNow(250);
  const at = deck.position();
  return (
    <span className={styles.position}>
      <span className={styles.datePart}>{dayDate(at)} </span>
      <b>{time(at)}</b>
    </span>
  );
}

function zoomBy(factor: number): void {
  const { view, following } = bar.get();
  const at = deck.position();
  zoomed(within(zoom(view, factor, at >= view.start && at <= view.end ? at : (view.start + view.end) / 2), boxNow()), following);
}

interface Props {
  channels: Channel[];
  selected: number | null;
  /** Play from an instant, or from the next recording after it. */
  jump: (at: number) => void;
}

export function Transport({ channels, selected, jump }: Props) {
  const { mode, playing, speed } = useStore(deck.state);
  const { hiddenKinds } = useStore(bar);
  const [calendar, setCalendar] = useState(false);
  const live = mode === "live";
  const goLive = (): void => {
    deck.goLive();
    bar.update({ following: true });
  };
  return (
    <div className={styles.transport} role="toolbar" aria-label={t("bar.label")}>
      <button type="button" className={styles.live} data-on={live || undefined} aria-pressed={live} title={t("bar.goLive")} onClick={goLive}>
        {t("bar.live")}
      </button>
      <JumpTool direction={-1} className={styles.hideOnPhone} />
      <Tool text={t("bar.back10")} onClick={() => deck.skip(-10_000)}>
        <IconRewindBackward10 size={20} stroke={1.6} aria-hidden />
      </Tool>
      <Tool text={t(playing && speed > 0 ? "bar.pause" : "bar.play")} className={styles.play} onClick={() => playForward()}>
        {playing && speed > 0 ? <IconPlayerPauseFilled size={18} aria-hidden /> : <IconPlayerPlayFilled size={18} aria-hidden />}
      </Tool>
      <Tool text={t("bar.stop")} className={styles.hideOnPhone} onClick={goLive}>
        <IconPlayerStopFilled size={18} aria-hidden />
      </Tool>
      <Tool text={t("bar.forward10")} onClick={() => deck.skip(10_000)}>
        <IconRewindForward10 size={20} stroke={1.6} aria-hidden />
      </Tool>
      <JumpTool direction={1} className={styles.hideOnPhone} />
      <span className={styles.hideOnPhone}>
        <TransportTools />
      </span>
      <Popover opened={calendar} onChange={setCalendar} position="top-start" trapFocus>
        <Popover.Target>
          <button type="button" className={styles.tool} aria-label={t("bar.calendar")} title={t("bar.calendar")} onClick={() => setCalendar(!calendar)}>
            <IconCalendar size={20} stroke={1.6} aria-hidden />
          </button>
        </Popover.Target>
        <Popover.Dropdown>
          <Calendar
            channels={channels.map((channel) => channel.id)} at={deck.position()}
            choose={(at) => {
              setCalendar(false);
              jump(at);
            }}
          />
        </Popover.Dropdown>
      </Popover>
      <Position />
      <span className={styles.grow} />
      <div className={styles.kinds} role="group" aria-label={t("bar.kinds")}>
        {KINDS.map((kind) => (
          <button
            key={kind.name} type="button" className={styles.kind} aria-pressed={!hiddenKinds.includes(kind.name)}
            style={{ "--kind": `var(${kind.colour})` } as CSSProperties} onClick={() => toggleKind(kind.name)}
          >
            <i />
            {t(kind.text)}
          </button>
        ))}
      </div>
      <MoreTools />
      <ClipTool channels={channels} selected={selected} />
      <div className={styles.widths}>
        {WIDTHS.map((seconds) => (
          <button key={seconds} type="button" className={styles.tool} title={t("bar.zoomTo", { span: span(seconds) })} onClick={() => showWidth(seconds * 1000, deck.position(), live)}>
            {span(seconds)}
          </button>
        ))}
      </div>
      <Tool text={t("bar.zoomOut")} className={styles.hideWhenNarrow} onClick={() => zoomBy(2)}>
        <IconZoomOut size={20} stroke={1.6} aria-hidden />
      </Tool>
      <Tool text={t("bar.zoomIn")} className={styles.hideWhenNarrow} onClick={() => zoomBy(0.5)}>
        <IconZoomIn size={20} stroke={1.6} aria-hidden />
      </Tool>
    </div>
  );
}
