// The what-if panel: sliders and switches; nothing is edited, the newest value wins.
import { html, useState } from "./kit.js";
import { Scatter } from "./scatter.js";

export function WhatIf({ book, changes, setChange, clear, live, failed, pair, setPair, request, pin, apply }) {
  const groups = {};
  for (const s of book.sliders) (groups[s.group] ||= []).push(s);
  const names = { patience: "Patience (worth today of 1 a year from now)", deadline: "Deadline" };
  const count = Object.keys(changes).length;
  return html`<aside class="whatif" aria-label="What if">
    <h2>What if</h2>
    ${live && html`<p class="answer">${live.words}</p>`}
    ${failed && html`<p class="problem" role="alert">${failed}</p>`}
    ${live && html`<${Scatter} data=${live} request=${request} />`}
    ${live && live.parties.length > 2 && html`<p class="pair">
      <label>Across <select value=${pair[0]} onChange=${(e) => setPair([e.target.value, pair[1]])}>${live.parties.map((p) => html`<option value=${p}>${book.labels[p]}</option>`)}</select></label>
      <label>Upward <select value=${pair[1]} onChange=${(e) => setPair([pair[0], e.target.value])}>${live.parties.map((p) => html`<option value=${p}>${book.labels[p]}</option>`)}</select></label></p>`}
    <p class="buttons">
      <button onClick=${clear} disabled=${!count}>Back to the case</button>
      <button onClick=${pin}>Pin this state</button>
      ${!book.audience && html`<button onClick=${apply} disabled=${!count}>Write into the case</button>`}
    </p>
    <p class="note">${count ? `${count} input${count > 1 ? "s" : ""} changed, in this page only.` : "Sliders change numbers in this page only."}</p>
    ${Object.entries(groups).map(([group, sliders]) => html`<${Group} key=${group} title=${names[group] || group} open=${group === "patience" || group === "deadline"}>
      ${sliders.map((s) => {
        const day = (n) => new Date(Date.parse(`${s.start}T00:00:00Z`) + n * 86_400_000).toISOString().slice(0, 10);
        const stated = changes[s.path] ? changes[s.path].change[0].to : s.at;
        const now = s.start && changes[s.path] ? Math.round((Date.parse(`${stated}T00:00:00Z`) - Date.parse(`${s.start}T00:00:00Z`)) / 86_400_000) : stated;
        return html`<div class="slider" key=${s.path}><label for=${`slider-${s.path}`}>${s.label.replace(`${group}: `, "")}</label>
          <input id=${`slider-${s.path}`} type="range" min=${s.low} max=${s.high} step=${s.step} value=${now}
            onInput=${(e) => setChange(s.path, Number(e.target.value) === s.at ? null : [{ set: s.path, to: s.start ? day(Number(e.target.value)) : Number(e.target.value) }])}
            aria-valuetext=${s.start ? day(now) : undefined} />
          <output for=${`slider-${s.path}`} class=${changes[s.path] ? "changed" : ""}>${s.start ? day(now) : Number(Number(now).toPrecision(3))}</output></div>`;
      })}</${Group}>`)}
    ${book.switches.length > 0 && html`<${Group} title="Could this be taken back?">
      ${book.switches.map((s) => {
        const on = changes[s.path] ? changes[s.path].on : s.on;
        return html`<div class="switch" key=${s.path}><label><input type="checkbox" checked=${on}
          onChange=${(e) => setChange(s.path, e.target.checked === s.on ? null : e.target.checked ? s.to_on : s.to_off, e.target.checked)} /> ${s.label}</label>
          ${s.floor && !changes[s.path] && html` <span class="note">${on ? "" : `(not below ${s.floor})`}</span>`}</div>`;
      })}</${Group}>`}
  </aside>`;
}

function Group({ title, open = false, children }) {
  const [shown, toggle] = useState(open);
  return html`<details open=${shown} onToggle=${(e) => toggle(e.target.open)}><summary>${title}</summary>${shown && children}</details>`;
}
