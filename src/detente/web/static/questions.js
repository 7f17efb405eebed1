// One tab for each question: the answer in words, figures, tables, options; slow ones with progress and a stop.
import { html, work, keep, csv, say, Rows, useEffect, useRef, useState } from "./kit.js";

export function Question({ question, state, revision, kept, keepAnswer }) {
  const [options, set] = useState(() => Object.fromEntries(question.options.map((o) => [o.name, o.default])));
  const [progress, tell] = useState(null), [failed, fail] = useState(null);
  const running = useRef(null);
  const key = JSON.stringify([revision, state, options]);
  const answer = kept && kept.key === key ? kept.answer : null;
  useEffect(() => {
    if (answer) return undefined;
    const wait = setTimeout(() => {
      fail(null);
      tell({ done: 0, total: 0 });
      const job = work({ kind: "ask", channel: `tab ${question.name}`, analysis: question.name, options, ...state }, tell);
      running.current = job;
      job.ended.then((found) => {
        if (running.current !== job) return;
        tell(null);
        if (found) { keepAnswer({ key, answer: found }); say(`${question.title}: ${found.words[0]}`); }
        else fail("Stopped.");
      }, (error) => { if (running.current === job) { tell(null); fail(error.message); } });
    }, 250);
    return () => clearTimeout(wait);
  }, [key]);
  const stop = () => running.current && running.current.stop();
  const old = kept && kept.answer;
  const shown = answer || old;
  return html`<section aria-labelledby="question-title" aria-busy=${progress !== null}>
    <h2 id="question-title">${question.title}</h2>
    ${question.options.length > 0 && html`<form class="options" onSubmit=${(e) => e.preventDefault()}>
      ${question.options.map((o) => html`<label key=${o.name}>${o.label}
        ${o.kind === "choice" ? html`<select value=${options[o.name]} onChange=${(e) => set({ ...options, [o.name]: e.target.value })}>${o.choices.map((c) => html`<option value=${c}>${c}</option>`)}</select>`
        : o.kind === "number" ? html`<input type="number" min=${o.low} max=${o.high} value=${options[o.name]} onChange=${(e) => e.target.checkValidity() && e.target.value !== "" && set({ ...options, [o.name]: Number(e.target.value) })} />`
        : html`<input type="text" list=${`for-${question.name}-${o.name}`} value=${options[o.name]} onChange=${(e) => set({ ...options, [o.name]: e.target.value.trim() })} /><datalist id=${`for-${question.name}-${o.name}`}>${(o.suggestions || []).map((s) => html`<option value=${s}></option>`)}</datalist>`}
      </label>`)}
    </form>`}
    ${progress && html`<p class="progress"><progress max=${progress.total || undefined} value=${progress.total ? progress.done : undefined} aria-label="Progress"></progress>
      ${progress.total ? `${progress.done.toLocaleString("en")} of ${progress.total.toLocaleString("en")}${progress.left ? `, about ${Math.ceil(progress.left)} s left` : ""}` : "Working …"}
      <button onClick=${stop}>Stop</button></p>`}
    ${failed && html`<p class="problem" role="alert">${failed}</p>`}
    ${shown && html`<div class=${answer ? "" : "stale"}>${html`<${Answer} answer=${shown} />`}</div>`}
  </section>`;
}

export function Answer({ answer }) {
  return html`<div class="answer-body">
    ${answer.words.map((part, i) => html`<p class=${i === 0 ? "answer" : ""}>${part}</p>`)}
    ${answer.warnings.length > 0 && html`<details class="warnings"><summary>${answer.warnings.length} note${answer.warnings.length > 1 ? "s" : ""} on this answer</summary><ul>${answer.warnings.map((w) => html`<li>${w}</li>`)}</ul></details>`}
    ${answer.figures.map((f) => html`<${Drawing} key=${f.name} figure=${f} />`)}
    ${Object.entries(answer.tables).map(([name, t]) => html`<details key=${name}><summary>Table: ${name}</summary><${Rows} caption=${name} rows=${t.rows} count=${t.count} /></details>`)}
  </div>`;
}

/** A figure drawn by the server; pointing at a mark, or stepping through them with the arrow keys, says what it is. */
export function Drawing({ figure }) {
  const holder = useRef(null), place = useRef(-1);
  const [pointed, point] = useState("");
  useEffect(() => {
    const drawn = new DOMParser().parseFromString(figure.svg, "image/svg+xml").documentElement;
    drawn.setAttribute("aria-hidden", "true");
    holder.current.replaceChildren(document.importNode(drawn, true));
    place.current = -1;
  }, [figure.svg]);
  const marks = () => [...holder.current.querySelectorAll('[role="graphics-symbol"][aria-label], [aria-roledescription$="mark"][aria-label]')];
  const told = (node) => { point(node ? node.getAttribute("aria-label") : ""); };
  const over = (event) => told(event.target.closest && event.target.closest("[aria-label]:not([role='graphics-object'])"));
  const keys = (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key], all = marks();
    if (!by || !all.length) return;
    event.preventDefault();
    place.current = (place.current + by + all.length) % all.length;
    told(all[place.current]);
    say(all[place.current].getAttribute("aria-label"));
  };
  const png = () => {
    const image = new Image(), size = holder.current.firstElementChild;
    image.onload = () => {
      const canvas = document.createElement("canvas");
      canvas.width = size.getAttribute("width") * 2;
      canvas.height = size.getAttribute("height") * 2;
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) => keep(`${figure.name}.png`, blob));
    };
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(figure.svg)}`;
  };
  return html`<figure>
    <div class="drawing" role="img" tabindex="0" aria-label=${figure.alt || figure.title} ref=${holder} onMouseOver=${over} onMouseLeave=${() => point("")} onKeyDown=${keys}></div>
    <p class="tip" aria-hidden="true">${pointed || " "}</p>
    <figcaption>${figure.alt.length > 240 ? `${figure.alt.split(": ")[0]}.` : figure.alt}
      <span class="saves">
        <button class="plain" aria-label=${`${figure.title}: save as SVG`} onClick=${() => keep(`${figure.name}.svg`, figure.svg, "image/svg+xml")}>SVG</button>
        <button class="plain" aria-label=${`${figure.title}: save as PNG`} onClick=${png}>PNG</button>
        <button class="plain" aria-label=${`${figure.title}: save as CSV`} onClick=${() => keep(`${figure.name}.csv`, csv(figure.rows), "text/csv")}>CSV</button>
      </span></figcaption>
    ${figure.rows.length > 0 && html`<details><summary>The same as a table</summary><${Rows} caption=${figure.title} rows=${figure.rows.slice(0, 200)} count=${figure.rows.length} /></details>`}
  </figure>`;
}
