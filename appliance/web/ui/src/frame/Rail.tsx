/** The main menu: a rail at the side, a bar at the bottom of a phone. */
import { Menu } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconDots } from "@tabler/icons-react";
import { t } from "../i18n";
import { deck } from "../media/deck";
import { Link } from "../router/Link";
import { navigate } from "../router/router";
import styles from "./frame.module.css";
import { MENU, ON_PHONE, type MenuItem } from "./menu";

/** Backup belongs to Search. */
const PARTS: Readonly<Record<string, string>> = { "/backup": "/search" };
const isHere = (item: MenuItem, path: string): boolean =>
  (PARTS[path] ?? path) === item.path || path.startsWith(`${item.path}/`) || (item.path === "/system" && path.startsWith("/accounts"));

export function Rail({ path }: { path: string }) {
  const phone = useMediaQuery("(max-width: 720px)", undefined, { getInitialValueInEffect: false });
  const shown = phone ? MENU.slice(0, ON_PHONE) : MENU;
  const rest = phone ? MENU.slice(ON_PHONE) : [];
  return (
    <nav className={styles.rail} aria-label={t("nav.label")}>
      <div className={styles.logo}>
        <img src="/favicon.svg" alt="" />
      </div>
      <ul className={styles.items}>
        {shown.map((item) => (
          <li key={item.path}>
            <Link href={item.path} className={styles.item} aria-current={isHere(item, path) ? "page" : undefined} onClick={() => item.path === "/live" && deck.goLive()}>
              <item.icon size={22} stroke={1.6} aria-hidden />
              {t(item.text)}
            </Link>
          </li>
        ))}
        {rest.length > 0 && (
          <li>
            <Menu position="top-end" width={220}>
              <Menu.Target>
                <button type="button" className={styles.item} aria-current={rest.some((item) => isHere(item, path)) ? "page" : undefined}>
                  <IconDots size={22} stroke={1.6} aria-hidden />
                  {t("nav.more")}
                </button>
              </Menu.Target>
              <Menu.Dropdown>
                {rest.map((item) => (
                  <Menu.Item key={item.path} leftSection={<item.icon size={20} stroke={1.6} aria-hidden />} onClick={() => void navigate(item.path)}>
                    {t(item.text)}
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
          </li>
        )}
      </ul>
    </nav>
  );
}
