/* Contacts, buttons, what the box shows and sounds, its fan, its serial devices. */
export const title = "Terminals, buttons, lights";

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

const check = (text, changed) => {
  const box = make("input", { type: "checkbox" });
  box.onchange = () => changed(box.checked);
  return { box, label: make("label", {}, box, text) };
};

/** A push button is pressed as long as the pointer is down on it. */
const push = (text, pressed) => {
  const button = make("button", { textContent: text });
  button.onpointerdown = (event) => {
    button.setPointerCapture(event.pointerId);
    pressed(true);
  };
  button.onpointerup = button.onpointercancel = () => pressed(false);
  return button;
};

export function build(root, act, first) {
  const contacts = new Map();
  const inputs = make("div", { className: "row" }, make("strong", { textContent: "Alarm inputs" }));
  for (const { number } of first.inputs) {
    const contact = check(`ALARM ${number} closed`, (on) => act("contact", { number, on }));
    contacts.set(number, contact.box);
    inputs.append(contact.label, make("button", { textContent: "chatter 5 s", onclick: () => act("storm", { number, seconds: 5 }) }));
  }
  const buttons = make("div", { className: "row" }, make("strong", { textContent: "Buttons (hold)" }));
  for (const { name } of first.buttons) buttons.append(push(name, (on) => act("button", { name, on })));
  const seen = make("p");
  const fans = make("div", { className: "row" }, make("strong", { textContent: "Fan" }));
  for (const { name } of first.fans) {
    const how = make("select", { ariaLabel: `Fan ${name}` }, ...["turns", "stuck", "noisy"].map((value) => make("option", { value, textContent: value })));
    how.onchange = () => act("fan", { name, how: how.value });
    fans.append(`${name}:`, how);
  }
  const ports = new Map();
  const serial = make("div", { className: "row" }, make("strong", { textContent: "Serial adapters" }));
  for (const { name } of first.serial) {
    const plug = check(`${name} plugged in`, (on) => act("serial", { name, on }));
    ports.set(name, plug.box);
    serial.append(plug.label);
  }
  const closed = new Map();
  const box = make("div", { className: "row" }, make("strong", { textContent: "Alarm box (Modbus address 1)" }));
  for (let number = 1; number <= first.box.inputs; number += 1) {
    const contact = check(String(number), (on) => act("box", { number, on }));
    closed.set(number, contact.box);
    box.append(contact.label);
  }
  const domes = make("ul");
  root.append(inputs, buttons, seen, fans, serial, box, make("h2", { textContent: "Domes on RS-485" }), domes);
  return (state) => {
    for (const { number, closed: on } of state.inputs) contacts.get(number).checked = on;
    for (const { name, plugged } of state.serial) ports.get(name).checked = plugged;
    for (const [number, contact] of closed) contact.checked = state.box.closed.includes(number);
    const on = state.outputs.filter((output) => output.on).map((output) => output.id);
    const lit = state.leds.filter((led) => led.lit).map((led) => `${led.name} (${led.colour})`);
    seen.textContent = `On: ${on.join(", ") || "no output"}. Lit: ${lit.join(", ") || "nothing"}. Buzzer: ${state.buzzer ? "sounds" : "silent"}. Fan: ${state.fans.map((fan) => `${fan.percent} %`).join(", ")}.`;
    domes.replaceChildren(
      ...state.domes.map((dome) => make("li", { textContent: `${dome.family}, address ${dome.address}, ${dome.baud} baud: pan ${dome.pan}, tilt ${dome.tilt}, zoom ${dome.zoom}${dome.preset === null ? "" : `, at preset ${dome.preset}`}` })),
    );
  };
}
