"use strict";
// All that is drawn follows from one number, the day: nothing is remembered from frame to frame.
const data = JSON.parse(document.getElementById("data").textContent);
const find = (id) => document.getElementById(id);
const [canvas, slider, play, clock] = ["canvas", "day", "play", "clock"].map(find);
const pen = canvas.getContext("2d");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const TRAIN = 7, SHIP = 5, ASIDE = 3, SECOND = 1000;
const LOCALE = "en-GB";

const lines = data.lines.map((flat) => {
  const ends = [0];
  for (let i = 2; i < flat.length; i += 2)
    ends.push(ends.at(-1) + Math.hypot(flat[i] - flat[i - 2], flat[i + 1] - flat[i - 1]));
  return { flat, ends, length: ends.at(-1) };
});

function numbers(text) {
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  return new Uint16Array(bytes.buffer);
}

const legs = data.legs.map((leg) => {
  const days = numbers(leg.days), loads = numbers(leg.loads), marks = leg.pieces.length + 1;
  let longest = 0, fullest = 1;
  for (let trip = 0; trip < leg.trips; trip++) {
    longest = Math.max(longest, days[trip * marks + marks - 1] - days[trip * marks]);
    fullest = Math.max(fullest, loads[trip]);
  }
  const pieces = leg.pieces.map((p) => ({ ...p, detoured: new Set(p.detoured) }));
  return { ...leg, days, loads, marks, longest, fullest, pieces };
});
const most = Math.max(1, ...data.terminals.flatMap((terminal) => terminal.waiting));

let day = 0, playing = false, before = 0, scale = 1, base = null, told = 0;

// Where a part of a line is, and which way it runs.
function along(line, part) {
  const { flat, ends, length } = line, at = part * length;
  if (!length) return [flat[0], flat[1], 1, 0];
  let low = 0, high = ends.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (ends[middle] <= at) low = middle; else high = middle;
  }
  const piece = ends[high] - ends[low] || 1, share = (at - ends[low]) / piece;
  const dx = flat[2 * high] - flat[2 * low], dy = flat[2 * high + 1] - flat[2 * low + 1];
  return [flat[2 * low] + share * dx, flat[2 * low + 1] + share * dy, dx / piece, dy / piece];
}

// The first trip that leaves at a step or later.
function leaves(leg, step) {
  let low = 0, high = leg.trips;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (leg.days[middle * leg.marks] < step) low = middle + 1; else high = middle;
  }
  return low;
}

// Every vehicle under way: calls see(leg, x, y, dx, dy, load, piece).
function vehicles(see) {
  const step = (data.first + day) / data.a_step;
  for (const leg of legs) {
    for (let trip = leaves(leg, step - leg.longest); trip < leg.trips; trip++) {
      const row = trip * leg.marks;
      if (leg.days[row] > step) break;
      if (leg.days[row + leg.marks - 1] <= step) continue;
      let mark = 1;
      while (leg.days[row + mark] <= step) mark++;
      const piece = leg.pieces[mark - 1], begun = leg.days[row + mark - 1];
      const share = (step - begun) / (leg.days[row + mark] - begun);
      const part = piece.from + share * (piece.to - piece.from);
      const line = lines[piece.detoured.has(trip) ? piece.around : piece.line];
      const [x, y, dx, dy] = along(line, part), turn = piece.to < piece.from ? -1 : 1;
      see(leg, x, y, turn * dx, turn * dy, leg.loads[trip], piece);
    }
  }
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name);
}

function trace(to, flat, close) {
  to.beginPath();
  for (let i = 0; i < flat.length; i += 2) to.lineTo(flat[i] * scale, flat[i + 1] * scale);
  if (close) to.closePath();
}

// Land, lines and names do not move: they are drawn once for each size.
function background() {
  const [width, height] = data.size, ratio = devicePixelRatio || 1;
  const wide = find("map").clientWidth;
  scale = wide / width;
  canvas.width = Math.round(wide * ratio);
  canvas.height = Math.round(height * scale * ratio);
  canvas.style.height = `${height * scale}px`;
  base = document.createElement("canvas");
  [base.width, base.height] = [canvas.width, canvas.height];
  const to = base.getContext("2d");
  to.scale(ratio, ratio);
  to.fillStyle = colour("--land");
  for (const ring of data.land) { trace(to, ring, true); to.fill(); }
  for (const [some, dashes] of [[data.ways, []], [data.detours, [4, 4]]]) {
    to.setLineDash(dashes);
    to.globalAlpha = 0.6;
    for (const [route, line] of some) {
      to.strokeStyle = data.routes[route].colour;
      trace(to, data.lines[line]);
      to.stroke();
    }
  }
  to.globalAlpha = 1;
  to.setLineDash([]);
  names(to);
}

