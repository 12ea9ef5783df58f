"""Style and script of the page of an explanation: nothing of them is global."""

from submod_core.results._svg import SHOWN

# The system's light or dark colours, also where a notebook has others.
STYLE = f"""
.submod-explanation {{ color-scheme: light dark; background: Canvas; color: CanvasText;
  font: 16px/1.5 system-ui, sans-serif; max-width: 68rem; padding: .5rem 1rem; }}
.submod-explanation h3, .submod-explanation h4 {{ margin: .3rem 0; line-height: 1.3; }}
.submod-explanation form {{ display: flex; flex-wrap: wrap; gap: .5rem 1.5rem;
  align-items: center; }}
.submod-explanation form > label {{ display: flex; gap: .6rem; flex: 1 1 20rem; }}
.submod-explanation input[type=range] {{ flex: 1; accent-color: {SHOWN}; }}
.submod-explanation fieldset {{ border: 0; margin: 0; padding: 0; display: flex; gap: .8rem; }}
.submod-explanation legend {{ float: left; padding: 0; margin-right: .8rem; }}
.submod-explanation .panels {{ display: flex; flex-wrap: wrap; gap: 1rem 2rem; }}
.submod-explanation .panel {{ flex: 1 1 20rem; min-width: 0; }}
.submod-explanation .panel.wide {{ display: flex; flex-wrap: wrap; gap: 0 2rem; flex-basis: 100%; }}
.submod-explanation .wide > div {{ flex: 1 1 20rem; min-width: 0; }}
.submod-explanation canvas, .submod-explanation .source {{ max-width: 100%; height: auto; }}
.submod-explanation p {{ margin: .3rem 0; font-variant-numeric: tabular-nums; }}
.submod-explanation .region {{ min-height: 6em; }}
.submod-explanation .bar {{ height: .7rem; border-radius: 3px; flex: 1; }}
.submod-explanation .scale {{ display: flex; gap: .5rem; align-items: center; max-width: 28rem; }}
.submod-explanation .marks {{ white-space: pre-wrap; line-height: 2.1; overflow-wrap: anywhere; }}
.submod-explanation mark {{ border-radius: 3px; padding: .1em .15em; cursor: default; }}
.submod-explanation mark.shown {{ outline: 2px solid {SHOWN}; }}
.submod-explanation mark.enough {{ text-decoration: underline dotted; }}
.submod-explanation mark.pointed {{ outline: 3px solid CanvasText; }}
.submod-explanation mark.plain {{ background: none !important; color: inherit !important; }}
.submod-explanation mark.gone {{ opacity: .2; }}
.submod-explanation sub {{ font-size: .65em; padding-left: .2em; }}
.submod-explanation svg {{ max-width: 100%; height: auto; }}
.submod-explanation svg text {{ fill: currentColor; font: 12px system-ui, sans-serif; }}
.submod-explanation [hidden] {{ display: none; }}
"""

