"use strict";
// What all panels share: the data, what is chosen, figures as text, elements.
// Names come from others and only ever become text nodes.
document.documentElement.classList.add("js");
const page = JSON.parse(document.getElementById("data").textContent);
let sum = null; // the summary, of netflowize-summary(5)
const chosen = { link: null, end: null, proto: null, pair: null, port: null, range: null, row: null };
const panels = [];
const byId = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const isDark = () => (document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

function fill(el, attrs, kids) {
	for (const [k, v] of Object.entries(attrs || {})) {
		if (v === null || v === undefined || v === false) continue;
		if (k.startsWith("on")) el.addEventListener(k.slice(2), v);
		else el.setAttribute(k, v === true ? "" : literal(String(v)));
	}
	for (const kid of kids.flat(9)) {
		if (kid === null || kid === undefined || kid === false) continue;
		el.append(kid instanceof Node ? kid : document.createTextNode(literal(String(kid))));
	}
	return el;
}
// Signs that turn the writing direction or steer are shown as such.
const literal = (t) => t.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, "\ufffd");
const h = (tag, attrs, ...kids) => fill(document.createElement(tag), attrs, kids);
const s = (tag, attrs, ...kids) => fill(document.createElementNS(SVG, tag), attrs, kids);

// Figures: SI prefixes, three digits.
function si(v, unit) {
	const prefixes = ["", "k", "M", "G", "T", "P"];
	let p = 0;
	if (!(v >= 0)) return "unknown";
	for (; v >= 999.5 && p < 5; p++) v /= 1000;
	const d = p === 0 && v === Math.floor(v) ? 0 : v < 9.995 ? 2 : v < 99.95 ? 1 : 0;
	return v.toFixed(d) + " " + prefixes[p] + unit;
}
const bits = (v) => si(v, "b/s");
const bytesText = (v) => si(v, "B");
const count = (n) => n === null || n === undefined ? "unknown" : String(n).replace(/\B(?=(\d{3})+$)/g, ",");
function percent(x) {
	const v = 100 * x;
	if (!(v >= 0)) return "–";
	if (v > 0 && v < 0.1) return "< 0.1 %";
	return v.toFixed(v < 9.95 && v !== Math.floor(v) ? 1 : 0) + " %";
}
function spanText(ms) {
	const t = Math.round(ms / 1000);
	if (ms < 1000) return ms.toFixed(ms < 10 ? 1 : 0) + " ms";
	if (ms < 9950) return (ms / 1000).toFixed(1) + " s";
	if (t < 60) return t + " s";
	if (t < 3600) return Math.floor(t / 60) + " min " + t % 60 + " s";
	return Math.floor(t / 3600) + " h " + Math.floor(t % 3600 / 60) + " min";
}
const timeFull = (ms) => new Date(ms).toISOString();
// With its day where there are several.
const timeText = (ms) => (sum.days ? timeFull(ms).slice(5, 10) + " " : "") + timeFull(ms).slice(11, 19);
const rate = (bytes, pieces) => bytes * 8000 / (sum.bucket_ms * (pieces || 1));
const byName = new Intl.Collator("en", { numeric: true }).compare;
const PROTOS = { 1: "ICMP", 2: "IGMP", 6: "TCP", 17: "UDP", 47: "GRE", 50: "ESP", 58: "ICMPv6", 89: "OSPF", 132: "SCTP" };
const protoName = (p) => PROTOS[p] || "proto " + p;
const endName = (e) => e < 0 ? "others" : Array.isArray(sum.ends[e]) ? sum.ends[e][0] : sum.ends[e];
const shorten = (t, n) => t.length <= n ? t : t.slice(0, Math.ceil(n * .6)) + "…" + t.slice(-Math.floor(n * .4));
const pieceAt = (i) => sum.begin_ms + i * sum.bucket_ms;

// [first, last] piece of time that is looked at.
const range = () => chosen.range || [0, Math.max(0, sum.buckets - 1)];
const pieces = () => range()[1] - range()[0] + 1;

