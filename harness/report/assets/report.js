"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const times = Array.from({ length: data.count }, (_, i) => data.start + i * data.step);
  const root = document.documentElement;
  const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const two = (n) => String(n).padStart(2, "0");

  /* The clock of the incident where there is one; the same rule as the page's own labels. */
  const label = (wall) => {
    if (!data.clock.incident) {
      const s = Math.round(wall), a = Math.abs(s);
      return (s < 0 ? "−" : "") + (a < 60 ? `${a} s` : a % 60 ? `${Math.floor(a / 60)} m ${a % 60} s` : `${a / 60} m`);
    }
    const map = data.clock.map;
    const part = map.find((p) => p[0] <= wall && wall < p[1]) || (wall < map[0][0] ? map[0] : map[map.length - 1]);
    const minutes = (part[2] + (wall - part[0]) * part[3]) / 60;
    if (data.clock.t0 === null) return `t${minutes < 0 ? "-" : "+"}${Math.abs(Math.round(minutes))} min`;
    const all = Math.floor(data.clock.t0 + minutes + 0.5), day = Math.floor(all / 1440), minute = all - day * 1440;
    return `${two(Math.floor(minute / 60))}:${two(minute % 60)}${day ? ` ${day > 0 ? "+" : ""}${day} d` : ""}`;
  };
  const ms = (v) => v === null || v === undefined ? "–" : v < 1000 ? `${+v.toPrecision(3)} ms` : `${+(v / 1000).toPrecision(3)} s`;
  const bytes = (v) => v >= 1e6 ? `${+(v / 1e6).toPrecision(3)} MB` : v >= 1e3 ? `${+(v / 1e3).toPrecision(3)} kB` : `${Math.round(v)} B`;

  const charts = [];
  const readers = [];
  let current = null;

  /* One moment for the whole page: cards, their captions and every chart follow it. */
  const show = (wall, from) => {
    const index = wall === null ? -1 : Math.floor((wall - data.start) / data.step);
    if (index === current) return;
    current = index;
    for (const reader of readers) reader(index, wall);
    for (const chart of charts) {
      if (chart === from) continue;
      chart.setCursor(wall === null ? { left: -10, top: -10 } : { left: chart.valToPos(wall, "x"), top: 10 }, false);
    }
  };

  const axis = data.axis, axisEnd = axis[1];
  const plots = [...document.querySelectorAll(".who .plot")];
  const cursors = plots.map((plot) => plot.querySelector(".cursor"));
  for (const plot of plots) {
    plot.addEventListener("pointermove", (event) => {
      const box = plot.getBoundingClientRect();
      const wall = axis[0] + ((event.clientX - box.left) / box.width) * (axis[1] - axis[0]);
      show(Math.floor((wall - data.start) / data.step) * data.step + data.start);
    });
    plot.addEventListener("pointerleave", () => show(null));
  }
  readers.push((index, wall) => {
    const left = wall === null ? 0 : (100 * (wall + data.step / 2 - axis[0])) / (axis[1] - axis[0]);
    for (const cursor of cursors) {
      cursor.style.display = wall === null ? "none" : "block";
      cursor.style.left = `${left}%`;
    }
  });
  for (const card of document.querySelectorAll(".who[data-flow]")) {
    const flow = data.flows[card.dataset.flow];
    const [share, p95] = card.querySelectorAll(".now");
    if (!flow) continue;
    readers.push((index, wall) => {
      const offered = flow.offered[index];
      share.textContent = index < 0 || !offered ? "" : `${label(wall)} · ${Math.round((100 * flow.good[index]) / offered)} %`;
      p95.textContent = index < 0 || !offered ? "" : ms(flow.p95[index]);
    });
  }

  /* Charts. */
  const hatch = () => {
    const ratio = devicePixelRatio || 1, size = 8 * ratio, tile = document.createElement("canvas");
    tile.width = tile.height = size;
    const pen = tile.getContext("2d");
    pen.strokeStyle = css("--hatch");
    pen.lineWidth = 1.5 * ratio;
    for (const shift of [-size, 0, size]) {
      pen.beginPath();
      pen.moveTo(shift, size);
      pen.lineTo(shift + size, 0);
      pen.stroke();
    }
    return tile;
  };
  let tile = hatch();

  const backdrop = (u) => {
    const pen = u.ctx, { left, top, width, height } = u.bbox;
    pen.save();
    pen.beginPath();
    pen.rect(left, top, width, height);
    pen.clip();
    pen.fillStyle = pen.createPattern(tile, "repeat");
    for (const [from, to] of data.holds) {
      const x = u.valToPos(from, "x", true);
      pen.fillRect(x, top, u.valToPos(to, "x", true) - x, height);
    }
    pen.strokeStyle = css("--line");
    pen.lineWidth = devicePixelRatio || 1;
    for (const phase of data.phases.slice(1)) {
      const x = Math.round(u.valToPos(phase[1], "x", true)) + 0.5;
      pen.beginPath();
      pen.moveTo(x, top);
      pen.lineTo(x, top + height);
      pen.stroke();
    }
    pen.restore();
  };
  const ceiling = (value) => (u) => {
    if (value === null) return;
    const pen = u.ctx, y = u.valToPos(value, "y", true);
    pen.save();
    pen.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
    pen.strokeStyle = css("--ink3");
    pen.lineWidth = 1.2 * devicePixelRatio;
    pen.beginPath();
    pen.moveTo(u.bbox.left, y);
    pen.lineTo(u.bbox.left + u.bbox.width, y);
    pen.stroke();
    pen.restore();
  };
  /* Labels stand at phase boundaries, as many as have room. */
  const splits = (u) => {
    const moments = [...data.phases.map((p) => p[1]), axisEnd], shown = [];
    const room = (data.clock.incident ? 58 : 66) / (u.bbox.width / devicePixelRatio) * (axisEnd - axis[0]);
    for (const moment of moments) if (!shown.length || moment - shown[shown.length - 1] >= room) shown.push(moment);
    return shown;
  };
  const line = (name, color, more = {}) => ({ label: name, stroke: () => css(color), width: 1.5, points: { show: false }, spanGaps: false, ...more });
  const options = (series, y, more = {}) => ({
    width: 300, height: 132, legend: { show: false }, padding: [6, 14, 0, 0],
    cursor: { y: false, points: { size: 5 }, drag: { x: false, y: false } },
    scales: { x: { time: false, range: axis }, y },
    axes: [
      { stroke: () => css("--ink3"), font: `11.5px ${css("--font")}`, size: 24, gap: 4, splits, values: (u, at) => at.map(label), grid: { show: false }, ticks: { stroke: () => css("--line2"), size: 4, width: 1 } },
      { stroke: () => css("--ink3"), font: `11.5px ${css("--font")}`, size: 52, gap: 5, grid: { stroke: () => css("--line"), width: 1 }, ticks: { show: false }, ...more },
    ],
    series: [{}, ...series],
    hooks: {
      drawClear: [backdrop],
      draw: [],
      setCursor: [(u) => { if (u.over.matches(":hover")) show(u.cursor.idx === null || u.cursor.idx === undefined ? null : times[u.cursor.idx], u); }],
    },
  });
  const EDGE = [["--blue", []], ["--bad-mark", [6, 3]], ["--good-mark", [2, 3]], ["--error-mark", [8, 3, 2, 3]]];
  const top = (u, low, high) => [0, (high || 1) * 1.08];
  const kinds = {
    rate: (flow) => [options([line("intended", "--line2", { width: 2 }), line("good", "--good-mark", { fill: () => css("--good-mark") + "22" })], { range: top }, { values: (u, at) => at.map((v) => `${v}/s`) }), [flow.offered, flow.good]],
    time: (flow) => [options([line("p50", "--p50", { stroke: () => "#56b4e9", dash: [2, 3] }), line("p95", "--blue"), line("p99", "--error-mark", { dash: [6, 3] })], { distr: 3, log: 10 }, { values: (u, at) => at.map((v) => v && Number.isInteger(Math.log10(v)) ? ms(v) : null), grid: { show: false } }), [flow.p50, flow.p95, flow.p99]],
    bytes: (flow) => [options(flow.edges.map(([name], i) => line(name, EDGE[i][0], { dash: EDGE[i][1] })), { range: top }, { values: (u, at) => at.map(bytes) }), flow.edges.map((edge) => edge[1])],
  };

  const build = (box, flow) => {
    const [opts, lines] = kinds[box.dataset.kind](flow);
    if (box.dataset.kind === "time") opts.hooks.draw.push(ceiling(flow.ceiling));
    opts.width = Math.max(box.clientWidth, 120);
    const chart = new uPlot(opts, [times, ...lines.map((l) => l.map((v) => (box.dataset.kind === "time" && v !== null ? Math.max(v, 0.1) : v)))], box);
    charts.push(chart);
    new ResizeObserver(() => {
      if (box.clientWidth && box.clientWidth !== chart.width) chart.setSize({ width: box.clientWidth, height: 132 });
    }).observe(box);
  };
  for (const article of document.querySelectorAll(".flow[data-flow]")) {
    const flow = data.flows[article.dataset.flow];
    if (!flow || !data.count) continue;
    for (const box of article.querySelectorAll(".chart")) build(box, flow);
    const list = article.querySelector(".edges"), read = article.querySelector(".read");
    flow.edges.forEach(([name], i) => {
      const item = document.createElement("li");
      item.innerHTML = '<svg viewBox="0 0 22 6"><path d="M0 3H22" stroke-width="2"/></svg>';
      const path = item.querySelector("path");
      path.style.stroke = `var(${EDGE[i][0]})`;
      path.style.strokeDasharray = EDGE[i][1].join(" ");
      item.append(name.replace("->", " → "));
      list.append(item);
    });
    readers.push((index, wall) => {
      read.textContent = index < 0 || flow.offered[index] === undefined ? ""
        : `${label(wall)} · ${flow.good[index]} of ${flow.offered[index]} good/s · p50 ${ms(flow.p50[index])} · p95 ${ms(flow.p95[index])} · p99 ${ms(flow.p99[index])}`;
    });
  }
  const repaint = () => { tile = hatch(); for (const chart of charts) chart.redraw(false, true); };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  matchMedia("print").addEventListener("change", repaint);
  document.addEventListener("pointerleave", () => show(null));
  root.dataset.charts = String(charts.length);
})();