// Names where they hide no line and no other name; those come first where most happens.
function names(to) {
  const [width, height] = data.size;
  const around = (x, y, by) => [x * scale - by, y * scale - by, x * scale + by, y * scale + by];
  const taken = data.spots.map((spot) => around(...spot.at, 4));
  for (const { flat } of lines)
    for (let i = 0; i < flat.length; i += 2) taken.push(around(flat[i], flat[i + 1], 5));
  to.font = "13px system-ui, sans-serif";
  to.textBaseline = "middle";
  to.lineJoin = "round";
  for (const spot of data.spots) {
    const [x, y] = spot.at.map((value) => value * scale);
    to.fillStyle = colour("--ink");
    to.fillRect(x - 1.5, y - 1.5, 3, 3);
    const wide = to.measureText(spot.name).width;
    const box = [[9, 0], [-9 - wide, 0], [-wide / 2, -15], [-wide / 2, 15], [8, -12],
      [-8 - wide, -12], [8, 12], [-8 - wide, 12]]
      .map(([dx, dy]) => [x + dx, y + dy - 8, x + dx + wide, y + dy + 8])
      .find(([l, t, r, b]) => l > 0 && t > 0 && r < width * scale && b < height * scale
        && !taken.some((o) => l < o[2] && o[0] < r && t < o[3] && o[1] < b));
    if (!box || !spot.name) continue;
    taken.push(box);
    to.strokeStyle = colour("--paper");
    to.lineWidth = 3;
    to.strokeText(spot.name, box[0], box[1] + 8);
    to.fillText(spot.name, box[0], box[1] + 8);
  }
  to.lineWidth = 1;
}

function draw() {
  const ratio = devicePixelRatio || 1;
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(base, 0, 0);
  pen.scale(ratio, ratio);
  const now = data.troubles.filter((each) => each.spans.some(([a, b]) => a <= day && day < b));
  now.forEach(disrupted);
  waiting();
  const standing = new Map(), ways = data.routes.map(() => [0, 0]);
  vehicles((leg, x, y, dx, dy, load, piece) => {
    ways[leg.route][0]++;
    ways[leg.route][1] += load;
    if (!lines[piece.line].length)  // a stage that is a place
      standing.set(piece.line, (standing.get(piece.line) || 0) + 1);
    else vehicle(leg, x * scale, y * scale, dx, dy, load / leg.fullest);
  });
  standing.forEach(stack);
  tell(now, ways);
}

// A bar for a train, a wedge for a ship, each at the right of its line.
function vehicle(leg, x, y, dx, dy, full) {
  const [left, up] = [x - dy * ASIDE, y + dx * ASIDE];
  pen.globalAlpha = 0.3 + 0.7 * full;
  pen.fillStyle = pen.strokeStyle = data.routes[leg.route].colour;
  pen.beginPath();
  if (leg.ship) {
    pen.moveTo(left + dx * SHIP, up + dy * SHIP);
    pen.lineTo(left - dx * SHIP - dy * SHIP / 1.6, up - dy * SHIP + dx * SHIP / 1.6);
    pen.lineTo(left - dx * SHIP + dy * SHIP / 1.6, up - dy * SHIP - dx * SHIP / 1.6);
    pen.fill();
  } else {
    pen.lineWidth = 3;
    pen.moveTo(left - dx * TRAIN / 2, up - dy * TRAIN / 2);
    pen.lineTo(left + dx * TRAIN / 2, up + dy * TRAIN / 2);
    pen.stroke();
  }
  pen.globalAlpha = 1;
  pen.lineWidth = 1;
}

function waiting() {
  for (const terminal of data.terminals) {
    const many = terminal.waiting[Math.min(Math.floor(day), terminal.waiting.length - 1)];
    const [x, y] = terminal.at.map((value) => value * scale);
    pen.fillStyle = data.routes[terminal.route].colour;
    pen.globalAlpha = 0.35;
    pen.beginPath();
    pen.arc(x, y, 32 * Math.sqrt(many / most), 0, 2 * Math.PI);
    pen.fill();
    pen.globalAlpha = 1;
  }
}

function stack(many, line) {
  if (many < 2) return;
  const [x, y] = lines[line].flat, text = String(many);
  pen.font = "12px system-ui, sans-serif";
  pen.textBaseline = "middle";
  const wide = pen.measureText(text).width + 8, left = x * scale - wide - 6, top = y * scale + 12;
  pen.fillStyle = colour("--paper");
  pen.strokeStyle = colour("--ink");
  pen.fillRect(left, top, wide, 16);
  pen.strokeRect(left, top, wide, 16);
  pen.fillStyle = colour("--ink");
  pen.fillText(text, left + 4, top + 8.5);
}