// Courses are [piece, bytes, packets, flows, ...].
function within(course) {
	const [lo, hi] = range();
	const r = { bytes: 0, packets: 0 };
	for (let i = 0; i < course.length; i += 4)
		if (course[i] >= lo && course[i] <= hi) {
			r.bytes += course[i + 1];
			r.packets += course[i + 2];
		}
	return r;
}
// Of something with bytes, packets, flows and a course; in a part of the time
// flows cannot be added up.
const sumsOf = (x) => chosen.range ? { ...within(x.sides ? courseOf(x) : x.course), flows: null } : x;
function plus(a, b) {
	a.bytes += b.bytes;
	a.packets += b.packets;
	a.flows = a.flows === null || b.flows === null ? null : a.flows + b.flows;
	return a;
}
const none = () => ({ bytes: 0, packets: 0, flows: 0 });

// Kinds of flows: who, to whom, how.  The largest, sum.groups, have a course in
// time; so have of the small ones, sum.small, as many as there was room for.
const isOthers = (g) => g.src < 0 && g.dst < 0;
function sumOf(courses) {
	const all = new Map();
	for (const c of courses)
		for (let i = 0; i < c.length; i += 4) {
			const at = all.get(c[i]) || [c[i], 0, 0, 0];
			for (let k = 1; k < 4; k++) at[k] += c[i + k];
			all.set(c[i], at);
		}
	return [...all.values()].sort((a, b) => a[0] - b[0]).flat();
}
// What a link carried: of most nobody asks, so it is added up when somebody does.
const courseOf = (l) => l.course || (l.course = sumOf(l.sides.map((side) => side.course)));
// What is written short, netflowize-summary(5) says how, made long.
function unpackRow(r) {
	const hops = [];
	for (let i = 0, { packets, bytes } = r; i < r.hops.length; i += 4)
		hops.push([r.hops[i], packets -= r.hops[i + 2], bytes -= r.hops[i + 1], r.hops[i + 3] / 1000]);
	return { ...r, hops };
}
function unpackPaths(ways) {
	const paths = [];
	for (let i = 0, end, last = []; i < ways.length; i = end) {
		for (end = i + 1; ways[end] >= 0;) end++;
		paths.push(last = [...last.slice(0, -1 - ways[i]), ...ways.slice(i + 1, end)]);
	}
	return paths;
}
// Each is an object once, in the order they come in: there may be tens of
// thousands.
function unpackKinds(list, points) {
	const small = [];
	let src = 0, dst = 0, proto = 0, path = 0, at = 0;
	for (let i = 0; i + 6 < list.length; i += 7) {
		src += list[i]; dst += list[i + 1]; proto += list[i + 2]; path += list[i + 3];
		const flows = list[i + 4], packets = list[i + 5], bytes = list[i + 6], n = points ? points[at++] : 0;
		let course = null;
		if (n) {
			const rest = { packets, bytes };
			course = [];
			for (let k = 1; k < n && at < points.length; k++, at += 3) {
				course.push(points[at], points[at + 1], points[at + 2], 0);
				rest.bytes -= points[at + 1];
				rest.packets -= points[at + 2];
			}
			course.push(points[at++], rest.bytes, rest.packets, 0);
		}
		small.push({ src, dst, proto, path, flows, packets, bytes, course });
	}
	return small;
}
function unpack(of) {
	const groups = of.groups.map(([src, dst, proto, path, flows, packets, bytes, course]) => ({ src, dst, proto, path, flows, packets, bytes, course }));
	const small = unpackKinds(of.kinds || [], of.kind_courses);
	const day = (ms) => Math.floor(ms / 864e5), days = day(of.begin_ms + of.buckets * of.bucket_ms) > day(of.begin_ms);
	return { ...of, days, ends: [...of.ends], links: of.links.map((l) => ({ ...l })), rows: (of.rows || []).map(unpackRow),
		steps: (of.steps || []).map(([from, to, flows, sent, arrived, course]) => ({ from, to, flows, sent, arrived, course })),
		groups, paths: unpackPaths(of.ways), small, places: groups.concat(small), coarse: small.some((kind) => !kind.course) };
}
// What the others are beyond those small ones: by protocol.
function restOf(groups, small) {
	const rest = new Map();
	const add = (g, sign, course) => {
		if (!rest.has(g.proto)) rest.set(g.proto, { src: -1, dst: -1, proto: g.proto, path: -1, ...none(), course: [] });
		const r = rest.get(g.proto);
		r.flows += sign * g.flows;
		r.packets += sign * g.packets;
		r.bytes += sign * g.bytes;
		for (let i = 0; i < course.length; i += 4) r.course.push(course[i], sign * course[i + 1], sign * course[i + 2], 0);
	};
	for (const g of groups) if (isOthers(g)) add(g, 1, g.course);
	for (const g of small) add(g, -1, g.course || []);
	return [...rest.values()].filter((g) => g.flows > 0);
}
sum = unpack(page.summary);
// Where kinds are read from: what a server told of just what is chosen, or the page's own.
const told = { question: "", answer: null, kinds: null };
function question() {
	const words = new URLSearchParams();
	if (chosen.range && sum.coarse) {
		words.set("from", timeFull(pieceAt(range()[0])));
		words.set("to", timeFull(pieceAt(range()[1] + 1)));
		words.set("pieces", pieces());
	} else if (chosen.port !== null && !sum.ports.some((p) => p.port === chosen.port && p.parts)) words.set("port", chosen.port);
	return page.live ? words.toString() : "";
}
const source = () => told.kinds && told.question === question() ? told.kinds : sum;
// An answer has its own numbers for ends and paths, and its pieces begin where it does.
function take(answer) {
	const kinds = unpack(answer), ends = new Map(sum.ends.map((e, i) => [String(e), i])), paths = sum.paths.length, from = chosen.range ? chosen.range[0] : 0;
	const endAt = (i) => {
		const e = kinds.ends[i];
		if (i >= 0 && !ends.has(String(e))) ends.set(String(e), sum.ends.push(e) - 1);
		return i < 0 ? i : ends.get(String(e));
	};
	const here = (g) => ({ ...g, src: endAt(g.src), dst: endAt(g.dst), path: g.path < 0 ? -1 : g.path + paths, course: g.course && g.course.map((v, i) => i % 4 ? v : v + from) });
	kinds.groups = kinds.groups.map(here);
	kinds.small = kinds.small.map(here);
	sum.paths.push(...kinds.paths);
	told.kinds = kinds;
	ofPaths.of = null;
}
// For a part of the time, those without a course are among the others.
const everyOf = { of: null, whole: null, part: null };
function every(part) {
	const from = source();
	if (everyOf.of !== from) Object.assign(everyOf, { of: from, whole: null, part: null });
	if (!everyOf[part]) {
		const small = part === "whole" ? from.small : from.small.filter((g) => g.course);
		everyOf[part] = from.groups.filter((g) => !isOthers(g)).concat(small, restOf(from.groups, small));
	}
	return everyOf[part];
}
function kindsOfPort(port) {
	const kinds = [];
	for (let i = 0, at = 0; i < port.parts.length; i += 4) {
		at += port.parts[i];
		kinds.push({ ...sum.places[at], flows: port.parts[i + 1], packets: port.parts[i + 2], bytes: port.parts[i + 3], course: null });
	}
	return kinds;
}
function kinds() {
	const port = chosen.port !== null && source() === sum && sum.ports.find((p) => p.port === chosen.port);
	return port ? kindsOfPort({ parts: [], ...port }) : every(chosen.range ? "part" : "whole");
}
// Are there some that a part of the time does not tell apart?
const isCoarse = () => chosen.range && source().coarse;
// Are there more than are told apart at all?
const isCut = () => !chosen.range && chosen.port === null && kinds().some(isOthers);
const ofPaths = { of: null, link: null, has: [] };
function onLink(path) {
	if (ofPaths.of !== sum || ofPaths.link !== chosen.link)
		Object.assign(ofPaths, { of: sum, link: chosen.link, has: sum.paths.map((p) => p.includes(chosen.link)) });
	return ofPaths.has[path];
}

