// What all modules share: Preact with htm, the server, small pieces of page.
import { h, render } from "./vendor/preact.js";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./vendor/hooks.js";
import htm from "./vendor/htm.js";

export const html = htm.bind(h);
export { render, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState };

/** An answer other than 2xx: `data` is what the server said. */
export class Refused extends Error {
  constructor(status, data) {
    super(data.message || `the server answered ${status}`);
    this.status = status;
    this.data = data;
  }
}

/** Asks the server; the answer as data. Throws `Refused`, or `TypeError` where the server does not answer. */
export async function api(path, body, { method = body === undefined ? "GET" : "POST", signal, token } = {}) {
  const changes = method !== "GET", headers = token ? { authorization: `Bearer ${token}` } : {};
  if (changes) headers["content-type"] = "application/json";
  const answer = await fetch(path, { method, signal, headers, body: changes ? JSON.stringify(body || {}) : undefined });
  const data = await answer.json();
  if (!answer.ok) throw new Refused(answer.status, data);
  return data;
}

/** Work in a process of the server's: tells of progress, ends with the answer; `stop` ends it. */
export function work(request, tell) {
  let source = null, number = null, stopped = false;
  const ended = (async () => {
    const job = await api("/api/jobs", request);
    number = job.id;
    if (stopped) { await api(`/api/jobs/${number}`, undefined, { method: "DELETE" }); return null; }
    return new Promise((resolve, reject) => {
      source = new EventSource(`/api/jobs/${number}/events`);
      source.onmessage = (event) => {
        const state = JSON.parse(event.data);
        if (state.state === "done") { source.close(); resolve(state.result); }
        else if (state.state === "failed") { source.close(); reject(new Refused(422, state.error)); }
        else if (state.state === "stopped") { source.close(); resolve(null); }
        else tell(state);
      };
      source.onerror = () => { source.close(); reject(new TypeError("the server does not answer")); };
    });
  })();
  return {
    ended,
    stop() {
      stopped = true;
      if (number !== null) api(`/api/jobs/${number}`, undefined, { method: "DELETE" }).catch(() => {});
    },
  };
}

/** A dotted path as the case language writes it. */
export function pathOf(segments) {
  return segments
    .map((s) => (/^[A-Za-z0-9_-]+$/.test(String(s)) ? String(s) : `"${s}"`))
    .join(".");
}

/** Gives the browser a file to keep. */
export function keep(name, content, type) {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Rows as CSV. */
export function csv(rows) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cell = (value) => {
    const text = value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows.map((row) => columns.map((c) => row[c]))].map((line) => line.map(cell).join(",")).join("\n") + "\n";
}

/** A value for people. */
export function show(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" && !Number.isInteger(value)) return Number(value.toPrecision(4)).toString();
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.map(show).join(", ");
  if (typeof value === "object") return Object.entries(value).map(([k, v]) => `${k}: ${show(v)}`).join(", ");
  return String(value);
}

/** A table of rows. */
export function Rows({ caption, rows, count }) {
  if (!rows.length) return null;
  const columns = Object.keys(rows[0]);
  return html`<div class="scroll" role="region" aria-label=${caption} tabindex="0">
    <table><caption>${caption}</caption>
      <thead><tr>${columns.map((c) => html`<th scope="col">${c}</th>`)}</tr></thead>
      <tbody>${rows.map((row) => html`<tr>${columns.map((c) => html`<td class=${typeof row[c] === "number" ? "number" : ""}>${show(row[c])}</td>`)}</tr>`)}</tbody>
    </table>
    ${count > rows.length && html`<p class="note">${(count - rows.length).toLocaleString("en")} more rows; the JSON document has all.</p>`}
  </div>`;
}

/** Says something to those who do not see the page. */
export function say(text) {
  const region = document.getElementById("said");
  if (region) region.textContent = text;
}
