// The case, editable in place: preferences as grids, everything else as a tree, and the text itself.
import { html, api, pathOf, useEffect, useRef, useState } from "./kit.js";

const SECTIONS = ["title", "parties", "absent", "issues", "impossible", "status_quo", "no_deal", "preferences", "time", "verification", "record", "evidence", "sources", "views", "confidential", "targets", "variants", "outcomes", "moves", "strength", "unknown", "attitudes", "discount", "correlated", "forecast"];
const TITLES = { no_deal: "No deal", status_quo: "Status quo", record: "Positions and record", absent: "Absent", views: "What parties believe of each other", impossible: "Impossible outcomes" };

/** What a person typed, as the case language means it: numbers, ranges and lists as such, all else as text. */
export function typed(text) {
  const plain = text.trim();
  if (plain === "") return null;
  if (/^[[{]/.test(plain)) { try { return JSON.parse(plain); } catch { return plain; } }
  if (plain === "true" || plain === "false") return plain === "true";
  return /^-?(\d+\.?\d*|\.\d+)(e-?\d+)?$/i.test(plain) ? Number(plain) : plain;
}

const written = (value) => (value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));

/** One value: checked while it is typed, written when it is left or Enter is pressed. */
function Field({ path, value, label, edit, disabled, wide }) {
  const [text, set] = useState(written(value)), [problems, wrong] = useState([]);
  const timer = useRef(null), newest = useRef(0), busy = useRef(false), id = `field-${path}`;
  useEffect(() => { set(written(value)); wrong([]); }, [written(value)]);
  const check = (now) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(async () => {
      const mine = ++newest.current;
      const found = await api("/api/check", { changes: [{ set: path, to: typed(now) }] }).catch(() => null); // said when it is written
      if (found && mine === newest.current) wrong(found.problems);
    }, 200);
  };
  const done = async () => {
    if (text === written(value)) { wrong([]); return; }
    if (busy.current) return; // Enter is a change as well
    clearTimeout(timer.current);
    newest.current++;
    busy.current = true;
    wrong(await edit([{ set: path, to: typed(text) }]));
    busy.current = false;
  };
  return html`<span class=${`field ${wide ? "wide" : ""}`}>
    <input id=${id} aria-label=${label} disabled=${disabled} value=${text} aria-invalid=${problems.length > 0} aria-describedby=${problems.length ? `${id}-problems` : undefined}
      size=${Math.min(60, Math.max(6, text.length + 1))}
      onInput=${(e) => { set(e.target.value); check(e.target.value); }} onChange=${done} onKeyDown=${(e) => { if (e.key === "Enter") done(); if (e.key === "Escape") { set(written(value)); wrong([]); } }} />
    ${problems.length > 0 && html`<span class="problem" id=${`${id}-problems`} role="alert">${problems.map((p) => p.message).join(" ")}</span>`}
  </span>`;
}

/** A value of any shape below a path. */
function Node({ path, value, name, edit, disabled, depth }) {
  const route = pathOf(path);
  if (value === null || typeof value !== "object" || (Array.isArray(value) && value.every((v) => v === null || typeof v !== "object"))) {
    return html`<div class="leaf"><span class="key">${name}</span><${Field} path=${route} value=${value} label=${route} edit=${edit} disabled=${disabled} wide=${typeof value === "string" && value.length > 40} />
      ${!disabled && depth > 0 && html`<button class="plain small" aria-label=${`Remove ${route}`} onClick=${() => edit([{ remove: route }])}>remove</button>`}</div>`;
  }
  const entries = Array.isArray(value) ? value.map((v, i) => [i, v]) : Object.entries(value);
  return html`<details class="node" open=${depth < 1}><summary>${name}<span class="note"> ${entries.length}</span></summary>
    ${entries.map(([k, v]) => html`<${Node} key=${k} path=${[...path, k]} value=${v} name=${Array.isArray(value) ? nameOf(v, k) : k} edit=${edit} disabled=${disabled} depth=${depth + 1} />`)}
    ${!disabled && html`<${Adder} path=${path} list=${Array.isArray(value)} edit=${edit} />`}
    ${!disabled && depth > 0 && html`<button class="plain small" onClick=${() => edit([{ remove: route }])}>remove ${name}</button>`}
  </details>`;
}

const nameOf = (entry, place) => (entry && typeof entry === "object" ? [entry.date, entry.party, entry.kind, entry.label, entry.supports && entry.supports.join(", "), entry.when].filter(Boolean).join(" ") || `${place + 1}` : `${place + 1}`);

