// The leader's view of a class: who has entered what, and the results against the front.
import { html, api, keep, useEffect, useState } from "./kit.js";
import { Scatter } from "./scatter.js";

export function Class({ book, live, request }) {
  const [seen, set] = useState(null);
  useEffect(() => {
    let on = true;
    const look = () => api("/api/class").then((found) => on && set(found), () => {});
    look();
    const timer = setInterval(look, 1500);
    return () => { on = false; clearInterval(timer); };
  }, []);
  const save = async () => { const answer = await fetch("/api/class/export.csv"); keep("class.csv", await answer.blob()); };
  const others = seen && live ? seen.participants.filter((p) => p.worth).map((p) => ({ at: [p.worth[live.pair[0]], p.worth[live.pair[1]]] })) : [];
  return html`<section aria-labelledby="class-title"><h2 id="class-title">Class</h2>
    <p class="answer">Participants open <strong>${location.origin}/join</strong> and enter the code <strong class="code">${book.class}</strong>.</p>
    ${live && html`<${Scatter} data=${live} request=${request} others=${others} label="Results of the class (crosses) against the efficient outcomes" />`}
    ${seen && html`<div class="scroll" tabindex="0" role="region" aria-label="Participants"><table><caption>${seen.participants.length} joined</caption>
      <thead><tr><th scope="col">Who</th><th scope="col">Result</th>${seen.parties.map((p) => html`<th scope="col">${book.labels[p]}</th>`)}<th scope="col">Better than no deal for all</th><th scope="col">Preferences of</th></tr></thead>
      <tbody>${seen.participants.map((p) => html`<tr><td>${p.name}</td><td>${p.outcome ? (typeof p.outcome === "string" ? p.outcome : Object.entries(p.outcome).map(([k, v]) => `${k} ${v}`).join(", ")) : ""}</td>
        ${seen.parties.map((k) => html`<td class="number">${p.worth ? p.worth[k] : ""}</td>`)}<td>${p.acceptable === null ? "" : p.acceptable ? "yes" : "no"}</td><td>${p.party ? book.labels[p.party] : ""}</td></tr>`)}</tbody></table></div>`}
    <p class="buttons"><button onClick=${save}>Export without names</button></p>
  </section>`;
}
