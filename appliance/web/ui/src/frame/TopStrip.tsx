/** Name of the box, its health in one sentence, open events, the time with its zone, the person. */
import { Button, Menu, Popover } from "@mantine/core";
import { IconBell, IconKeyboard, IconLock, IconLogout, IconMoon, IconSun, IconUser, IconUsers } from "@tabler/icons-react";
import { SaveRecovery } from "../account/SaveRecovery";
import { askNewPassword } from "../account/ChangePassword";
import { useState } from "react";
import { t } from "../i18n";
import { TopJobs } from "../jobs/TopJobs";
import { TopInstant } from "../live/InstantMarks";
import { Link } from "../router/Link";
import { navigate } from "../router/router";
import { scheme, setScheme } from "../state/appearance";
import { box } from "../state/box";
import { logOut, session } from "../state/session";
import { useSelect, useStore } from "../state/store";
import { dayDate, since, time, zoneName } from "../time/format";
import { habits } from "../time/habits";
import { MendLink } from "../status/MendLink";
import { ContinueSetUp } from "../wizard/ContinueSetUp";
import { levelOf, Mark } from "../ui/parts";
import { useNow } from "../ui/useNow";
import styles from "./frame.module.css";
import { showKeys } from "./KeyList";

/** A box that starts again is back before this. */
const LOST_LONG_MS = 30_000;

function Health() {
  const { status, lostSince } = useStore(box);
  const now = useNow(5000);
  const level = lostSince ? "bad" : status ? levelOf(status.health.level) : "off";
  const lostLong = lostSince !== null && now - lostSince > LOST_LONG_MS;
  const sentence = lostSince ? t("top.lost", { since: since(lostSince, now) }) : (status?.health.sentence ?? t("top.waiting"));
  const [open, setOpen] = useState(false);
  const close = (): void => setOpen(false);
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" width="min(440px, calc(100vw - 16px))" withinPortal trapFocus returnFocus>
      <Popover.Target>
        <button type="button" className={styles.health} data-level={level} onClick={() => setOpen(!open)} aria-label={`${t("top.health")}: ${sentence}`}>
          <Mark level={level} />
          <span dir="auto">{sentence}</span>
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className={styles.items2}>
          <strong>{sentence}</strong>
          {(status?.health.items ?? []).map((item) => (
            <div key={item.finding} className={styles.healthItem}>
              <Mark level={levelOf(item.level ?? "attention")}>
                <span style={{ whiteSpace: "normal" }}>{item.text}</span>
              </Mark>
              {item.since ? <span className="dim small">{since(item.since, now)}</span> : null}
              <MendLink item={item} onClick={close} />
            </div>
          ))}
          {!lostSince && status && (status.health.items ?? []).length === 0 && <span className="dim">{t("top.allGood")}</span>}
          {lostLong && <span>{t("top.lostLong")}</span>}
          {lostLong && <Button size="sm" onClick={() => location.reload()}>{t("error.reload")}</Button>}
          {!lostSince && <Link href="/maintain" onClick={close}>{t("top.status")}</Link>}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function OpenEvents() {
  const open = useSelect(box, (state) => (state.status?.events?.["error"] ?? 0) + (state.status?.events?.["warning"] ?? 0));
  const text = open ? t("top.events", { n: open }) : t("top.noEvents");
  return (
    <Link href={open ? "/events?open=1" : "/events"} className={styles.topButton} data-alert={open > 0 || undefined} aria-label={text} title={text}>
      <IconBell size={20} stroke={1.6} aria-hidden />
      {open > 0 && <span className="num">{open}</span>}
    </Link>
  );
}

function Clock() {
  const now = useNow(1000);
  useStore(habits);
  useSelect(box, (state) => state.status?.box.zone); // a change of zone changes what is written here
  return (
    <time className={styles.clock}>
      <span className={styles.clockDate}>{dayDate(now)} </span>
      <b>{time(now)}</b> <small>{zoneName(now)}</small>
    </time>
  );
}

function Person() {
  const { user } = useStore(session);
  const colours = useStore(scheme);
  return (
    <Menu position="bottom-end" width={230}>
      <Menu.Target>
        <button type="button" className={styles.topButton} aria-label={t("top.person", { user })}>
          <IconUser size={20} stroke={1.6} aria-hidden />
          <span className={styles.userName}>{user}</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("top.theme")}</Menu.Label>
        <Menu.Item leftSection={<IconMoon size={18} aria-hidden />} aria-current={colours === "dark"} onClick={() => setScheme("dark")}>
          {t("top.dark")}
        </Menu.Item>
        <Menu.Item leftSection={<IconSun size={18} aria-hidden />} aria-current={colours === "light"} onClick={() => setScheme("light")}>
          {t("top.light")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconKeyboard size={18} aria-hidden />} onClick={showKeys}>
          {t("top.keys")}
        </Menu.Item>
        <Menu.Item leftSection={<IconUsers size={18} aria-hidden />} onClick={() => void navigate("/accounts/me")}>
          {t("accounts.own")}
        </Menu.Item>
        <Menu.Item leftSection={<IconLock size={18} aria-hidden />} onClick={askNewPassword}>
          {t("password.change")}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={18} aria-hidden />} onClick={() => void logOut()}>
          {t("top.logOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

export function TopStrip() {
  const name = useSelect(box, (state) => state.status?.box.name ?? "");
  return (
    <header className={styles.top}>
      <span className={styles.box} title={name}>
        {name || t("app.name")}
      </span>
      <Health />
      <span className={styles.grow} />
      <ContinueSetUp />
      <SaveRecovery />
      <TopInstant />
      <TopJobs />
      <OpenEvents />
      <Clock />
      <Person />
    </header>
  );
}
