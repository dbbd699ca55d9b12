/** "Test the camera": its first picture and what it sends, or in words what is wrong. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { post, words } from "../api/http";
import type { TestResult, TrackFacts } from "../api/types";
import { t } from "../i18n";
import { decimal, rate } from "../i18n/format";
import { codecName } from "../media/screen";
import type { Values } from "../settings/api";
import { FaultNote, Mark, Section } from "../ui/parts";
import styles from "./cameras.module.css";

function Facts({ result }: { result: TestResult }) {
  const formats: readonly TrackFacts[] = result.formats ?? [];
  const video = formats.find((track) => track.kind === "video" || track.width);
  const audio = formats.find((track) => track !== video);
  const fps = video?.fps ?? video?.frame_rate;
  return (
    <dl className={styles.list}>
      {video && (
        <>
          <dt>{t("camera.facts.video")}</dt>
          <dd>{[codecName(video.codec ?? video.codec_string), video.profile].filter(Boolean).join(" ")}</dd>
          {video.width && video.height && (
            <>
              <dt>{t("camera.facts.size")}</dt>
              <dd>{t("unit.size", { width: String(video.width), height: String(video.height) })}</dd>
            </>
          )}
          {fps && (
            <>
              <dt>{t("camera.facts.fps")}</dt>
              <dd>{t("unit.fps", { value: decimal(fps) })}</dd>
            </>
          )}
        </>
      )}
      <dt>{t("camera.facts.audio")}</dt>
      <dd>{audio ? (audio.codec ?? "").toUpperCase() : t("cameras.noStream")}</dd>
      {result.bitrate_bps && (
        <>
          <dt>{t("camera.facts.rate")}</dt>
          <dd>{rate(result.bitrate_bps)}</dd>
        </>
      )}
      {result.limit_bps && (
        <>
          <dt>{t("camera.facts.incoming")}</dt>
          <dd>{t("camera.facts.incomingOf", { now: rate(result.incoming_bps ?? 0), limit: rate(result.limit_bps) })}</dd>
        </>
      )}
    </dl>
  );
}

/** `channel`: the channel this is, if it has one, so that what it sends now is not counted twice. */
export function TestPanel({ values, channel }: { values: Values; channel?: number }) {
  const [result, setResult] = useState<TestResult | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState<"main" | "sub" | null>(null);
  const text = (name: string): string => (typeof values[name] === "string" ? (values[name] as string) : "");
  const stored = typeof values["password"] === "object" && (values["password"] as { set?: boolean } | null)?.set === true;

  const run = async (which: "main" | "sub"): Promise<void> => {
    const url = text(`${which}_url`).trim();
    setResult(null);
    setFault(url ? null : t("camera.needUrl"));
    if (!url) return;
    setBusy(which);
    try {
      const body = { url, username: text("username"), password: text("password"), transport: values["transport"] ?? "tcp", allow_basic: values["allow_basic"] ?? false, engine: values["engine"] ?? "auto", ...(channel === undefined ? {} : { channel }) };
      setResult(await post<TestResult>("/channels/test", body));
    } catch (error) {
      setFault(words(error));
    } finally {
      setBusy(null);
    }
  };

  const wrong = fault ?? (result && !result.ok ? (result.fault?.text ?? null) : null);
  return (
    <div className={styles.testBox} aria-live="polite">
      <Section title={t("camera.testTitle")}>
        {result?.ok && result.picture ? (
          <img className={styles.testPicture} src={result.picture} alt={t("camera.pictureAlt")} />
        ) : (
          <div className={styles.testEmpty}>{busy ? t("camera.testing") : result?.ok ? t("camera.testNoPicture") : t("camera.testHelp")}</div>
        )}
      </Section>
      {wrong && <FaultNote text={wrong} />}
      {result?.ok && <Mark level="good">{t("camera.testOk")}</Mark>}
      {result?.ok && result.formats && <Facts result={result} />}
      {result?.warning && <FaultNote text={result.warning} />}
      {stored && <p className="dim small">{t("camera.testPassword")}</p>}
      <div className={styles.testActions}>
        <Button loading={busy === "main"} disabled={busy !== null} onClick={() => void run("main")}>
          {t("camera.test")}
        </Button>
        {text("sub_url") && (
          <Button variant="default" loading={busy === "sub"} disabled={busy !== null} onClick={() => void run("sub")}>
            {t("camera.testSub")}
          </Button>
        )}
      </div>
    </div>
  );
}
