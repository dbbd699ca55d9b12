/** Rail (bottom bar on a phone), top strip, and the page that the address names. */
import { lazy, Suspense, useEffect } from "react";
import { t } from "../i18n";
import { navigate, usePlace } from "../router/router";
import { Boundary } from "../ui/Boundary";
import { Empty, Waiting } from "../ui/parts";
import { Link } from "../router/Link";
import { LivePage } from "../live/LivePage";
import styles from "./frame.module.css";
import { ChangePassword } from "../account/ChangePassword";
import { SessionEnd } from "../account/SessionEnd";
import { KeyList } from "./KeyList";
import { Rail } from "./Rail";
import { TopStrip } from "./TopStrip";
import { useGlobalKeys } from "./useGlobalKeys";

const Events = lazy(async () => ({ default: (await import("../events/EventsPage")).EventsPage }));
const Tags = lazy(async () => ({ default: (await import("../tags/TagsPage")).TagsPage }));
const Recordings = lazy(async () => ({ default: (await import("../recordings/RecordingsPage")).RecordingsPage }));
const Find = lazy(async () => ({ default: (await import("../find/FindPage")).FindPage }));
const Files = lazy(async () => ({ default: (await import("../files/FilesPage")).FilesPage }));
const Backup = lazy(async () => ({ default: (await import("../backup/BackupPage")).BackupPage }));
const Jobs = lazy(async () => ({ default: (await import("../jobs/JobsPage")).JobsPage }));
const Cameras = lazy(async () => ({ default: (await import("../cameras/CamerasPage")).CamerasPage }));
const CameraForm = lazy(async () => ({ default: (await import("../cameras/CameraPage")).CameraPage }));
const PoePage = lazy(async () => ({ default: (await import("../board/PoePage")).PoePage }));
const IoPage = lazy(async () => ({ default: (await import("../board/IoPage")).IoPage }));
const PtzPage = lazy(async () => ({ default: (await import("../board/PtzPage")).PtzPage }));
const DevicePage = lazy(async () => ({ default: (await import("../board/DevicePage")).DevicePage }));
const TimePage = lazy(async () => ({ default: (await import("../computer/TimePage")).TimePage }));
const PowerPage = lazy(async () => ({ default: (await import("../computer/PowerPage")).PowerPage }));
const Storage = lazy(async () => ({ default: (await import("../storage/StoragePage")).StoragePage }));
const NetworkRoom = lazy(async () => ({ default: (await import("../network/NetworkPage")).NetworkPage }));
const System = lazy(async () => ({ default: (await import("../settings/SettingsPage")).SettingsPage }));
const Log = lazy(async () => ({ default: (await import("../log/LogPage")).LogPage }));
const Accounts = lazy(async () => ({ default: (await import("../accounts/AccountsPage")).AccountsPage }));
const Wizard = lazy(async () => ({ default: (await import("../wizard/WizardPage")).WizardPage }));
const Information = lazy(async () => ({ default: (await import("../maintain/InformationPage")).InformationPage }));
const NetworkTest = lazy(async () => ({ default: (await import("../maintain/NetworkTestPage")).NetworkTestPage }));
const Maintain = lazy(async () => ({ default: (await import("../status/StatusPage")).StatusPage }));

function Room({ path }: { path: string }) {
  const [, first = "", second = "", third = ""] = path.split("/");
  switch (first) {
    case "live":
    case "search":
      if (first === "search" && second === "tags") return <Tags />;
      if (first === "search" && second === "recordings") return <Recordings />;
      if (first === "search" && second === "find") return <Find />;
      if (first === "search" && second === "files") return <Files />;
      return <LivePage past={first === "search"} />;
    case "events":
      return <Events />;
    case "backup":
      return <Backup />;
    case "jobs":
      return <Jobs />;
    case "cameras":
      if (second === "poe") return <PoePage />;
      if (second === "ptz") return <PtzPage />;
      return second ? <CameraForm key={second} id={decodeURIComponent(second)} /> : <Cameras />;
    case "storage":
      return <Storage />;
    case "network":
      return <NetworkRoom />;
    case "system":
      return <System page={decodeURIComponent(second)} />;
    case "wizard":
      return <Wizard at={second} />;
    case "accounts":
      return <Accounts tab={second} name={decodeURIComponent(third)} />;
    case "maintain":
      if (second === "log") return <Log />;
      if (second === "io") return <IoPage />;
      if (second === "device") return <DevicePage />;
      if (second === "power") return <PowerPage />;
      if (second === "time") return <TimePage />;
      if (second === "information") return <Information />;
      if (second === "nettest") return <NetworkTest />;
      return <Maintain />;
    default:
      return <Empty alone title={t("notFound.title")} text={t("notFound.text")} action={<Link href="/live">{t("notFound.home")}</Link>} />;
  }
}

const WALL: ReadonlySet<string> = new Set(["/live", "/search"]);

export function Frame() {
  const { path } = usePlace();
  useGlobalKeys();
  useEffect(() => {
    // A link to an instant ("/?at=...&channel=...") may have gone by way of logging in.
    if (path === "/") void navigate(`/live${location.search}`, { replace: true });
  }, [path]);
  return (
    <div className={styles.frame}>
      <a className={styles.skip} href="#content">
        {t("top.skip")}
      </a>
      <Rail path={path} />
      <TopStrip />
      {/* What has no button must be scrolled by keys, too; the wall never scrolls. */}
      <main id="content" className={styles.content} tabIndex={WALL.has(path) ? -1 : 0}>
        <Boundary key={path.split("/")[1]}>
          <Suspense fallback={<Waiting />}>{path === "/" ? null : <Room path={path} />}</Suspense>
        </Boundary>
      </main>
      <KeyList />
      <ChangePassword />
      <SessionEnd />
    </div>
  );
}
