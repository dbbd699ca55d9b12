/** Certificates: what shows which, made, requested, imported, trusted (D2-SE-21, D2-SE-40..43, N13.9). */
import { Button, Modal, Select } from "@mantine/core";
import { useState } from "react";
import { words } from "../api/http";
import { t } from "../i18n";
import { date } from "../time/format";
import { confirm } from "../ui/confirm";
import { FaultNote, Mark, Section, Waiting, type Level } from "../ui/parts";
import { Table, type Column } from "../ui/Table";
import { say } from "../ui/toast";
import { useNow } from "../ui/useNow";
import { useResource } from "../ui/useResource";
import { fileOf, getCertificates, removeAuthority, removeCertificate, chooseCertificate, type Certificate, type Certificates, type Facts } from "./api";
import { ImportDialog, SubjectDialog, TrustDialog } from "./CertificateDialogs";
import styles from "./security.module.css";

const SOON_MS = 30 * 86_400_000;
type Dialog = "create" | "request" | "import" | "trust" | null;

export function CertificatesPanel() {
  const { data, fault, reload } = useResource((signal) => getCertificates(signal), []);
  const [dialog, setDialog] = useState<Dialog>(null);
  const [shown, setShown] = useState<{ name: string; chain: Facts[] } | null>(null);
  const now = useNow(60_000);
  if (!data) return fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />;
  const act = async (work: () => Promise<unknown>, done: string): Promise<void> => {
    try {
      await work();
      say(done);
    } catch (error) {
      say(words(error), { bad: true });
    }
    reload();
  };
  const drop = async (id: string, work: (id: string) => Promise<void>): Promise<void> => {
    if (!(await confirm({ title: t("certificates.removeTitle", { id }), text: t("certificates.removeText"), yes: t("certificates.remove", { id }), danger: true }))) return;
    await act(() => work(id), t("certificates.removed", { id }));
  };
  const close = (done: string | null): void => {
    setDialog(null);
    if (done) say(done);
    reload();
  };
  const authorities: Certificate[] = data.authorities.map(({ id, facts }) => ({ id, kind: "certificate", chain: [facts], requested: false, used_by: [] }));
  return (
    <div className={styles.panel}>
      {fault && <FaultNote text={fault} retry={reload} />}
      <Uses data={data} choose={(service, id) => void act(() => chooseCertificate(service, id), t("certificates.chosen", { id: nameOf(id) }))} />
      <Section title={t("certificates.own")}>
        <Table rows={data.certificates} idOf={(row) => row.id} columns={columns(data, now, setShown, (id) => void drop(id, removeCertificate))} />
        <div className={styles.buttons}>
          <Button variant="default" onClick={() => setDialog("import")}>{t("certificates.import")}</Button>
          <Button variant="default" onClick={() => setDialog("request")}>{t("certificates.request")}</Button>
          <Button variant="default" onClick={() => setDialog("create")}>{t("certificates.create")}</Button>
        </div>
      </Section>
      <Section title={t("certificates.trusted")}>
        <p className="dim">{t(authorities.length ? "certificates.trustedText" : "certificates.noneTrusted")}</p>
        {authorities.length > 0 && <Table rows={authorities} idOf={(row) => row.id} columns={columns(data, now, setShown, (id) => void drop(id, removeAuthority))} />}
        <div className={styles.buttons}>
          <Button variant="default" onClick={() => setDialog("trust")}>{t("certificates.trust")}</Button>
        </div>
      </Section>
      {(dialog === "create" || dialog === "request") && <SubjectDialog request={dialog === "request"} close={close} />}
      {dialog === "import" && <ImportDialog close={close} />}
      {dialog === "trust" && <TrustDialog close={close} />}
      {shown && <Details {...shown} close={() => setShown(null)} />}
    </div>
  );
}

const nameOf = (id: string): string => (id === "device" ? t("certificates.device") : id);

