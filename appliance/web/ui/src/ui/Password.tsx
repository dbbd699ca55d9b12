/** A field for a password that can be shown, with the mouse and with the keyboard. */
import { PasswordInput, type PasswordInputProps } from "@mantine/core";
import { useState } from "react";
import { t } from "../i18n";

export function Password(props: PasswordInputProps) {
  const [visible, setVisible] = useState(false);
  return (
    <PasswordInput
      spellCheck={false} aria-invalid={Boolean(props.error)} {...props} visible={visible} onVisibilityChange={setVisible}
      visibilityToggleButtonProps={{ "aria-label": t(visible ? "password.hide" : "password.show"), "aria-hidden": false, tabIndex: 0 }}
    />
  );
}
