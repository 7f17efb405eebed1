// The live scatter: points up to 5,000 outcomes, a density image above; one redraw for each newest answer.
import { html, api, say, csv, keep, useEffect, useLayoutEffect, useRef, useState } from "./kit.js";

const COLOURS = ["#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"];
const SHAPES = ["diamond", "square", "triangle", "circle", "cross"];
const PAD = { left: 46, right: 12, top: 10, bottom: 40 };

/** Draws the answer of /api/live; `at` is the outcome pointed at, `others` further points with labels. */
export function draw(canvas, data, at, others = []) {
  const box = canvas.getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
  const width = Math.max(240, box.width), height = Math.max(220, box.height);
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const g = canvas.getContext("2d"), css = getComputedStyle(canvas);
  const ink = css.getPropertyValue("--ink").trim(), line = css.getPropertyValue("--line").trim(), mark = css.getPropertyValue("--mark").trim();
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, width, height);
  const x = (v) => PAD.left + ((v + 2) / 104) * (width - PAD.left - PAD.right);
  const y = (v) => height - PAD.bottom - ((v + 2) / 104) * (height - PAD.top - PAD.bottom);
  g.font = "12px system-ui, sans-serif";
  g.fillStyle = ink;
  g.strokeStyle = line;
  g.lineWidth = 1;
  for (const v of [0, 25, 50, 75, 100]) {
    g.beginPath(); g.moveTo(x(v), y(-2)); g.lineTo(x(v), y(102)); g.moveTo(x(-2), y(v)); g.lineTo(x(102), y(v)); g.stroke();
    g.textAlign = "center"; g.textBaseline = "top"; g.fillText(v, x(v), y(-2) + 4);
    g.textAlign = "right"; g.textBaseline = "middle"; g.fillText(v, x(-2) - 5, y(v));
  }
  g.textAlign = "center"; g.textBaseline = "bottom";
  g.fillText(`${data.labels[0]} (its own scale)`, (PAD.left + width - PAD.right) / 2, height - 3, width - PAD.left);
  g.save(); g.translate(12, (height - PAD.bottom + PAD.top) / 2); g.rotate(-Math.PI / 2); g.textBaseline = "middle";
  g.fillText(`${data.labels[1]} (its own scale)`, 0, 0, height - PAD.bottom); g.restore();
  if (data.density) {
    const { across, upward, cells, counts } = data.density;
    const top = Math.log1p(counts.reduce((a, b) => Math.max(a, b), 1)), small = document.createElement("canvas");
    small.width = across;
    small.height = upward;
    const image = new ImageData(across, upward), [red, green, blue] = [1, 3, 5].map((i) => parseInt(mark.slice(i, i + 2), 16));
    for (let i = 0; i < cells.length; i++) {
      const spot = 4 * ((upward - 1 - Math.floor(cells[i] / across)) * across + (cells[i] % across));
      image.data.set([red, green, blue, 255 * (0.15 + 0.85 * (Math.log1p(counts[i]) / top))], spot);
    }
    small.getContext("2d").putImageData(image, 0, 0);
    g.imageSmoothingEnabled = false;
    g.drawImage(small, x(-2), y(102), x(102) - x(-2), y(-2) - y(102));
  } else if (data.points) {
    g.fillStyle = ink;
    g.globalAlpha = data.points.length > 1000 ? 0.25 : 0.45;
    for (const [a, b] of data.points) { g.beginPath(); g.arc(x(a), y(b), 2.5, 0, 7); g.fill(); }
    g.globalAlpha = 1;
  }
  g.setLineDash([5, 4]);
  g.strokeStyle = ink;
  g.beginPath(); g.moveTo(x(data.no_deal[0]), y(-2)); g.lineTo(x(data.no_deal[0]), y(102)); g.moveTo(x(-2), y(data.no_deal[1])); g.lineTo(x(102), y(data.no_deal[1])); g.stroke();
  g.setLineDash([]);
  g.fillStyle = mark;
  for (const [a, b] of data.front) { g.beginPath(); g.arc(x(a), y(b), 3.5, 0, 7); g.fill(); }
  data.solutions.forEach((s, i) => shape(g, SHAPES[i % 5], x(s.at[0]), y(s.at[1]), 7 + (data.solutions.length - i), COLOURS[i % 5], ink));
  others.forEach((o) => { shape(g, "cross", x(o.at[0]), y(o.at[1]), 7, "#CC79A7", ink); });
  if (at) { g.strokeStyle = ink; g.lineWidth = 2; g.beginPath(); g.arc(x(at[0]), y(at[1]), 9, 0, 7); g.stroke(); }
  canvas.place = { value: (px, py) => [((px - PAD.left) / (width - PAD.left - PAD.right)) * 104 - 2, ((height - PAD.bottom - py) / (height - PAD.top - PAD.bottom)) * 104 - 2] };
}

