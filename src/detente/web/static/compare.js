// Two states side by side: the pinned one and the one on the page; a report of either.
import { html, work, keep, say, Rows, useRef, useState } from "./kit.js";
import { Answer } from "./questions.js";

export const described = (state) => [state.variant ? `variant ${state.variant}` : "the case", ...(state.changes.length ? [`${state.changes.length} input${state.changes.length > 1 ? "s" : ""} changed: ${state.changes.map((c) => `${c.set || c.add || c.remove}${c.to !== undefined ? ` = ${JSON.stringify(c.to)}` : " removed"}`).join(", ")}`] : [])].join("; ");

export function Compare({ book, pinned, state }) {
  const [question, choose] = useState(book.questions[0].name), [found, keepFound] = useState(null), [failed, fail] = useState(null), [busy, wait] = useState("");
  const running = useRef(null);
  const a = pinned || { changes: [], variant: null };
  const run = (request, after, what) => {
    fail(null); wait(what);
    running.current = work(request, () => {});
    running.current.ended.then((r) => { wait(""); if (r) after(r); }, (error) => { wait(""); fail(error.message); });
  };
  const compare = () => run({ kind: "compare", channel: "compare", analysis: question, ...a, audience: state.audience, other: state }, (r) => { keepFound(r); say(`${r.count} differences`); }, "Comparing …");
  const report = (which, one, form) => run({ kind: "report", channel: "report", form, ...one, ...(state.audience ? { audience: state.audience } : {}) }, (r) => keep(`${book.document.id}-${which}.${form}`, r.text, form === "html" ? "text/html" : "text/plain"), "Writing the report …");
  return html`<section aria-labelledby="compare-title"><h2 id="compare-title">Side by side</h2>
    <p class="note">Pin a state in the what-if panel, change things or choose a variant, then compare. Without a pin the first side is the case as it stands.</p>
    <dl class="sides"><dt>First</dt><dd>${described(a)}</dd><dt>Second</dt><dd>${described(state)}</dd></dl>
    <p class="buttons"><label>Question <select value=${question} onChange=${(e) => choose(e.target.value)}>${book.questions.map((q) => html`<option value=${q.name}>${q.title}</option>`)}</select></label>
      <button onClick=${compare} disabled=${Boolean(busy)}>Compare</button>
      <button onClick=${() => report("first", a, "html")} disabled=${Boolean(busy)}>Report of the first</button>
      <button onClick=${() => report("second", state, "html")} disabled=${Boolean(busy)}>Report of the second</button></p>
    ${busy && html`<p class="progress" role="status"><progress aria-label=${busy}></progress> ${busy} <button onClick=${() => running.current.stop()}>Stop</button></p>`}
    ${failed && html`<p class="problem" role="alert">${failed}</p>`}
    ${found && html`<div>
      <p class="answer">${found.count === 0 ? "Nothing differs in the answers." : `${found.count.toLocaleString("en")} entries of the answers differ.`}</p>
      <${Rows} caption="What differs" rows=${found.differences.map((d) => ({ entry: d.path, first: d.a, second: d.b }))} count=${found.count} />
      <div class="columns"><div><h3>First</h3><${Answer} answer=${found.a} /></div><div><h3>Second</h3><${Answer} answer=${found.b} /></div></div></div>`}
  </section>`;
}
