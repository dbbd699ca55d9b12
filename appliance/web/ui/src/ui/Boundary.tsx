/** Catches a fault of the page itself and says so, instead of an empty screen. */
import { Button } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { t } from "../i18n";
import { Empty } from "./parts";

export class Boundary extends Component<{ children: ReactNode }, { fault: Error | null }> {
  override state: { fault: Error | null } = { fault: null };
  static getDerivedStateFromError(fault: Error) {
    return { fault };
  }
  override render() {
    if (!this.state.fault) return this.props.children;
    return (
      <div role="alert">
        <Empty alone title={t("error.page")} text={this.state.fault.message} action={<Button onClick={() => location.reload()}>{t("error.reload")}</Button>} />
      </div>
    );
  }
}