function Adder({ path, list, edit }) {
  const [key, setKey] = useState(""), [text, set] = useState(""), [problems, wrong] = useState([]);
  const add = async (event) => {
    event.preventDefault();
    const route = pathOf(list ? path : [...path, key]);
    const found = await edit([list ? { add: route, to: typed(text) } : { set: route, to: typed(text) }]);
    wrong(found);
    if (!found.length) { setKey(""); set(""); }
  };
  const where = pathOf(path);
  return html`<form class="adder" onSubmit=${add}>
    ${!list && html`<input aria-label=${`New key in ${where}`} placeholder="key" value=${key} onInput=${(e) => setKey(e.target.value)} size="10" />`}
    <input aria-label=${`New value in ${where}`} placeholder=${list ? 'new entry, such as {"party": "US"}' : "value"} value=${text} onInput=${(e) => set(e.target.value)} size=${list ? 30 : 14} />
    <button class="plain small" disabled=${!list && !key}>add</button>
    ${problems.length > 0 && html`<span class="problem" role="alert">${problems.map((p) => p.message).join(" ")}</span>`}
  </form>`;
}

/** Values of one party as a grid: issues down, levels across. */
function Values({ book, party, inside, preference, edit, disabled }) {
  const root = ["preferences", party, ...inside];
  if (!preference.values) return null;
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${`Values of ${book.labels[party]}`}><table class="grid"><caption>${book.labels[party]}${inside.length ? ` (${inside[1]})` : ""}: what each level is worth</caption><tbody>
    ${Object.entries(preference.values).map(([issue, levels]) => html`<tr key=${issue}><th scope="row">${book.labels[issue] || issue}</th>
      ${preference.weights && html`<td><span class="key">weight</span><${Field} path=${pathOf([...root, "weights", issue])} value=${preference.weights[issue]} label=${`weight of ${issue}`} edit=${edit} disabled=${disabled} /></td>`}
      ${Object.entries(levels).map(([level, value]) => html`<td key=${level}><span class="key">${level}</span><${Field} path=${pathOf([...root, "values", issue, level])} value=${value} label=${`${book.labels[party]}: ${issue} at ${level}`} edit=${edit} disabled=${disabled} /></td>`)}</tr>`)}
  </tbody></table></div>`;
}

export function Editor({ book, edit, rewrite }) {
  const [way, choose] = useState("fields"), disabled = Boolean(book.audience), doc = book.document;
  return html`<section aria-labelledby="case-title">
    <h2 id="case-title">The case</h2>
    <p class="ways" role="group" aria-label="How to see it"><button aria-pressed=${way === "fields"} onClick=${() => choose("fields")}>Fields</button> <button aria-pressed=${way === "text"} onClick=${() => choose("text")}>Text</button></p>
    ${way === "text" ? html`<${Text} book=${book} rewrite=${rewrite} disabled=${disabled} />` : html`<div>
      <p class="note">Each value is checked while you type, and written into the case when you leave the field. A range is [low, high] or [low, mode, high]. Nothing goes to the file until you save.</p>
      <div class="leaf"><label class="key" for="field-title">title</label><${Field} path="title" value=${doc.title} label="title" edit=${edit} disabled=${disabled} wide=${true} /></div>
      ${Object.entries(doc.preferences || {}).map(([party, p]) => html`<div key=${party}>
        ${p.types ? Object.entries(p.types).map(([t, q]) => html`<${Values} key=${t} book=${book} party=${party} inside=${["types", t]} preference=${q} edit=${edit} disabled=${disabled} />`)
          : html`<${Values} book=${book} party=${party} inside=${[]} preference=${p} edit=${edit} disabled=${disabled} />`}</div>`)}
      <h3>Everything in it</h3>
      ${SECTIONS.filter((s) => s !== "title" && doc[s] !== undefined).map((s) => html`<details class="section" key=${s}><summary>${TITLES[s] || s[0].toUpperCase() + s.slice(1)}</summary><${Node} path=${[s]} value=${doc[s]} name=${s} edit=${edit} disabled=${disabled} depth=${0} /></details>`)}
      ${!disabled && html`<details class="section"><summary>Another section</summary><${Adder} path=${[]} edit=${edit} /></details>`}
      <details class="section"><summary>Assumptions: ${book.assumptions.length} inputs without evidence</summary><ul>${book.assumptions.map((a) => html`<li>${a}</li>`)}</ul></details>
    </div>`}
  </section>`;
}

function Text({ book, rewrite, disabled }) {
  const [text, set] = useState(book.text), [problems, wrong] = useState([]);
  const timer = useRef(null);
  useEffect(() => { set(book.text); wrong([]); }, [book.text]);
  const typing = (now) => {
    set(now);
    clearTimeout(timer.current);
    timer.current = setTimeout(async () => wrong((await api("/api/check", { text: now })).problems), 300);
  };
  return html`<div class="text">
    <label for="case-text">The file as it would be saved, comments included</label>
    <textarea id="case-text" spellcheck="false" disabled=${disabled} value=${text} onInput=${(e) => typing(e.target.value)} aria-describedby="text-problems"></textarea>
    <ul id="text-problems" class="problems" role="alert">${problems.map((p) => html`<li class="problem">${p.line ? `line ${p.line}, column ${p.column}: ` : ""}${p.message}</li>`)}</ul>
    ${!disabled && html`<button disabled=${text === book.text || problems.length > 0} onClick=${async () => wrong(await rewrite(text))}>Take over this text</button>`}
  </div>`;
}
