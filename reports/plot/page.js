// Moves the bars of the gates' figures to the run and class that the reader chooses.
// The bars, and the whole page, are there without this script; the state is the page's address behind '#'.
"use strict";
(() => {
  const form = document.getElementById("choose");
  if (!form) return;
  const read = id => JSON.parse(document.getElementById(id).textContent);
  const files = read("files");
  const runs = read("index").map(([file, run, model, attack, setting, budget]) => ({
    model: String(model), attack, setting, budget, json: files[file].runs[run], classes: files[file].data.classes,
  }));
  const keys = ["model", "attack", "setting", "budget"];
  const select = Object.fromEntries([...keys, "class"].map(key => [key, form.elements[key]]));
  const percent = share => Number.isFinite(share) ? (100 * share).toFixed(1) + " %" : "–";

  // The chosen run, or the one that agrees in most, counted from the left: not every combination was run.
  function chosen() {
    let best = runs[0], most = -1;
    for (const run of runs) {
      let agrees = 0;
      keys.forEach((key, i) => { if (run[key] === select[key].value) agrees += 1 << (keys.length - i); });
      if (agrees > most) [best, most] = [run, agrees];
    }
    return best;
  }

  function fill(menu, names, value) {
    menu.replaceChildren(...names.map(([key, text]) => new Option(text, key, false, key === value)));
  }

  // Only what was run with the choices to its left can be chosen.
  function offer(run) {
    select.model.value = run.model;
    let left = runs.filter(other => other.model === run.model);
    for (const key of keys.slice(1)) {
      fill(select[key], [...new Set(left.map(other => other[key]))].map(name => [name, name]), run[key]);
      left = left.filter(other => other[key] === run[key]);
    }
    const names = run.classes.map((name, i) => [String(i), name]);
    const before = select.class.value;
    fill(select.class, [["", "all classes"], ...names], names.some(([key]) => key === before) ? before : "");
  }

  // As much of a text as the figure is wide.
  function write(figure, part, text) {
    const element = figure.querySelector(`[data-part=${part}]`);
    const room = figure.querySelector("svg").viewBox.baseVal.width - 16;
    element.textContent = text;
    for (let kept = text.length - 1; kept > 0 && element.getComputedTextLength() > room; --kept) {
      element.textContent = text.slice(0, kept).trimEnd() + "…";
    }
  }

  function show(run) {
    const label = select.class.value;
    const images = label === "" ? "all classes" : run.classes[label];
    const { accuracy, gates } = run.json;
    const rates = when => (label === "" ? gates[when]?.per_layer : gates[when]?.per_class?.[label]) || [];
    const mean = list => list.reduce((sum, rate) => sum + rate, 0) / list.length;
    for (const figure of document.querySelectorAll("figure[data-model]")) {
      figure.hidden = figure.dataset.model !== run.model;
      if (figure.hidden) continue;
      const { bottom, height } = figure.dataset;
      for (const when of ["before", "after"]) {
        const list = rates(when);
        for (const bar of figure.querySelectorAll(`rect.${when}[data-layer]`)) {
          const rate = list[bar.dataset.layer] || 0;
          bar.setAttribute("y", bottom - rate * height);
          bar.setAttribute("height", rate * height);
          const tip = bar.querySelector("title");
          tip.textContent = tip.textContent.replace(/: [^:]*$/, ": " + percent(rate));
        }
        const text = list.length ? `${when} the attack, mean ${percent(mean(list))}` : when;
        figure.querySelector(`[data-part=mean-${when}]`).textContent = text;
      }
      const title = `Execution rates before and after ${run.attack} at ε = ${run.budget}: ${images}`;
      const setting = `${select.model.selectedOptions[0].text}, ${run.setting}`;
      const facts = `all classes: accuracy ${percent(accuracy?.clean?.value)} → ` +
        `${percent(accuracy?.robust?.value)}, gates flipped ${percent(gates.flipped?.share)} ` +
        `(by chance ${percent(gates.flipped?.share_on_clean_redraw)})`;
      write(figure, "title", title);
      write(figure, "setting", setting);
      write(figure, "facts", facts);
      const empty = rates("before").length === 0;
      figure.querySelector("[data-part=empty]").setAttribute("visibility", empty ? "visible" : "hidden");
      figure.querySelector("svg > title").textContent = title;
      const means = `Mean execution rate ${percent(mean(rates("before")))} before and ${percent(mean(rates("after")))} after the attack`;
      figure.querySelector("svg > desc").textContent = `${empty ? "No images of this class" : means}. ${setting}; ${facts}.`;
    }
  }

  function apply(remember) {
    const run = chosen();
    offer(run);
    show(run);
    const state = new URLSearchParams(keys.map(key => [key, run[key]]));
    state.set("model", select.model.selectedOptions[0].text);
    if (select.class.value !== "") state.set("class", run.classes[select.class.value]);
    if (remember) history.replaceState(null, "", "#" + state);
  }

  // A menu takes a value only if it offers it, so what the address asks for is offered for the moment.
  function restore() {
    const state = new URLSearchParams(location.hash.slice(1));
    if (!keys.some(key => state.has(key)) && !state.has("class")) return;
    const model = [...select.model.options].find(option => option.text === state.get("model"));
    if (model) select.model.value = model.value;
    for (const key of keys.slice(1)) {
      if (!state.has(key)) continue;
      select[key].add(new Option(state.get(key), state.get(key), false, true));
    }
    offer(chosen());
    const label = [...select.class.options].find(option => option.text === state.get("class"));
    select.class.value = label ? label.value : "";
    apply(false);
  }

  form.hidden = false;
  form.addEventListener("change", () => apply(true));
  form.addEventListener("submit", event => event.preventDefault());
  window.addEventListener("hashchange", restore);
  apply(false);
  restore();
})();
