/** The ways to search: along the time bar, by tags, recordings, pictures, on a stick; and to take footage away. */
import { IconFileDescription, IconFileExport, IconHistory, IconPhotoSearch, IconTag, IconUsb } from "@tabler/icons-react";
import { t, type Key } from "../i18n";
import { Link } from "../router/Link";
import { usePlace } from "../router/router";
import styles from "./tags.module.css";

const VIEWS: readonly { path: string; text: Key; icon: typeof IconTag }[] = [
  { path: "/search", text: "search.timeline", icon: IconHistory },
  { path: "/search/tags", text: "search.tags", icon: IconTag },
  { path: "/search/recordings", text: "search.recordings", icon: IconFileDescription },
  { path: "/search/find", text: "search.find", icon: IconPhotoSearch },
  { path: "/search/files", text: "search.files", icon: IconUsb },
  { path: "/backup", text: "search.backup", icon: IconFileExport },
];

export function SearchViews() {
  const { path } = usePlace();
  return (
    <nav className={styles.views} aria-label={t("search.views")}>
      {VIEWS.map((view) => (
        <Link key={view.path} href={view.path} className={styles.view} aria-current={path === view.path ? "page" : undefined}>
          <view.icon size={18} stroke={1.6} aria-hidden />
          <span>{t(view.text)}</span>
        </Link>
      ))}
    </nav>
  );
}