# ASCII alone, and no "<" followed by a letter or a slash: it stands inside a page as it is.
SCRIPT = r"""
(() => {
"use strict";
const script = document.currentScript, own = script && script.closest(".submod-explanation");
(own ? [own] : document.querySelectorAll(".submod-explanation")).forEach((root) => {
  if (!root.submodStarted) { root.submodStarted = true; start(root); }
});

function start(root) {
  const data = JSON.parse(root.dataset.explanation), source = root.querySelector(".source");
  const form = root.querySelector("form"), slider = form.querySelector("input[type=range]");
  const asked = (name) => (location.hash.match(new RegExp("[#&]" + name + "=(\\w+)")) || [])[1];
  const views = [...form.querySelectorAll("input[type=radio]")];
  const panels = [...root.querySelectorAll(".panel")].map((place, i) =>
    panelOf(place, data.panels[i], data, source));
  const update = () => {
    const view = (views.find((one) => one.checked) || {value: "heatmap"}).value;
    panels.forEach((one) => one.show(Number(slider.value), view));
    slider.setAttribute("aria-valuetext", data.by === "prefix"
      ? slider.value + " of " + slider.max + " regions"
      : slider.value + " % of the " + data.noun);
  };
  form.hidden = false;
  if (/^\d+$/.test(asked("prefix") || "")) slider.value = asked("prefix");
  views.forEach((one) => { if (one.value === asked("view")) one.checked = true; });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", update);
  update();
  const pixels = () => {
    panels.forEach((one) => one.take(source));
    source.hidden = true;
    update();
  };
  if (!source) panels.forEach((one) => one.take(null)), update();
  else if (source.complete && source.naturalWidth) pixels();
  else source.addEventListener("load", pixels);
}

function panelOf(place, one, data) {
  const scale = Math.max(1, Math.round(448 / Math.max(data.width, data.height)));
  const width = data.width * scale, height = data.height * scale, n = one.order.length;
  const marks = [...place.querySelectorAll("mark")];
  const labels = one.runs ? labelMap(one.runs, data.width, data.height, scale) : null;
  const canvas = place.querySelector("canvas"), said = place.querySelector(".state");
  const about = place.querySelector(".region"), select = place.querySelector("select");
  const lines = place.querySelectorAll("polyline"), cursor = place.querySelector("line");
  const dots = place.querySelectorAll("circle"), rank = [];
  const colours = (one.colours || []).map((text) =>
    [0, 2, 4].map((i) => parseInt(text.substr(i, 2), 16)));
  let pixels = null, pictured = false, prefix = 0, view = "heatmap", chosen = -1, pointed = -1;
  one.order.forEach((region, i) => { rank[region] = i + 1; });
  if (canvas) { canvas.width = width; canvas.height = height; }
  select.replaceChildren(new Option("none", -1), ...one.order.map((region, i) =>
    new Option((i + 1) + " (region " + region + ")", region)));
  select.parentNode.hidden = false;

  function show(value, shownView) {
    view = shownView;
    prefix = value;
    if (data.by === "share") {
      prefix = 0;
      while (prefix < n && one.area[prefix + 1] <= value / 100 + 1e-6) prefix += 1;
    }
    const at = [...lines].map((line) => line.points.getItem(prefix));
    ["x1", "x2"].forEach((name) => cursor.setAttribute(name, at[0].x));
    dots.forEach((dot, i) => { dot.setAttribute("cx", at[i].x); dot.setAttribute("cy", at[i].y); });
    said.textContent = prefix + " of " + n + " regions, " + (100 * one.area[prefix]).toFixed(0)
      + " % of the " + data.noun + ". Score with these alone " + number(one.insertion[prefix])
      + ", without them " + number(one.deletion[prefix]) + ".";
    draw();
  }

  function describe() {
    const region = pointed >= 0 ? pointed : chosen;
    about.textContent = region < 0 ? "Point at a region, or choose one." : text(region);
    draw();
  }

  function text(region) {
    const r = rank[region], gain = one.gains[region];
    return "Region " + region + ": rank " + r + " of " + n + ", gain " + (gain > 0 ? "+" : "")
      + number(gain) + ", importance " + number(one.importance[region]) + ". Score with the first "
      + r + " regions " + number(one.insertion[r]) + ", without this one "
      + number(one.insertion[r - 1]) + "; with the first " + r + " removed "
      + number(one.deletion[r]) + ", with this one back " + number(one.deletion[r - 1]) + "."
      + (one.unsearched.includes(r) ? " The search ended before it placed this region." : "");
  }

  function take(source) {
    if (!canvas) return;
    const context = canvas.getContext("2d");
    pictured = source !== null;
    context.imageSmoothingEnabled = data.width >= 128;
    context.fillStyle = "rgb(225,225,225)";
    context.fillRect(0, 0, width, height);
    if (pictured) context.drawImage(source, 0, 0, width, height);
    pixels = context.getImageData(0, 0, width, height);
    canvas.hidden = false;
  }

  function draw() {
    const marked = pointed >= 0 ? pointed : chosen;
    const inside = (label) => label >= 0 && rank[label] <= prefix;
    marks.forEach((mark) => {
      const label = Number(mark.dataset.region), on = inside(label);
      mark.classList.toggle("shown", on);
      mark.classList.toggle("pointed", label === marked);
      mark.classList.toggle("plain", view !== "heatmap" || !on);
      mark.classList.toggle("gone", view !== "heatmap" && on !== (view === "kept"));
    });
    if (!pixels) return;
    const out = new Uint8ClampedArray(pixels.data);
    const same = (label) => label;
    for (let y = 0, i = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1, i += 1) {
        const label = labels[i], on = inside(label);
        if (marked >= 0 && label === marked && edge(x, y, same)) paint(out, i, [213, 94, 0], 1);
        else if (on && edge(x, y, inside)) paint(out, i, [255, 230, 51], 1);
        else if (view === "heatmap") {
          grey(out, i);
          if (on) paint(out, i, colours[label], pictured ? 0.6 : 1);
          else if (!pictured && edge(x, y, same)) paint(out, i, [128, 128, 128], 0.5);
        } else if (label >= 0 && on !== (view === "kept")) paint(out, i, [0, 0, 0], 0.8);
      }
    }
    const context = canvas.getContext("2d"), [left, top, right, bottom] = data.box || [];
    context.putImageData(new ImageData(out, width, height), 0, 0);
    if (data.box) for (const [colour, wide] of [["black", 4], ["#56b4e9", 2]]) {
      context.strokeStyle = colour;
      context.lineWidth = wide;
      context.strokeRect(left * width, top * height, (right - left) * width,
        (bottom - top) * height);
    }
  }

  function edge(x, y, kind) {
    const here = kind(labels[y * width + x]);
    for (const d of [-2, -1, 1, 2]) {
      const a = Math.min(width - 1, Math.max(0, x + d));
      const b = Math.min(height - 1, Math.max(0, y + d));
      if (kind(labels[y * width + a]) !== here || kind(labels[b * width + x]) !== here) return true;
    }
    return false;
  }

  function under(event) {
    const box = canvas.getBoundingClientRect();
    const x = Math.floor((event.clientX - box.left) / box.width * width);
    const y = Math.floor((event.clientY - box.top) / box.height * height);
    return x >= 0 && y >= 0 && x < width && y < height ? labels[y * width + x] : -1;
  }

  const point = (region) => { if (region !== pointed) { pointed = region; describe(); } };
  const choose = (region) => { chosen = region; select.value = region; describe(); };
  if (canvas) {
    canvas.addEventListener("pointermove", (event) => point(under(event)));
    canvas.addEventListener("pointerleave", () => point(-1));
    canvas.addEventListener("click", (event) => choose(under(event)));
  }
  marks.forEach((mark) => {
    mark.addEventListener("pointerenter", () => point(Number(mark.dataset.region)));
    mark.addEventListener("pointerleave", () => point(-1));
    mark.addEventListener("click", () => choose(Number(mark.dataset.region)));
  });
  select.addEventListener("change", () => choose(Number(select.value)));
  describe();
  return {show, take};
}

function labelMap(runs, width, height, scale) {
  const small = new Int32Array(width * height), large = new Int32Array(small.length * scale ** 2);
  for (let i = 0, at = 0; i < runs.length; i += 2) small.fill(runs[i], at, at += runs[i + 1]);
  for (let y = 0, i = 0; y < height * scale; y += 1) {
    const row = Math.floor(y / scale) * width;
    for (let x = 0; x < width * scale; x += 1, i += 1) {
      large[i] = small[row + Math.floor(x / scale)];
    }
  }
  return large;
}

function grey(out, i) {
  const [r, g, b] = out.subarray(4 * i, 4 * i + 3);
  out.fill(89.25 + 0.65 * (0.2125 * r + 0.7154 * g + 0.0721 * b), 4 * i, 4 * i + 3);
}

function paint(out, i, colour, share) {
  for (let c = 0; c < 3; c += 1) out[4 * i + c] += share * (colour[c] - out[4 * i + c]);
}

function number(value) {
  const size = Math.abs(value);
  if (size !== 0 && size < 0.001) return value.toExponential(1);
  return size >= 1000 ? value.toPrecision(4) : value.toFixed(3);
}
})();
"""
