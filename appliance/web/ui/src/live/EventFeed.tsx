/** The newest events beside the wall; one leads to its footage. */
import { t } from "../i18n";
import { ago } from "../i18n/format";
import { deck } from "../media/deck";
import { box, channelOf } from "../state/box";
import { useSelect } from "../state/store";
import { time } from "../time/format";
import { levelOf } from "../ui/parts";
import { useNow } from "../ui/useNow";
import styles from "./live.module.css";

const COLOURS = { good: "var(--nvr-line)", off: "var(--nvr-line)", attention: "var(--nvr-attention)", bad: "var(--nvr-bad)" };

export function EventFeed() {
  const events = useSelect(box, (state) => state.events);
  const now = useNow(5000);
  return (
    <aside className={styles.feed} aria-label={t("live.eventFeed")}>
      <h2>{t("nav.events")}</h2>
      {events.length === 0 && <p className={`dim ${styles.feedNone}`}>{t("events.none.title")}</p>}
      <ol>
        {events.slice(0, 60).map((event) => {
          const channel = channelOf(event.channel);
          return (
            <li key={event.id}>
              <button type="button" className={styles.feedItem} onClick={() => deck.seek(event.start - 3000, true)}>
                <i style={{ background: COLOURS[levelOf(event.severity)] }} />
                <span>
                  <span>{event.title}</span>
                  <span className="dim small">
                    {channel ? t("events.where", { channel: t("channel.label", { id: String(channel.id), name: channel.name }), when: time(event.start), ago: ago(event.start, now) }) : t("time.since", { stamp: time(event.start), ago: ago(event.start, now) })}
                  </span>
                </span>
              </button>
            </li>
          );
        })}
      </ol>
    </aside>
  );
}
