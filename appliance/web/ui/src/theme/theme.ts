/** The look of the product for Mantine's components: sizes, corners, behaviour; colours are CSS. */
import { createTheme, Modal, Popover, Menu, Select } from "@mantine/core";

/** Motion lasts at most 150 ms; `respectReducedMotion` switches it off where the system asks so. */
export const theme = createTheme({
  fontFamily: "Inter Variable, Noto Sans, system-ui, sans-serif",
  primaryColor: "blue",
  defaultRadius: "sm",
  cursorType: "pointer",
  respectReducedMotion: true,
  autoContrast: true,
  components: {
    // Scroll locking would inject a <style> element, which the content security policy forbids.
    Modal: Modal.extend({
      defaultProps: { lockScroll: false, centered: true, transitionProps: { duration: 120 }, overlayProps: { backgroundOpacity: 0.6 },
        // A dialog has a head, but the document has one banner: the top strip.
        attributes: { header: { role: "presentation" } } },
    }),
    Popover: Popover.extend({ defaultProps: { transitionProps: { duration: 100 }, shadow: "md" } }),
    // What takes the focus in the place of the first entry is no entry: a menu may not hold it.
    Menu: Menu.extend({ defaultProps: { transitionProps: { duration: 100 }, shadow: "md", withInitialFocusPlaceholder: false } }),
    Select: Select.extend({ defaultProps: { allowDeselect: false, checkIconPosition: "right" } }),
  },
});