function Uses({ data, choose }: { data: Certificates; choose: (service: string, id: string) => void }) {
  const usable = data.certificates.filter((row) => row.chain.length > 0);
  return (
    <div className={styles.uses}>
      {data.services.map((use) => (
        <div key={use.service}>
          <Select label={use.title} value={use.chosen} data={usable.map((row) => ({ value: row.id, label: nameOf(row.id) }))} allowDeselect={false} onChange={(id) => id && id !== use.chosen && choose(use.service, id)} />
          {use.reason && <FaultNote text={t("certificates.fallback", { id: use.chosen, reason: use.reason })} />}
        </div>
      ))}
    </div>
  );
}

function stateOf(row: Certificate, now: number): { level: Level; text: string } {
  const leaf = row.chain[0];
  if (!leaf) return { level: "attention", text: t("certificates.waits") };
  if (leaf.not_after < now) return { level: "bad", text: t("certificates.ended", { day: date(leaf.not_after) }) };
  return { level: leaf.not_after - now < SOON_MS ? "attention" : "good", text: t("certificates.until", { day: date(leaf.not_after) }) };
}

function columns(data: Certificates, now: number, show: (shown: { name: string; chain: Facts[] }) => void, drop: (id: string) => void): Column<Certificate>[] {
  const used = (row: Certificate): string => row.used_by.map((slug) => data.services.find((use) => use.service === slug)?.title ?? slug).join(", ");
  return [
    { title: t("certificates.name"), name: true, cell: (row) => (
      <div className={styles.service}>
        <strong>{nameOf(row.id)}</strong>
        {row.chain[0] && <span className="dim small">{row.chain[0].subject}</span>}
        {used(row) && <span className="small">{t("certificates.usedBy", { services: used(row) })}</span>}
      </div>
    ) },
    { title: t("certificates.issuer"), cell: (row) => { const leaf = row.chain[0]; return leaf ? (leaf.self_signed ? t("certificates.itself") : leaf.issuer) : ""; } },
    { title: t("certificates.valid"), cell: (row) => { const { level, text } = stateOf(row, now); return <Mark level={level}>{text}</Mark>; } },
    { title: "", end: true, cell: (row) => (
      <div className={styles.buttons}>
        {row.chain.length > 0 && <Button variant="default" size="sm" aria-label={t("certificates.detailsOf", { id: row.id })} onClick={() => show({ name: nameOf(row.id), chain: row.chain })}>{t("certificates.details")}</Button>}
        {data.certificates.includes(row) && <Button variant="default" size="sm" component="a" href={fileOf(row.id)} download={`${row.id}.pem`} aria-label={t("certificates.saveOf", { id: row.id })}>{t(row.chain.length ? "certificates.save" : "certificates.saveRequest")}</Button>}
        {row.kind !== "device" && row.used_by.length === 0 && <Button variant="subtle" size="sm" color="red" className="danger" aria-label={t("certificates.remove", { id: row.id })} onClick={() => drop(row.id)}>{t("certificates.delete")}</Button>}
      </div>
    ) },
  ];
}

function Details({ name, chain, close }: { name: string; chain: Facts[]; close: () => void }) {
  return (
    <Modal opened onClose={close} title={name} closeButtonProps={{ "aria-label": t("action.close") }} size="lg">
      {chain.map((facts, place) => (
        <dl key={facts.fingerprint} className={styles.facts} aria-label={facts.subject}>
          {place > 0 && <div className={styles.under}>{t("certificates.issuedBy")}</div>}
          <dt>{t("certificates.subject")}</dt><dd>{facts.subject}</dd>
          <dt>{t("certificates.issuer")}</dt><dd>{facts.self_signed ? t("certificates.itself") : facts.issuer}</dd>
          {facts.names.length > 0 && <><dt>{t("certificates.names")}</dt><dd>{facts.names.join(", ")}</dd></>}
          <dt>{t("certificates.valid")}</dt><dd>{t("certificates.span", { from: date(facts.not_before), to: date(facts.not_after) })}</dd>
          <dt>{t("certificates.key")}</dt><dd>{facts.key}</dd>
          <dt>{t("certificates.fingerprint")}</dt><dd className={styles.mono}>{facts.fingerprint}</dd>
          <dt>{t("certificates.serial")}</dt><dd className={styles.mono}>{facts.serial}</dd>
        </dl>
      ))}
    </Modal>
  );
}
