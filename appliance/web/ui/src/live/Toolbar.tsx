/** Above the wall: layout, pages, event feed, full screen. */
import { IconChevronLeft, IconChevronRight, IconFileDescription, IconLayoutSidebarRight, IconMaximize, IconTag } from "@tabler/icons-react";
import { t } from "../i18n";
import { Link } from "../router/Link";
import { useSelect } from "../state/store";
import { LayoutIcon } from "./LayoutIcon";
import { LAYOUTS } from "./layouts";
import styles from "./live.module.css";
import { replays } from "./replays";
import { pagesOf, setLayout, tilesOf, turnPage, type WallState } from "./wall";

interface Props {
  state: WallState;
  feed: boolean;
  setFeed: (open: boolean) => void;
  fullScreen: () => void;
}

export function Toolbar({ state, feed, setFeed, fullScreen }: Props) {
  const pages = pagesOf(state);
  const tiles = tilesOf(state);
  // Instant playback keeps the wall as it is (D1-LV-20).
  const replaying = useSelect(replays, (all) => all.length > 0);
  return (
    <div className={styles.tools}>
      <div className={styles.layouts} role="group" aria-label={t("live.layout")}>
        {LAYOUTS.map((layout) => {
          const text = t("live.layoutOf", { n: layout.count });
          return (
            <button key={layout.count} type="button" className={styles.tool} aria-pressed={tiles === layout.count} aria-label={text} title={replaying ? t("replay.keepsLayout") : text} disabled={replaying} onClick={() => setLayout(layout.count)}>
              <LayoutIcon layout={layout} />
              <span className={styles.hideOnPhone}>{layout.count}</span>
            </button>
          );
        })}
      </div>
      <span className={styles.grow} />
      {pages > 1 && (
        <>
          <button type="button" className={styles.tool} aria-label={t("live.previousPage")} title={t("live.previousPage")} onClick={() => turnPage(-1)}>
            <IconChevronLeft size={20} aria-hidden />
          </button>
          <span className={`num small dim ${styles.pageOf}`}>{t("live.page", { n: Math.min(state.page, pages - 1) + 1, total: pages })}</span>
          <button type="button" className={styles.tool} aria-label={t("live.nextPage")} title={t("live.nextPage")} onClick={() => turnPage(1)}>
            <IconChevronRight size={20} aria-hidden />
          </button>
        </>
      )}
      <Link href="/search/tags" className={styles.tool} aria-label={t("search.tags")} title={t("search.tags")}>
        <IconTag size={20} stroke={1.6} aria-hidden />
        <span className={styles.hideOnPhone}>{t("search.tags")}</span>
      </Link>
      <Link href="/search/recordings" className={styles.tool} aria-label={t("search.recordings")} title={t("search.recordings")}>
        <IconFileDescription size={20} stroke={1.6} aria-hidden />
        <span className={styles.hideOnPhone}>{t("search.recordings")}</span>
      </Link>
      <button type="button" className={`${styles.tool} ${styles.hideOnPhone}`} aria-pressed={feed} onClick={() => setFeed(!feed)}>
        <IconLayoutSidebarRight size={20} stroke={1.6} aria-hidden />
        {t("live.eventFeed")}
      </button>
      <button type="button" className={styles.tool} aria-label={t("live.fullScreen")} title={t("live.fullScreen")} onClick={fullScreen}>
        <IconMaximize size={20} stroke={1.6} aria-hidden />
      </button>
    </div>
  );
}
