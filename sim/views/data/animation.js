"use strict";
// All that is drawn follows from one number, the day: nothing is remembered from frame to frame.
const data = JSON.parse(document.getElementById("data").textContent);
const find = (id) => document.getElementById(id);
const [canvas, slider, play, clock] = ["canvas", "day", "play", "clock"].map(find);
const pen = canvas.getContext("2d");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const TRAIN = 7, SHIP = 5, ASIDE = 3, RING = 8, SECOND = 1000;
const LOCALE = "en-GB", FONT = "13px system-ui, sans-serif";
const NEAR = [1, 1.6], FAR = [1, 1.6, 2.4, 4];  // how far words are from what they speak of

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
  const pieces = leg.pieces.map((p) => ({
    ...p, detoured: new Set(p.detoured), stands: p.from === p.to || !lines[p.line].length }));
  return { ...leg, days, loads, marks, longest, fullest, pieces };
});
const most = Math.max(1, ...data.terminals.flatMap((terminal) => terminal.waiting));

const [ground, above] = [0, 0].map(() => document.createElement("canvas"));
const boxes = new Map();  // where the number of the vehicles that stand at a point is told
let taken = [];  // what numbers and names hide, and are

let day = 0, playing = false, before = 0, scale = 1, largest = 0, told = 0;

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

const key_of = (x, y) => `${Math.round(x)},${Math.round(y)}`;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name);
}

function trace(to, flat, close) {
  to.beginPath();
  for (let i = 0; i < flat.length; i += 2) to.lineTo(flat[i] * scale, flat[i + 1] * scale);
  if (close) to.closePath();
}

// Land and lines, and names above the circles, do not move: they are drawn once for each size.
function background() {
  const [width, height] = data.size, ratio = devicePixelRatio || 1;
  const wide = find("map").clientWidth || 1;  // nothing is laid out in a hidden frame
  scale = wide / width;
  largest = Math.min(32, wide / 25);
  canvas.style.height = `${height * scale}px`;
  for (const each of [canvas, ground, above]) {
    each.width = Math.round(wide * ratio);
    each.height = Math.round(height * scale * ratio);
    each.getContext("2d").scale(ratio, ratio);
  }
  const to = ground.getContext("2d");
  to.fillStyle = colour("--land");
  for (const ring of data.land) { trace(to, ring, true); to.fill(); }
  for (const [some, dashes] of [[data.ways, []], [data.detours, [4, 4]]]) {
    to.setLineDash(dashes);
    to.globalAlpha = 0.8;
    for (const [route, line] of some) {
      to.strokeStyle = data.routes[route].colour;
      trace(to, data.lines[line]);
      to.stroke();
    }
  }
  to.globalAlpha = 1;
  to.setLineDash([]);
  names(above.getContext("2d"));
  discs();
}

// Numbers and names where they hide no line and no other; first those where most happens.
function names(to) {
  const around = (x, y, by) => [x * scale - by, y * scale - by, x * scale + by, y * scale + by];
  taken = data.spots.map((spot) => around(...spot.at, 4));
  for (const { flat } of lines)
    for (let i = 0; i < flat.length; i += 2) taken.push(around(flat[i], flat[i + 1], 5));
  boxes.clear();
  for (const piece of legs.flatMap((leg) => leg.pieces.filter((each) => each.stands))) {
    const [x, y] = along(lines[piece.line], piece.from);
    if (boxes.has(key_of(x, y))) continue;
    const box = beside(x * scale, y * scale, 28, FAR) || around(x, y, 8);
    boxes.set(key_of(x, y), box);
    taken.push(box);
  }
  for (const spot of data.spots) {
    const [x, y] = spot.at.map((value) => value * scale);
    to.fillStyle = colour("--ink");
    to.fillRect(x - 1.5, y - 1.5, 3, 3);
    to.font = FONT;
    const box = spot.name && beside(x, y, to.measureText(spot.name).width);
    if (!box) continue;
    taken.push(box);
    write(to, spot.name, box[0], box[1] + 8, "--ink");
  }
}

// The first place beside a point, as wide as that, which is on the map and free; if there is one.
function beside(x, y, wide, reach = NEAR) {
  const [right, low] = data.size.map((value) => value * scale);
  return reach.flatMap((far) => [[9 * far, 0], [-9 * far - wide, 0], [-wide / 2, -15 * far],
    [-wide / 2, 15 * far], [8 * far, -12 * far], [-8 * far - wide, -12 * far], [8 * far, 12 * far],
    [-8 * far - wide, 12 * far]])
    .map(([dx, dy]) => [x + dx, y + dy - 8, x + dx + wide, y + dy + 8])
    .find(([l, t, r, b]) => l > 0 && t > 0 && r < right && b < low
      && !taken.some((o) => l < o[2] && o[0] < r && t < o[3] && o[1] < b));
}