function wanted(g) {
	if (chosen.proto !== null && g.proto !== chosen.proto) return false;
	if (chosen.end !== null && g.src !== chosen.end && g.dst !== chosen.end) return false;
	if (chosen.pair && (g.src !== chosen.pair[0] || g.dst !== chosen.pair[1])) return false;
	if (chosen.link !== null && !onLink(g.path)) return false;
	return true;
}
const isNarrowed = () => chosen.proto !== null || chosen.end !== null || chosen.pair || chosen.link !== null;
const isFiltered = () => isNarrowed() || chosen.port !== null;
// Keys are numbers.
const pairKey = (g) => (g.src + 1) * (sum.ends.length + 1) + g.dst + 1;
function groupsBy(key, of = kinds()) {
	const at = new Map(), all = [], some = isNarrowed();
	for (const g of of) {
		if (some && !wanted(g)) continue;
		const k = key(g), sums = sumsOf(g), e = at.get(k);
		if (!sums.bytes && !sums.packets) continue;
		if (e) {
			plus(e, sums);
			(e.more = e.more || []).push(g);
		} else { // written out: there may be tens of thousands
			const first = { key: k, flows: sums.flows, packets: sums.packets, bytes: sums.bytes, of: g, more: null };
			at.set(k, first);
			all.push(first);
		}
	}
	return all;
}
const byBytes = (a, b) => b.bytes - a.bytes;
// The first so many of what sort() would give: most panels want a dozen of
// tens of thousands.
function largest(all, n) {
	const best = [];
	for (const e of all) {
		if (best.length === n && e.bytes <= best[n - 1].bytes) continue;
		let i = best.length;
		while (i > 0 && best[i - 1].bytes < e.bytes) i--;
		best.splice(i, 0, e);
		if (best.length > n) best.pop();
	}
	return best;
}
const groupsIn = (e) => [e.of, ...(e.more || [])];
// Several panels want these; there may be many.
let pairsNow = null;
const pairs = () => pairsNow || (pairsNow = groupsBy(pairKey));
function totals() {
	const t = none();
	for (const g of kinds()) if (wanted(g)) plus(t, sumsOf(g));
	return t;
}

