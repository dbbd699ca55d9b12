/** Jobs in the top strip: how many go on and how far the first is; hidden while there are none. */
import { IconListCheck } from "@tabler/icons-react";
import { useEffect } from "react";
import top from "../frame/frame.module.css";
import { t } from "../i18n";
import { percent } from "../i18n/format";
import { Link } from "../router/Link";
import { useStore } from "../state/store";
import { forgetJobs, isOver, jobs, loadJobs } from "./state";
import { shareOf } from "./words";

/** The feed tells of changes at once; asking finds what it may have missed. */
const ASK_MS = 15_000;

export function TopJobs() {
  const { jobs: list } = useStore(jobs);
  useEffect(() => {
    void loadJobs();
    const timer = setInterval(() => void loadJobs(), ASK_MS);
    return () => {
      clearInterval(timer);
      forgetJobs();
    };
  }, []);
  if (!list || list.length === 0) return null;
  const going = list.filter((job) => !isOver(job));
  const share = shareOf(going.find((job) => job.state === "running")?.progress ?? null);
  const text = going.length > 0 ? t("jobs.goingCount", { n: going.length }) : t("jobs.noneGoing");
  return (
    <Link href="/jobs" className={top.topButton} aria-label={text} title={text}>
      <IconListCheck size={20} stroke={1.6} aria-hidden />
      {going.length > 0 && <span className="num">{share === null ? going.length : percent(Math.floor(share * 100) / 100)}</span>}
    </Link>
  );
}
