// The page: one case, its tabs, the what-if panel beside them.
import { html, api, render, say, Refused, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./kit.js";
import { Class } from "./classroom.js";
import { Compare, described } from "./compare.js";
import { Editor } from "./editor.js";
import { Question } from "./questions.js";
import { WhatIf } from "./whatif.js";

/** Whether there are outcomes to draw: a forecast alone has none. */
const drawable = (book) => book.questions.some((q) => q.name === "agreement");

function App() {
  const [book, open] = useState(null), [tab, go] = useState(location.hash.slice(1) || "case"), [notice, tell] = useState("");
  const [variant, vary] = useState(null), [audience, view] = useState(null), [changes, change] = useState({}), [pair, setPair] = useState(null);
  const [live, redraw] = useState(null), [failed, fail] = useState(""), [pinned, pin] = useState(null), [conflict, clash] = useState(null), [away, leave] = useState("");
  const answers = useRef({}), [, again] = useState(0);
  const state = useMemo(() => ({ changes: Object.values(changes).flatMap((c) => c.change), variant, audience }), [changes, variant, audience]);

  const load = useCallback(async () => {
    const found = await api(`/api/case${audience ? `?audience=${encodeURIComponent(audience)}` : ""}`);
    open(found);
    document.title = `${found.title} · detente`;
    return found;
  }, [audience]);
  const safely = useCallback(async (act) => {
    try { const result = await act(); leave(""); return result; } catch (error) {
      if (error instanceof Refused && error.status === 401) leave("The workbench was started anew: open the address that it printed.");
      else if (error instanceof TypeError) leave("The server does not answer. What you have saved or edited is safe; this page tries again.");
      else tell(error.message);
      return undefined;
    }
  }, []);
  useEffect(() => { safely(load); }, [load]);
  useEffect(() => {
    if (!away || away.startsWith("The workbench")) return undefined;
    const timer = setInterval(() => safely(load), 1500);
    return () => clearInterval(timer);
  }, [away]);
  useEffect(() => { const moved = () => go(location.hash.slice(1) || "case"); addEventListener("hashchange", moved); return () => removeEventListener("hashchange", moved); }, []);

  // live what-if: one request at a time, always for the newest value; asked before the next frame, not after it
  const busy = useRef(false), wanted = useRef(null);
  const request = useMemo(() => ({ ...state }), [state]);
  useLayoutEffect(() => {
    if (!book || !drawable(book)) return;
    wanted.current = { ...request, ...(pair ? { pair } : {}) };
    const next = async () => {
      if (busy.current || !wanted.current) return;
      const asked = wanted.current;
      wanted.current = null;
      busy.current = true;
      const begun = performance.now();
      try { const found = await api("/api/live", asked); fail(""); redraw(found); if (!pair) setPair(found.pair);
        requestAnimationFrame(() => { performance.clearMeasures("redraw"); performance.measure("redraw", { start: begun }); }); }
      catch (error) { if (error instanceof Refused) { fail(error.message); redraw(null); } else leave("The server does not answer. What you have saved or edited is safe; this page tries again."); }
      busy.current = false;
      next();
    };
    next();
  }, [book && book.revision, request, pair]);

  const act = async (path, body) => {
    try {
      const found = await api(path, { revision: book.revision, ...body });
      open(found); leave(""); tell(""); clash(null);
      return [];
    } catch (error) {
      if (!(error instanceof Refused)) { leave("The server does not answer. What you have saved or edited is safe; this page tries again."); return [{ message: "not written: the server does not answer" }]; }
      if (error.status === 409 && error.data.diff !== undefined) { clash(error.data); return []; }
      if (error.status === 409) { await safely(load); tell("Somebody else has changed the case meanwhile; this is the newest."); return []; }
      if (error.data.problems) return error.data.problems;
      tell(error.message);
      return [{ message: error.message }];
    }
  };
  const edit = (made) => act("/api/edit", { changes: made });
  const undo = () => act("/api/undo", {}), redo = () => act("/api/redo", {});
  const save = async (overwrite) => { const wrong = await act("/api/save", overwrite ? { overwrite } : {}); if (!wrong.length) say("Saved"); };
  useEffect(() => {
    const keys = (event) => {
      if (!(event.ctrlKey || event.metaKey) || !book || book.audience) return;
      const key = event.key.toLowerCase(), inText = /^(INPUT|TEXTAREA)$/.test(event.target.tagName) && !["range", "checkbox"].includes(event.target.type);
      if (key === "s") { event.preventDefault(); save(); }
      else if (key === "z" && !inText) { event.preventDefault(); if (event.shiftKey) redo(); else undo(); }
      else if (key === "y" && !inText) { event.preventDefault(); redo(); }
    };
    addEventListener("keydown", keys);
    return () => removeEventListener("keydown", keys);
  });
  const theme = () => {
    const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    document.documentElement.dataset.theme = dark ? "light" : "dark";
    dispatchEvent(new Event("themed"));
  };
  if (!book) return html`<p class="loading" role="status">${away || notice || "Opening the case …"}</p>`;
  const question = book.questions.find((q) => q.name === tab);
  const tabs = [{ name: "case", title: "Case" }, ...book.questions, { name: "compare", title: "Compare" }, ...(book.class ? [{ name: "class", title: "Class" }] : [])];
  const kept = question && answers.current[question.name];
  const setChange = (path, made, on) => change((old) => { const { [path]: _, ...rest } = old; return made ? { ...rest, [path]: { change: made, on } } : rest; });
  const views = Object.keys(book.document.preferences || {});
  return html`<div class="frame">
    <header>
      <div class="name"><h1>${book.title}</h1><p class="note">${book.name}${book.dirty ? " · not saved" : " · saved"}${book.disk === "changed" ? " · changed on disk" : book.disk === "gone" && !book.dirty ? " · not on disk yet" : ""}</p></div>
      <div class="tools">
        ${book.variants.length > 0 && html`<label>Variant <select value=${variant || ""} onChange=${(e) => vary(e.target.value || null)}><option value="">as it stands</option>${book.variants.map((v) => html`<option value=${v}>${v}</option>`)}</select></label>`}
        <label>Seen by <select value=${audience || ""} onChange=${(e) => { change({}); vary(null); pin(null); answers.current = {}; view(e.target.value || null); }}><option value="">you</option>${views.map((p) => html`<option value=${`party:${p}`}>${book.labels[p]}</option>`)}</select></label>
        <button onClick=${undo} disabled=${!book.can_undo || Boolean(book.audience)} title="Ctrl Z">Undo</button>
        <button onClick=${redo} disabled=${!book.can_redo || Boolean(book.audience)} title="Ctrl Y">Redo</button>
        <button class="main" onClick=${() => save()} disabled=${Boolean(book.audience)} title="Ctrl S">Save</button>
        <button onClick=${theme} aria-label="Light or dark">◐</button>
      </div>
    </header>
    ${away && html`<p class="banner" role="alert">${away}</p>`}
    ${notice && html`<p class="banner" role="status">${notice} <button class="plain" onClick=${() => tell("")}>close</button></p>`}
    ${book.audience && html`<p class="banner" role="status">This is what ${book.labels[book.audience.slice(6)]} may see: inputs that are confidential to others are gone from every answer.</p>`}
    ${conflict && html`<section class="conflict" role="alertdialog" aria-labelledby="conflict-title"><h2 id="conflict-title">The file has changed on disk</h2>
      <p>Nothing was overwritten. The lines with − are on disk, those with + are here.</p><pre tabindex="0">${conflict.diff}</pre>
      <p class="buttons"><button onClick=${() => save(conflict.disk)}>Save mine over it</button><button onClick=${() => act("/api/reload", {})}>Take the one on disk</button><button onClick=${() => clash(null)}>Decide later</button></p></section>`}
    <nav aria-label="Questions"><ul>${tabs.map((t) => html`<li><a href=${`#${t.name}`} aria-current=${t.name === tab ? "page" : undefined}>${t.title}</a></li>`)}</ul></nav>
    <div class="work">
      <main id="main">
        ${(state.changes.length > 0 || state.variant) && tab !== "case" && html`<p class="note">Answers are for ${described(state)}.</p>`}
        ${tab === "case" ? html`<${Editor} book=${book} edit=${edit} rewrite=${(text) => act("/api/edit", { text })} />`
        : tab === "compare" ? html`<${Compare} book=${book} pinned=${pinned} state=${state} />`
        : tab === "class" && book.class ? html`<${Class} book=${book} live=${live} request=${request} />`
        : question ? html`<${Question} key=${question.name + (audience || "")} question=${question} state=${state} revision=${book.revision} kept=${kept} keepAnswer=${(a) => { answers.current[question.name] = a; again((n) => n + 1); }} />`
        : html`<p>This case cannot be asked that.</p>`}
      </main>
      ${drawable(book) && html`<${WhatIf} book=${book} changes=${changes} setChange=${setChange} clear=${() => change({})} live=${live} failed=${failed} pair=${pair || []} setPair=${setPair} request=${request}
        pin=${() => { pin(state); say("Pinned"); tell(`Pinned: ${described(state)}. Change things, then open Compare.`); }}
        apply=${async () => { const tried = changes; change({}); const wrong = await edit(state.changes); if (wrong.length) { change(tried); fail(wrong.map((p) => p.message).join(" ")); } }} />`}
    </div>
    <p id="said" class="hidden" role="status" aria-live="polite"></p>
  </div>`;
}

render(html`<${App} />`, document.getElementById("app"));
