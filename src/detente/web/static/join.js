// The participant's page of a class.
import { html, api, render, useEffect, useState } from "./kit.js";

function Join() {
  const [token, take] = useState(() => sessionStorage.getItem("participant")), [task, see] = useState(null), [failed, fail] = useState(""), [done, say] = useState("");
  const [code, setCode] = useState(""), [name, setName] = useState(""), [outcome, choose] = useState({}), [party, play] = useState(""), [values, value] = useState({});
  useEffect(() => {
    if (!token) return;
    api("/api/class/task", undefined, { token }).then((found) => {
      see(found);
      choose(Object.fromEntries(Object.entries(found.issues).map(([k, i]) => [k, i.levels[0]])));
    }, (error) => { sessionStorage.removeItem("participant"); take(null); fail(error.message); });
  }, [token]);
  const join = async (event) => {
    event.preventDefault();
    try { const found = await api("/api/class/join", { code, name }); sessionStorage.setItem("participant", found.token); take(found.token); fail(""); } catch (error) { fail(error.message); }
  };
  const enter = async (event, entry, what) => {
    event.preventDefault();
    try { await api("/api/class/entry", entry, { token }); say(`${what} taken. You can change it and send it again.`); fail(""); } catch (error) { fail(error.message); say(""); }
  };
  if (!token || !task) return html`<main class="join"><h1>Join the class</h1>
    <form onSubmit=${join}><label>Code <input value=${code} onInput=${(e) => setCode(e.target.value)} autocomplete="off" required /></label>
    <label>Your name or your group's <input value=${name} onInput=${(e) => setName(e.target.value)} maxlength="60" required /></label><button>Join</button></form>
    ${failed && html`<p class="problem" role="alert">${failed}</p>`}</main>`;
  return html`<main class="join"><h1>${task.title}</h1>
    ${failed && html`<p class="problem" role="alert">${failed}</p>`}<p role="status" class="answer">${done}</p>
    <form onSubmit=${(e) => enter(e, { outcome: task.outcomes.length ? outcome.outcome || task.outcomes[0] : outcome }, "Result")}><h2>What you agreed</h2>
      ${task.outcomes.length ? html`<label>Outcome <select onChange=${(e) => choose({ outcome: e.target.value })}>${task.outcomes.map((o) => html`<option>${o}</option>`)}</select></label>`
      : Object.entries(task.issues).map(([k, i]) => html`<label key=${k}>${i.label} <select value=${outcome[k]} onChange=${(e) => choose({ ...outcome, [k]: e.target.value })}>${i.levels.map((l) => html`<option value=${l}>${l}</option>`)}</select></label>`)}
      <button>Send the result</button></form>
    ${!task.outcomes.length && html`<form onSubmit=${(e) => enter(e, { party, values }, "Preferences")}><h2>What it is worth to you</h2>
      <label>You play <select required value=${party} onChange=${(e) => { play(e.target.value); value(Object.fromEntries(Object.entries(task.issues).map(([k, i]) => [k, Object.fromEntries(i.levels.map((l) => [l, 0]))]))); }}><option value="">choose</option>${Object.entries(task.parties).map(([p, l]) => html`<option value=${p}>${l}</option>`)}</select></label>
      ${party && Object.entries(task.issues).map(([k, i]) => html`<fieldset key=${k}><legend>${i.label}</legend>${i.levels.map((l) => html`<label key=${l}>${l} <input type="number" step="any" value=${values[k][l]} onInput=${(e) => value({ ...values, [k]: { ...values[k], [l]: Number(e.target.value) } })} /></label>`)}</fieldset>`)}
      <button disabled=${!party}>Send the preferences</button></form>`}
  </main>`;
}

render(html`<${Join} />`, document.getElementById("app"));