function disrupted(trouble) {
  pen.strokeStyle = colour("--trouble");
  pen.lineWidth = 5;
  pen.setLineDash([7, 5]);
  for (const line of trouble.lines) {
    const { flat, length } = lines[line];
    if (length) trace(pen, flat);
    else { pen.beginPath(); pen.arc(flat[0] * scale, flat[1] * scale, 11, 0, 2 * Math.PI); }
    pen.stroke();
  }
  pen.setLineDash([]);
  pen.lineWidth = 1;
}

// What the clock and the table say; ten times a second is enough.
function tell(now, ways) {
  clock.textContent = date();
  slider.value = day;
  slider.setAttribute("aria-valuetext", clock.textContent);
  if (playing && performance.now() - told < SECOND / 10) return;
  told = performance.now();
  const at = Math.floor(day);
  const waits = data.routes.map((_, route) => data.terminals
    .filter((terminal) => terminal.route === route)
    .reduce((sum, each) => sum + each.waiting[Math.min(at, each.waiting.length - 1)], 0));
  data.routes.forEach((route, n) => {
    const so_far = at ? route.delivered[Math.min(at, route.delivered.length) - 1] : 0;
    [so_far, waits[n], ...ways[n]].forEach((value, column) => {
      find("figures").rows[n].cells[column + 1].textContent = value.toLocaleString(LOCALE);
    });
  });
  const said = now.map((each) => `${each.name}: ${each.effect}`).join(", ");
  if (find("happens").textContent !== said) find("happens").textContent = said;
  if (!playing) {
    const there = data.routes.map((route, n) => `${route.name}: ${ways[n][0]} vehicles on the way`);
    canvas.setAttribute("aria-label", [`Map on ${clock.textContent}`, ...there, said].join("; "));
  }
}

function date() {
  if (!data.start) return `day ${Math.floor(day) + 1}`;
  const then = new Date(`${data.start}T00:00:00Z`);
  then.setUTCDate(then.getUTCDate() + Math.floor(day));
  const options = { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" };
  return then.toLocaleDateString(LOCALE, options);
}

function go(to) {
  day = Math.min(Math.max(to, 0), data.days);
  if (!playing) draw();
}

function frame(time) {
  if (!playing) return;
  go(day + Math.min(time - before, SECOND / 4) / SECOND * Number(find("speed").value));
  before = time;
  if (day >= data.days) toggle();
  draw();
  if (playing) requestAnimationFrame(frame);
}

function toggle() {
  playing = !playing;
  play.textContent = playing ? "Pause" : "Play";
  clock.setAttribute("aria-live", playing ? "off" : "polite");
  if (!playing) return draw();
  if (day >= data.days) day = 0;
  before = performance.now();
  requestAnimationFrame(frame);
}

function key(event) {
  const where = event.target.tagName;
  if (event.ctrlKey || event.altKey || event.metaKey || where === "SELECT") return;
  if (event.key === " " && where === "BUTTON") return;
  const speed = find("speed"), last = speed.options.length - 1;
  const does = {
    " ": toggle,
    ArrowLeft: () => go(Math.ceil(day) - 1),
    ArrowRight: () => go(Math.floor(day) + 1),
    ArrowUp: () => { speed.selectedIndex = Math.min(speed.selectedIndex + 1, last); },
    ArrowDown: () => { speed.selectedIndex = Math.max(speed.selectedIndex - 1, 0); },
    Home: () => go(0),
    End: () => go(data.days),
  }[event.key];
  if (!does) return;
  event.preventDefault();
  does();
}

function begin() {
  slider.max = data.days;
  for (const route of data.routes) {
    const row = find("figures").insertRow(), head = document.createElement("th");
    head.scope = "row";
    head.textContent = route.name;
    head.style.setProperty("--colour", route.colour);
    row.append(head);
    for (let n = 0; n < 4; n++) row.insertCell();
  }
  const named = (ship) => [...new Set(legs.filter((leg) => leg.ship === ship).map((l) => l.vehicle))];
  for (const [sign, some] of [["\u25ac", named(false)], ["\u25b2", named(true)]])
    if (some.length) find("shapes").textContent += `${sign} ${some.join(", ")}. `;
  find("most").textContent = most.toLocaleString(LOCALE);
  for (const trouble of data.troubles) {
    for (const [first, end] of trouble.spans) {
      const mark = document.createElement("span");
      mark.title = `${trouble.name}: ${trouble.effect}`;
      mark.style.left = `${100 * Math.max(first, 0) / data.days}%`;
      mark.style.width = `${100 * Math.max(0, Math.min(end, data.days) - Math.max(first, 0)) / data.days}%`;
      if (end > 0 && first < data.days) find("troubles").append(mark);
    }
  }
  const anew = () => { background(); draw(); };
  new ResizeObserver(anew).observe(find("map"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", anew);
  play.addEventListener("click", toggle);
  slider.addEventListener("input", () => go(Number(slider.value)));
  document.addEventListener("keydown", key);
  anew();
  if (!still.matches) toggle();
}

begin();
