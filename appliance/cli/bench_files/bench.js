/* The frame: asks for the state each second and lets every part show its own.
   A part is a module with `title` and `build(root, act)`, which returns `update(state)`. */
import * as io from "/io.js";
import * as poe from "/poe.js";
import * as usb from "/usb.js";

const MODULES = { poe, io, usb };
const trouble = document.getElementById("trouble");
const updates = {};

function say(text) {
  trouble.textContent = text;
  trouble.hidden = !text;
}

function show(state) {
  for (const [name, part] of Object.entries(state)) {
    const module = MODULES[name];
    if (!module) continue;
    if (!updates[name]) {
      const section = document.createElement("section");
      const title = document.createElement("h2");
      title.textContent = module.title;
      section.append(title);
      document.getElementById("parts").append(section);
      updates[name] = module.build(section, (action, params) => act(name, action, params), part);
    }
    updates[name](part);
  }
}

async function ask(path, options) {
  try {
    const answer = await fetch(path, options);
    const body = await answer.json();
    say(answer.ok ? "" : body.text);
    if (answer.ok) show(body);
  } catch {
    say("The recorder does not answer. Is `make run` still running?");
  }
}

const act = (part, action, params = {}) =>
  ask(`/act/${part}/${action}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(params) });

await ask("/state");
setInterval(() => void ask("/state"), 1000);