// What is chosen, as a filter of the command line.
function endFilter(e, dir) {
	return (dir ? dir + " " : "") + (Array.isArray(sum.ends[e]) ? "host " : "node ") + endName(e);
}
function filterText() {
	const parts = [];
	if (sum.filter) parts.push(isFiltered() ? "(" + sum.filter + ")" : sum.filter);
	if (chosen.link !== null) parts.push("link " + sum.links[chosen.link].name);
	if (chosen.end !== null) parts.push(endFilter(chosen.end));
	if (chosen.pair && chosen.pair[0] >= 0) parts.push(endFilter(chosen.pair[0], "src"));
	if (chosen.pair && chosen.pair[1] >= 0) parts.push(endFilter(chosen.pair[1], "dst"));
	if (chosen.proto !== null) parts.push("proto " + chosen.proto);
	if (chosen.port !== null) parts.push("dst port " + chosen.port);
	return parts.join(" and ");
}
const quote = (t) => /^[\w\/.:@%+=,-]+$/.test(t) ? t : "'" + t.replace(/'/g, "'\\''") + "'";
function commandText(more) {
	const words = [page.command];
	const f = filterText();
	if (f) words.push(quote(f));
	if (chosen.range) words.push("--from", timeFull(pieceAt(range()[0])), "--to", timeFull(pieceAt(range()[1] + 1)));
	else if (page.times) words.push(page.times);
	if (chosen.range && /--by/.test(more)) words.push("--within");
	if (more) words.push(more);
	return words.join(" ");
}
function say(text) {
	const t = h("div", { class: "toast", role: "status" }, text);
	document.body.append(t);
	setTimeout(() => t.remove(), 2200);
}
async function copy(text) {
	try {
		await navigator.clipboard.writeText(text);
	} catch (e) {
		const box = h("textarea", {}, text);
		document.body.append(box);
		box.select();
		document.execCommand("copy");
		box.remove();
	}
	say("Copied: " + shorten(text, 90));
}
function save(name, type, text) {
	const a = h("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
	document.body.append(a);
	a.click();
	setTimeout(() => { URL.revokeObjectURL(a.href); a.remove(); }, 1000);
}

// The node between two links of a path.
function between(a, b) {
	const other = new Set(sum.links[b].members);
	return sum.links[a].members.find((m) => m && other.has(m)) || "?";
}
// Steps from link to link; in a part of the time, those that lose most.
function stepsNow() {
	const [lo, hi] = range(), within = (x, k) => x.course.reduce((t, v, i) => t + (i % 3 === k && x.course[i - k] >= lo && x.course[i - k] <= hi ? v : 0), 0);
	return chosen.range ? sum.steps.filter((x) => x.course).map((x) => ({ ...x, sent: within(x, 1), arrived: within(x, 2) })) : sum.steps;
}
// Those on which more is lost than goes by itself.
const lossySteps = () => stepsNow().filter((x) => x.sent - x.arrived > .005 * x.sent && x.sent - x.arrived >= 10);

// When nobody heard from a probe, in pieces of time: {node, from, to}.
function silences() {
	const open = new Map(), all = [];
	const at = (ms) => (ms - sum.begin_ms) / sum.bucket_ms;
	for (const e of sum.events || []) {
		if (e.kind !== "probe") continue;
		const who = e.node || e.text.replace(/ (is|was) .*/, "");
		if (/ (is silent|was aborted)$/.test(e.text)) { if (!open.has(who)) open.set(who, at(e.at_ms)); }
		else if (open.has(who)) { all.push({ node: who, from: open.get(who), to: at(e.at_ms) }); open.delete(who); }
	}
	for (const [node, from] of open) all.push({ node, from, to: sum.buckets });
	return all.filter((x) => x.to > 0 && x.from < sum.buckets).map((x) => ({ ...x, from: Math.max(0, x.from), to: Math.min(sum.buckets, x.to) }));
}
// The nodes that watch a link.
function watchersOf(link) {
	return sum.status.probes.filter((p) => p.taps.some((t) => t.link === sum.links[link].name)).map((p) => p.node);
}

// Redraws every panel; what is chosen may be gone after new data came.
let ask = () => {}; // a live page's
function draw() {
	pairsNow = null;
	for (const p of panels) p();
	ask();
}
// Of a port no course is known by hosts: it goes with all of the time.
function choose(change) {
	if (change.range) chosen.port = null;
	if (change.port !== undefined && change.port !== null) chosen.range = null;
	Object.assign(chosen, change);
	draw();
}
const put = (id, ...kids) => byId(id).replaceChildren(...kids.flat(9).filter((k) => k));
const bar = (share, cls) => s("svg", { class: "meter", viewBox: "0 0 100 9", preserveAspectRatio: "none", "aria-hidden": "true" },
	s("rect", { x: 0, y: 0, width: Math.max(share > 0 ? 0.8 : 0, 100 * share).toFixed(2), height: 9, rx: 1.5, class: cls || "f0" }));
function showTip(ev, ...kids) {
	let t = byId("tip");
	if (!t) document.body.append(t = h("div", { class: "tip", id: "tip", role: "tooltip" }));
	t.replaceChildren(...kids.flat(9).filter((k) => k).map((k) => k instanceof Node ? k : document.createTextNode(literal(String(k)))));
	const w = t.offsetWidth, tall = t.offsetHeight;
	t.style.left = Math.max(4, Math.min(ev.clientX + 14, innerWidth - w - 8)) + "px";
	t.style.top = Math.max(4, ev.clientY + 18 + tall > innerHeight ? ev.clientY - tall - 10 : ev.clientY + 16) + "px";
}
const hideTip = () => { const t = byId("tip"); if (t) t.remove(); };
