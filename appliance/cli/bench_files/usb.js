/* USB sockets: sticks go in and out. */
export const title = "USB sockets";

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

export function build(root, act, first) {
  const inside = new Map();
  for (const { number } of first.sockets) {
    const options = [["", "empty"], ...first.catalogue.map(({ kind, name }) => [kind, name])];
    const choice = make("select", { ariaLabel: `USB ${number}` }, ...options.map(([value, textContent]) => make("option", { value, textContent })));
    choice.onchange = () => (choice.value ? act("plug", { number, kind: choice.value }) : act("pull", { number }));
    inside.set(number, choice);
    root.append(make("div", { className: "row" }, make("strong", { textContent: `USB ${number}` }), choice));
  }
  return (state) => {
    for (const { number, kind } of state.sockets) {
      const choice = inside.get(number);
      if (choice !== document.activeElement) choice.value = kind;
    }
  };
}