// Words with a rim, so that they are read on whatever they cross.
function write(to, text, x, y, ink) {
  to.save();
  to.font = FONT;
  to.textBaseline = "middle";
  to.lineJoin = "round";
  to.lineWidth = 3;
  to.strokeStyle = colour("--paper");
  to.fillStyle = colour(ink);
  to.strokeText(text, x, y);
  to.fillText(text, x, y);
  to.restore();
}

// What circles say: of a round number, and of a tenth of it.
function discs() {
  const round = 10 ** Math.floor(Math.log10(most)), some = most >= 5 * round ? 5 * round : round;
  find("discs").replaceChildren(...[some, some / 10].filter((many) => many >= 1).flatMap((many) => {
    const [both, disc] = [0, 0].map(() => document.createElement("span"));
    disc.className = "disc";
    disc.style.width = disc.style.height = `${2 * radius(many)}px`;
    both.append(disc, many.toLocaleString(LOCALE));
    return [both, " "];
  }));
}

function radius(many) {
  return largest * Math.sqrt(many / most);
}

function draw() {
  const [wide, high] = data.size.map((value) => value * scale);
  pen.clearRect(0, 0, wide, high);
  pen.drawImage(ground, 0, 0, wide, high);
  const now = data.troubles.filter((each) => each.spans.some(([a, b]) => a <= day && day < b));
  now.forEach(disrupted);
  waiting();
  pen.drawImage(above, 0, 0, wide, high);
  const standing = new Map(), ways = data.routes.map(() => [0, 0]);
  vehicles((leg, x, y, dx, dy, load, piece) => {
    ways[leg.route][0]++;
    ways[leg.route][1] += load;
    if (piece.stands) standing.set(key_of(x, y), (standing.get(key_of(x, y)) || 0) + 1);
    else vehicle(leg, x * scale, y * scale, dx, dy, load / leg.fullest);
  });
  standing.forEach(stack);
  new Set(now.map((trouble) => trouble.lines[0])).forEach((line) => named(line, now));
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
    pen.arc(x, y, radius(many), 0, 2 * Math.PI);
    pen.fill();
    pen.globalAlpha = 1;
  }
}

// How many stand at a point, in the box that is tied to it.
function stack(many, at) {
  const [x, y] = at.split(",").map((value) => value * scale), [left, top, right, low] = boxes.get(at);
  pen.strokeStyle = colour("--ink");
  pen.beginPath();
  pen.moveTo(x, y);
  pen.lineTo((left + right) / 2, (top + low) / 2);
  pen.stroke();
  pen.fillStyle = colour("--paper");
  pen.fillRect(left, top, right - left, low - top);
  pen.strokeRect(left, top, right - left, low - top);
  pen.textAlign = "center";
  write(pen, String(many), (left + right) / 2, (top + low) / 2 + 0.5, "--ink");
  pen.textAlign = "start";
}

function disrupted(trouble) {
  pen.strokeStyle = colour("--trouble");
  pen.lineWidth = 5;
  pen.setLineDash([7, 5]);
  for (const line of trouble.lines) {
    const { flat, length } = lines[line];
    if (length) trace(pen, flat);
    else { pen.beginPath(); pen.arc(flat[0] * scale, flat[1] * scale, RING, 0, 2 * Math.PI); }
    pen.stroke();
  }
  pen.setLineDash([]);
  pen.lineWidth = 1;
}

const said_of = (trouble) => `${trouble.name}: ${trouble.effect}`;

// The names of what goes wrong on a line, at its middle; nowhere what is not at a place.
function named(line, now) {
  if (line === undefined) return;
  const text = now.filter((each) => each.lines[0] === line).map((each) => each.name).join(", ");
  const [x, y] = along(lines[line], 0.5).map((value) => value * scale);
  pen.font = FONT;
  const wide = pen.measureText(text).width;
  const [left, top] = beside(x, y, wide, FAR) || [Math.max(x - RING - wide, 0), y - 3 * RING];
  write(pen, text, left, top + 8, "--trouble");
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
  const said = now.map(said_of).join(", ");
  if (find("happens").textContent !== said) find("happens").textContent = said;
  const there = data.routes.map((route, n) => `${route.name}: ${ways[n][0]} vehicles on the way`);
  canvas.setAttribute("aria-label",
    [`Map on ${clock.textContent}`, ...there, said].filter(Boolean).join("; "));
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
  find("map").style.setProperty("--aspect", data.size[0] / data.size[1]);
  for (const trouble of data.troubles) {
    for (const [first, end] of trouble.spans) {
      const mark = document.createElement("span");
      mark.title = said_of(trouble);
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
