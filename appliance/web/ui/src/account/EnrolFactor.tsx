/** After signing in to a group that asks for a second factor: it is set up before anything else. */
import { Button } from "@mantine/core";
import { Enrolment } from "../accounts/FactorPart";
import { t } from "../i18n";
import { logOut, recheck, session } from "../state/session";
import { useStore } from "../state/store";
import { Card } from "./Card";

export function EnrolFactor() {
  const { user } = useStore(session);
  return (
    <Card title={t("enrol.title")} intro={t("enrol.intro", { user })}>
      <Enrolment done={() => void recheck()} />
      <Button variant="subtle" onClick={() => void logOut()}>{t("ending.leave")}</Button>
    </Card>
  );
}
