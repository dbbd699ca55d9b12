/** Right after the first set-up: the recovery file, to be saved before it is forgotten (D2-AC-10). */
import { Button } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { makeRecoveryFile } from "../accounts/api";
import { saveFile } from "../accounts/recoveryFile";
import { words } from "../api/http";
import { t } from "../i18n";
import { firstPassword } from "../state/session";
import { useStore } from "../state/store";
import { say } from "../ui/toast";

export function SaveRecovery() {
  const password = useStore(firstPassword);
  if (!password) return null;
  const save = async (): Promise<void> => {
    try {
      saveFile((await makeRecoveryFile(password)).key);
      say(t("recovery.fileMade"));
      firstPassword.set("");
    } catch (error) {
      say(words(error), { bad: true });
    }
  };
  return (
    <Button size="sm" leftSection={<IconKey size={18} aria-hidden />} title={t("recovery.text")} onClick={() => void save()}>
      {t("recovery.save")}
    </Button>
  );
}
