/* PoE: what is plugged into each port, what is wrong with it, how warm the box is. */
export const title = "PoE ports";

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

/** Set a control unless a person holds it just now. */
const set = (control, name, value) => {
  if (document.activeElement !== control) control[name] = value;
};

function socket(port, catalogue, act) {
  const number = port.number;
  const watts = make("output");
  const name = make("span", { className: "dim" });
  const choice = make("select", { ariaLabel: `What is plugged into port ${number}` }, make("option", { value: "", textContent: "nothing" }));
  for (const { kind, name: words } of catalogue) choice.append(make("option", { value: kind, textContent: words }));
  choice.onchange = () => act(choice.value ? "plug" : "pull", { port: number, kind: choice.value });
  const shorted = make("input", { type: "checkbox", onchange: () => act("short", { port: number, on: shorted.checked }) });
  const night = make("input", { type: "checkbox", onchange: () => act("night", { port: number, on: night.checked }) });
  const load = make("input", { type: "range", min: 0, max: 30, step: 1, onchange: () => act("load", { port: number, watts: Number(load.value) }) });
  const root = make(
    "div", { className: "socket" },
    make("header", {}, `Port ${number}`, watts), choice, name,
    make("label", {}, shorted, "Short circuit"), make("label", {}, night, "Night, lamps on"), make("label", {}, "More load", load),
  );
  const update = (now) => {
    root.dataset.powered = now.powered;
    watts.textContent = now.powered ? `${now.watts.toFixed(1)} W` : "off";
    name.textContent = now.device || "nothing plugged in";
    const found = catalogue.find((entry) => entry.name === now.device);
    set(choice, "value", found ? found.kind : "");
    set(shorted, "checked", now.shorted);
    set(night, "checked", now.night);
    set(load, "value", now.extra_w);
    for (const control of [shorted, night, load]) control.disabled = !now.device;
  };
  return { root, update };
}

export function build(root, act, first) {
  const sockets = new Map(first.ports.map((port) => [port.number, socket(port, first.catalogue, act)]));
  const degrees = make("output");
  const heat = make("input", { type: "range", min: -10, max: 80, step: 1, oninput: () => (degrees.textContent = `${heat.value} °C`), onchange: () => act("heat", { celsius: Number(heat.value) }) });
  const lost = make("input", { type: "checkbox", onchange: () => act("heat", { celsius: lost.checked ? null : Number(heat.value) }) });
  const chips = make("div", { className: "row" });
  const broken = new Map();
  for (const { name } of first.chips) {
    const box = make("input", { type: "checkbox", onchange: () => act("break_chip", { chip: name, on: box.checked }) });
    broken.set(name, box);
    chips.append(
      make("strong", { textContent: `Controller ${name}` }),
      make("label", {}, box, "does not answer"),
      make("button", { textContent: "Power fails for a moment", onclick: () => act("reset_chip", { chip: name }) }),
      make("button", { textContent: "Overheats", onclick: () => act("overheat_chip", { chip: name }) }),
    );
  }
  root.append(
    make("div", { className: "sockets" }, ...[...sockets.values()].map((entry) => entry.root)),
    make("h2", { textContent: "Board" }),
    make("div", { className: "row" }, make("label", {}, "Temperature", heat, degrees), make("label", {}, lost, "sensor lost")),
    chips,
  );
  return (state) => {
    for (const port of state.ports) sockets.get(port.number)?.update(port);
    set(lost, "checked", state.temperature_c === null);
    if (state.temperature_c !== null && document.activeElement !== heat) {
      heat.value = state.temperature_c;
      degrees.textContent = `${Math.round(state.temperature_c)} °C`;
    }
    for (const chip of state.chips) set(broken.get(chip.name), "checked", chip.broken);
  };
}
