/** Dialogs that make, request, import and trust a certificate; each wrong field is named in place. */
import { Button, FileInput, Modal, NumberInput, Select, Textarea, TextInput } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import { wrongFields } from "../api/http";
import { t, type Key } from "../i18n";
import { FaultNote } from "../ui/parts";
import { Password } from "../ui/Password";
import ui from "../ui/ui.module.css";
import { base64, createCertificate, importCertificate, isPkcs12, pemOf, requestCertificate, trustAuthority } from "./api";
import styles from "./security.module.css";

const KINDS = ["p256", "p384", "rsa2048", "rsa3072"] as const;
type Close = (done: string | null) => void;

function Dialog({ title, lead, yes, faults, busy, submit, close, children }: {
  title: string; lead?: string; yes: string; faults: Record<string, string>; busy: boolean; submit: () => void; close: Close; children: ReactNode;
}) {
  return (
    <Modal opened onClose={() => close(null)} title={title} closeButtonProps={{ "aria-label": t("action.close") }}>
      <form className={styles.dialog} onSubmit={(event: FormEvent) => {
        event.preventDefault();
        submit();
      }}>
        {lead && <p className="dim">{lead}</p>}
        {faults[""] && <FaultNote text={faults[""]} />}
        {children}
        <div className={ui.actions}>
          <Button variant="default" onClick={() => close(null)}>{t("action.cancel")}</Button>
          <Button type="submit" loading={busy}>{yes}</Button>
        </div>
      </form>
    </Modal>
  );
}

function useSending(close: Close): { faults: Record<string, string>; busy: boolean; send: (work: () => Promise<string>) => void } {
  const [faults, setFaults] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const send = (work: () => Promise<string>): void => {
    setBusy(true);
    work().then((done) => close(done), (error: unknown) => setFaults(wrongFields(error))).finally(() => setBusy(false));
  };
  return { faults, busy, send };
}

export function SubjectDialog({ request, close }: { request: boolean; close: Close }) {
  const { faults, busy, send } = useSending(close);
  const [id, setId] = useState("");
  const [name, setName] = useState(location.hostname);
  const [names, setNames] = useState(location.hostname);
  const [organisation, setOrganisation] = useState("");
  const [country, setCountry] = useState("");
  const [kind, setKind] = useState<string>("p256");
  const [days, setDays] = useState<number | string>(365);
  const submit = (): void => send(async () => {
    const subject = { id, key_kind: kind, common_name: name, names: names.split(/[\s,]+/).filter(Boolean), organisation, country };
    if (!request) {
      await createCertificate({ ...subject, days: Number(days) });
      return t("certificates.created", { id });
    }
    await requestCertificate(subject);
    return t("certificates.requested", { id });
  });
  return (
    <Dialog title={t(request ? "certificates.request" : "certificates.create")} lead={t(request ? "certificates.requestText" : "certificates.createText")} yes={t(request ? "certificates.makeRequest" : "certificates.make")} faults={faults} busy={busy} submit={submit} close={close}>
      <TextInput label={t("certificates.id")} description={t("certificates.idHelp")} required value={id} onChange={(event) => setId(event.currentTarget.value)} error={faults["id"]} />
      <TextInput label={t("certificates.subject")} required value={name} onChange={(event) => setName(event.currentTarget.value)} error={faults["common_name"]} />
      <TextInput label={t("certificates.names")} description={t("certificates.namesHelp")} value={names} onChange={(event) => setNames(event.currentTarget.value)} error={faults["names"]} />
      <TextInput label={t("certificates.organisation")} value={organisation} onChange={(event) => setOrganisation(event.currentTarget.value)} error={faults["organisation"]} />
      <TextInput label={t("certificates.country")} description={t("certificates.countryHelp")} maxLength={2} value={country} onChange={(event) => setCountry(event.currentTarget.value)} error={faults["country"]} />
      <Select label={t("certificates.key")} value={kind} data={KINDS.map((value) => ({ value, label: t(`certificates.kind.${value}` as Key) }))} allowDeselect={false} onChange={(value) => setKind(value ?? "p256")} error={faults["key_kind"]} />
      {!request && <NumberInput label={t("certificates.days")} min={1} max={3650} value={days} onChange={setDays} error={faults["days"]} />}
    </Dialog>
  );
}

export function ImportDialog({ close }: { close: Close }) {
  const { faults, busy, send } = useSending(close);
  const [id, setId] = useState("");
  const [file, setFile] = useState<File | null>(null);
  const [keyFile, setKeyFile] = useState<File | null>(null);
  const [passphrase, setPassphrase] = useState("");
  const packed = file !== null && isPkcs12(file.name);
  const submit = (): void => send(async () => {
    const pkcs12 = packed ? base64(new Uint8Array(await file.arrayBuffer())) : undefined;
    const pem = file && !packed ? await pemOf(file) : undefined;
    const key = keyFile && !packed ? await keyFile.text() : undefined;
    const done = await importCertificate({ id, passphrase, ...(pkcs12 ? { pkcs12 } : {}), ...(pem ? { pem } : {}), ...(key ? { key } : {}) });
    return t("certificates.imported", { id: done.id });
  });
  return (
    <Dialog title={t("certificates.import")} lead={t("certificates.importText")} yes={t("certificates.importDo")} faults={faults} busy={busy} submit={submit} close={close}>
      <FileInput label={t("certificates.file")} description={t("certificates.fileHelp")} required clearable value={file} onChange={setFile} error={faults["pem"] ?? faults["pkcs12"]} placeholder={t("certificates.choose")} />
      {!packed && <FileInput label={t("certificates.keyFile")} description={t("certificates.keyFileHelp")} clearable value={keyFile} onChange={setKeyFile} error={faults["key"]} placeholder={t("certificates.choose")} />}
      <Password label={t("certificates.passphrase")} value={passphrase} onChange={(event) => setPassphrase(event.currentTarget.value)} error={faults["passphrase"]} autoComplete="off" />
      <TextInput label={t("certificates.id")} description={t("certificates.idImport")} value={id} onChange={(event) => setId(event.currentTarget.value)} error={faults["id"]} />
    </Dialog>
  );
}

export function TrustDialog({ close }: { close: Close }) {
  const { faults, busy, send } = useSending(close);
  const [id, setId] = useState("");
  const [file, setFile] = useState<File | null>(null);
  const [text, setText] = useState("");
  const submit = (): void => send(async () => {
    await trustAuthority(id, file ? await pemOf(file) : text);
    return t("certificates.trusts", { id });
  });
  return (
    <Dialog title={t("certificates.trust")} lead={t("certificates.trustText")} yes={t("certificates.trustDo")} faults={faults} busy={busy} submit={submit} close={close}>
      <TextInput label={t("certificates.id")} description={t("certificates.idHelp")} required value={id} onChange={(event) => setId(event.currentTarget.value)} error={faults["id"]} />
      <FileInput label={t("certificates.file")} clearable value={file} onChange={setFile} error={file ? faults["pem"] : undefined} placeholder={t("certificates.choose")} />
      {!file && <Textarea label={t("certificates.paste")} rows={5} value={text} onChange={(event) => setText(event.currentTarget.value)} error={faults["pem"]} />}
    </Dialog>
  );
}