function shape(g, kind, x, y, size, colour, edge) {
  g.fillStyle = colour; g.strokeStyle = edge; g.lineWidth = 1.5;
  g.beginPath();
  if (kind === "diamond") { g.moveTo(x, y - size); g.lineTo(x + size, y); g.lineTo(x, y + size); g.lineTo(x - size, y); g.closePath(); }
  else if (kind === "square") g.rect(x - size * 0.75, y - size * 0.75, size * 1.5, size * 1.5);
  else if (kind === "triangle") { g.moveTo(x, y - size); g.lineTo(x + size, y + size * 0.8); g.lineTo(x - size, y + size * 0.8); g.closePath(); }
  else if (kind === "circle") g.arc(x, y, size * 0.75, 0, 7);
  else { g.moveTo(x - size * 0.7, y - size * 0.7); g.lineTo(x + size * 0.7, y + size * 0.7); g.moveTo(x + size * 0.7, y - size * 0.7); g.lineTo(x - size * 0.7, y + size * 0.7); g.lineWidth = 3; g.strokeStyle = colour; g.stroke(); return; }
  g.fill(); g.stroke();
}

const SIGNS = { diamond: "◆", square: "■", triangle: "▲", circle: "●", cross: "✕" };

/** The scatter with its legend, pointing and keys; `request` is what /api/outcome needs beside the place. */
export function Scatter({ data, request, others = [], label = "What each outcome is worth to two parties" }) {
  const canvas = useRef(null), step = useRef(-1), waiting = useRef(null);
  const [pointed, point] = useState(null);
  useLayoutEffect(() => {
    const again = () => canvas.current && draw(canvas.current, data, pointed && pointed.at, others);
    again();
    const watch = new ResizeObserver(again), dark = matchMedia("(prefers-color-scheme: dark)");
    watch.observe(canvas.current);
    dark.addEventListener("change", again);
    window.addEventListener("themed", again);
    return () => { watch.disconnect(); dark.removeEventListener("change", again); window.removeEventListener("themed", again); };
  }, [data, pointed, others]);
  useEffect(() => { if (pointed) point(null); }, [data.pair.join()]);
  const ask = async (place) => {
    if (waiting.current) waiting.current.abort();
    waiting.current = new AbortController();
    try {
      const found = await api("/api/outcome", { ...request, pair: data.pair, ...place }, { signal: waiting.current.signal });
      const worth = Object.fromEntries(found.parties.map((p) => [p.party, p.worth]));
      point({ ...found, at: [worth[data.pair[0]], worth[data.pair[1]]] });
      say(`Outcome ${found.number}: ${found.words}`);
    } catch (error) { if (error.name !== "AbortError") throw error; }
  };
  const near = (event) => {
    const box = canvas.current.getBoundingClientRect();
    const [a, b] = canvas.current.place.value(event.clientX - box.left, event.clientY - box.top);
    if (!data.points) { if (data.density) ask({ at: [a, b] }); return; }
    let best = 0, least = Infinity;
    data.points.forEach(([p, q], i) => { const d = (p - a) ** 2 + (q - b) ** 2; if (d < least) { least = d; best = i; } });
    ask({ number: data.numbers[best] });
  };
  const keys = (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const stops = data.points ? data.front.map((f) => data.numbers[data.points.findIndex((p) => p[0] === f[0] && p[1] === f[1])]).filter((n) => n !== undefined) : data.solutions.map((s) => s.number);
    if (!by || !stops.length) return;
    event.preventDefault();
    step.current = (step.current + by + stops.length) % stops.length;
    ask({ number: stops[step.current] });
  };
  const rows = data.points ? data.points.map((p, i) => ({ number: data.numbers[i], [data.labels[0]]: p[0], [data.labels[1]]: p[1] })) : data.front.map((p) => ({ [data.labels[0]]: p[0], [data.labels[1]]: p[1] }));
  return html`<figure class="live">
    <canvas ref=${canvas} tabindex="0" role="img" onClick=${near} onKeyDown=${keys}
      aria-label=${`${label}: ${data.labels[0]} across, ${data.labels[1]} upward. ${data.words} Arrow keys go along the efficient outcomes.`}></canvas>
    <figcaption>
      <ul class="legend">
        <li><span class="dot front" aria-hidden="true">●</span> efficient</li><li><span aria-hidden="true">┅</span> no deal</li>
        ${data.solutions.map((s, i) => html`<li><span class=${`sign s${i}`} aria-hidden="true">${SIGNS[SHAPES[i % 5]]}</span> ${s.name}</li>`)}
      </ul>
      <span class="saves">
        <button class="plain" onClick=${() => canvas.current.toBlob((blob) => keep("scatter.png", blob))}>PNG</button>
        <button class="plain" onClick=${() => keep("scatter.csv", csv(rows), "text/csv")}>CSV</button>
      </span>
    </figcaption>
    ${pointed ? html`<div class="pointed"><strong>Outcome ${pointed.number}.</strong> ${typeof pointed.outcome === "string" ? pointed.outcome : Object.entries(pointed.outcome).map(([k, v]) => `${k} ${v}`).join(", ")}. ${pointed.words}
      <table><thead><tr><th scope="col">Party</th><th scope="col">worth, 0 to 100</th><th scope="col">over no deal</th></tr></thead><tbody>
      ${pointed.parties.map((p) => html`<tr><th scope="row">${p.label}</th><td class="number">${p.worth.toFixed(0)}</td><td class="number">${p.gain > 0 ? "+" : ""}${p.gain.toFixed(0)}</td></tr>`)}</tbody></table></div>`
    : html`<p class="note">Click a point, or focus the figure and use the arrow keys, to see what it is and who gains.</p>`}
  </figure>`;
}
