/** The box does not answer: says so and goes on asking. */
import { Button } from "@mantine/core";
import { useEffect } from "react";
import { t } from "../i18n";
import { begin } from "../state/session";
import { Card } from "./Card";

export function Unreachable() {
  useEffect(() => {
    const timer = setInterval(() => void begin(), 4000);
    return () => clearInterval(timer);
  }, []);
  return (
    <Card title={t("app.name")} intro={t("login.unreachable")}>
      <Button variant="default" onClick={() => void begin()}>
        {t("action.retry")}
      </Button>
    </Card>
  );
}
