"use strict";
// Every number a page shows, as its reader sees it, beside what the command
// says of the same store and the same time.
//
// walk({ tab, query, ledger, check }): query(...words) and ledger() are answers
// of nfz-query as JSON.

// Rows of a table as arrays of texts.
const table = (tab, selector) => tab.run(`[...document.querySelectorAll(${JSON.stringify(selector + " tbody tr")})].map((r) => [...r.cells].map((c) => c.innerText.trim()))`);
const number = (text) => /^[\d,]+$/.test(text) ? Number(text.replace(/,/g, "")) : text;
const sorted = (rows) => JSON.stringify([...rows].sort((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
const add = (all, key) => all.reduce((a, x) => a === null || x[key] === null ? null : a + x[key], 0);

class Walk {
	constructor({ tab, query, ledger, check, name }) {
		Object.assign(this, { tab, query, ledger, name });
		this.is = (what, shown, said) => {
			const [a, b] = [JSON.stringify(shown), JSON.stringify(said)];
			check(`${name}: ${what}`, a === b, a === b ? undefined : { shown, said });
		};
		this.same = (what, shown, said) => this.is(what, JSON.parse(sorted(shown)), JSON.parse(sorted(said)));
	}
	// The page's own words for figures that are not printed in full.
	words(call) { return this.tab.run(call); }
	async figures(list, f) { return this.tab.run(`(${JSON.stringify(list)}).map((v) => (${f})(v))`); }

	async tiles(times) {
		const t = await this.tab.run("[...document.querySelectorAll('#tiles li')].map((l) => l.querySelector('b').innerText)");
		const all = this.query("--by", "proto", ...times).groups, l = this.ledger();
		const spent = await this.tab.run("sum.bucket_ms * pieces()");
		const flows = times.length ? t[1] : add(all, "flows").toLocaleString("en-US");
		const lost = Object.values(l.ledger.lost).reduce((a, b) => a === null || b === null ? null : a + b, 0);
		this.is("tiles", t, [`${l.coverage.covered} / ${l.coverage.links}`, flows, add(all, "packets").toLocaleString("en-US"),
			...await this.figures([add(all, "bytes")], "bytesText"), ...await this.figures([add(all, "bytes") * 8000 / spent], "bits"),
			lost === null ? "unknown" : lost.toLocaleString("en-US")]);
	}
	async protocols(times) {
		const all = this.query("--by", "proto", ...times).groups.filter((g) => g.packets), total = add(all, "bytes");
		const said = await this.figures(all, `(g) => [protoName(g.proto), bytesText(g.bytes) + " · " + percent(g.bytes / ${total}), g.packets, g.flows]`);
		const shown = (await table(this.tab, "#protocols")).map(([, name, bytes, packets, flows]) => [name, bytes, number(packets), times.length ? null : number(flows)]);
		this.same("protocols", shown, said.slice(0, 8).map((r) => times.length ? [r[0], r[1], r[2], null] : r));
	}
	// Of each kind, in the order of bytes; those with as many change places.
	async talkers(times) {
		const spent = await this.tab.run("sum.bucket_ms * pieces()"), unit = await this.tab.run("sum.bucket_ms");
		for (const [kind, keys] of [["pair", "src_node,dst_node"], ["src", "src_node"], ["dst", "dst_node"], ["port", "dport"]]) {
			await this.tab.run(`(() => { const s = document.getElementById("talk-by"); s.value = "${kind}"; s.dispatchEvent(new Event("change")); })()`);
			const all = this.query("--by", keys, ...times).groups.filter((g) => g.packets), total = add(all, "bytes"), most = new Map();
			const name = (g) => kind === "pair" ? `${g.src_node} → ${g.dst_node}` : kind === "port" ? "port " + g.dport : g[keys];
			for (const g of this.query("--by", keys + ",time:" + unit + "ms", ...times).groups) most.set(name(g), Math.max(most.get(name(g)) || 0, g.bytes));
			const said = await this.figures(all.map((g) => ({ ...g, name: name(g), most: most.get(name(g)) })), `(g) => [g.name, bytesText(g.bytes), percent(g.bytes / ${total}), bits(g.bytes * 8000 / ${spent}), bits(g.most * 8000 / ${unit})]`);
			const shown = await this.tab.run("[...document.querySelectorAll('#talkers tbody tr')].map((r) => [r.cells[0].title, ...[...r.cells].slice(1).map((c) => c.innerText)])");
			if (times.length && kind !== "port" && await this.tab.run("isCoarse()")) {
				this.is(`talkers, ${kind}: no more than is known`, shown.filter((r) => !r.slice(1).every((t) => /^[≥≤] /.test(t))), []);
				continue;
			}
			for (const r of shown.filter((x) => x[4].startsWith("≥ "))) (said.find((x) => x[0] === r[0]) || [])[4] = r[4];
			this.is(`talkers, ${kind}: how many`, shown.length, Math.min(12, all.length));
			this.same(`talkers, ${kind}`, shown, said.filter((s) => shown.some((r) => r[0] === s[0])));
			const least = Math.min(...all.filter((g) => shown.some((r) => r[0] === name(g))).map((g) => g.bytes));
			this.is(`talkers, ${kind}: the largest`, all.filter((g) => g.bytes > least && !shown.some((r) => r[0] === name(g))), []);
		}
	}
	// Each cell, as it is told where the pointer is.
	async matrix(times) {
		const all = this.query("--by", "src_node,dst_node", ...times).groups.filter((g) => g.packets);
		if (times.length && await this.tab.run("isCoarse()")) return;
		const { n, drawn, tips } = await this.tab.run(`(() => {
			const c = document.querySelector("#matrix canvas"), r = c.getBoundingClientRect(), n = c.width, alpha = c.getContext("2d").getImageData(0, 0, n, n).data, tips = [];
			let drawn = 0;
			for (let i = 0; i < n * n; i++) {
				if (!alpha[4 * i + 3] || drawn++ >= 500) continue;
				c.dispatchEvent(new PointerEvent("pointermove", { clientX: r.left + (i % n + .5) * r.width / n, clientY: r.top + (Math.floor(i / n) + .5) * r.height / n }));
				tips.push(byId("tip").innerText);
			}
			hideTip();
			return { n, drawn, tips };
		})()`);
		const said = new Map((await this.figures(all, "(g) => [g.src_node + ' → ' + g.dst_node, bytesText(g.bytes) + ', ' + count(g.packets) + ' packets', ', ' + count(g.flows) + ' flows']")).map(([pair, sums, flows]) => [pair, sums + (times.length ? "" : flows)]));
		this.is("host x host: cells", drawn, all.length);
		this.is("host x host: rows", n, new Set(all.flatMap((g) => [g.src_node, g.dst_node])).size);
		this.is("host x host: what they say", tips.filter((t) => { const [pair, sums] = t.split("\n"); return said.get(pair) !== sums; }), []);
	}
	async flows() {
		for (let i = 0; i < 50 && await this.tab.run("(() => { const b = [...document.querySelectorAll('#flows button')].find((x) => x.innerText === 'Show more'); if (b) b.click(); return !!b; })()"); i++);
		const shown = (await table(this.tab, "#flows")).map((r) => r.slice(0, 9));
		const all = this.query("-n", "1000000").flows;
		const said = await this.figures(all, `(f) => { const ms = Date.parse(f.last.slice(0, 23) + "Z") - Date.parse(f.first.slice(0, 23) + "Z") + (Number(f.last.slice(23, -1)) - Number(f.first.slice(23, -1))) / 1000;
			const end = (node, addr, port) => shorten((node || addr) + (f.sport || f.dport ? ":" + port : ""), 32);
			return [f.first.slice(11, 19), spanText(ms), protoName(f.proto), end(f.src_node, f.src, f.sport), end(f.dst_node, f.dst, f.dport), count(f.packets), count(f.bytes), ms > 0 ? bits(f.bytes * 8000 / ms) : "–", f.path.join(" ") || "–"]; }`);
		const texts = new Map();
		for (const r of said) texts.set(JSON.stringify(r), (texts.get(JSON.stringify(r)) || 0) + 1);
		const strange = shown.filter((r) => { const n = texts.get(JSON.stringify(r)) || 0; texts.set(JSON.stringify(r), n - 1); return n < 1; });
		this.is("flows: how many", shown.length, Math.min(all.length, await this.tab.run("sum.rows.length")));
		this.is("flows", strange, []);
	}
	// The path of some: what each of its links saw.
	async paths() {
		const count = await this.tab.run("document.querySelectorAll('#flows tbody tr').length");
		for (let i = 0; i < count && i < 12; i++) {
			const r = await this.tab.run(`(() => { const t = document.querySelectorAll("#flows tbody tr")[${i}]; t.click(); const r = chosen.row; return r && { src: r.src, dst: r.dst, sport: r.sport, dport: r.dport, proto: r.proto, first: r.first_ms, last: r.last_ms }; })()`);
			if (!r) continue;
			const shown = (await this.tab.run("[...document.querySelectorAll('#path .hop')].map((h) => [...h.children].slice(0, 2).map((c) => c.innerText))")).map(([l, p]) => [l, number(p.replace(" packets", ""))]);
			const filter = `src host ${r.src} and dst host ${r.dst} and src port ${r.sport} and dst port ${r.dport} and proto ${r.proto}`;
			const seen = this.query(filter, "--observations").observations.filter((o) => Date.parse(o.first) >= r.first - 1000 && Date.parse(o.last) <= r.last + 1000);
			const once = shown.every(([l]) => seen.filter((o) => o.link === l).length === 1);
			if (once) this.is("a path", shown, shown.map(([l]) => [l, seen.find((o) => o.link === l).packets]));
			await this.tab.run("choose({ row: null })");
		}
	}
	async losses() {
		const said = this.query("--analysis", "hops", "-n", "1000000").hops.filter((x) => x.lost > 0);
		const shown = (await this.tab.run("[...document.querySelectorAll('#path tbody tr')].map((r) => [...r.cells].map((c) => c.innerText))")).map(([from, , to, sent, arrived, lost]) => [from, to, number(sent), number(arrived), number(lost)]);
		this.is("losses: the largest are shown", shown.length, Math.min(5, said.length));
		this.same("losses", shown, said.filter((x) => shown.some((r) => r[0] === x.from && r[1] === x.to)).map((x) => [x.from, x.to, x.sent, x.arrived, x.lost]));
	}
	// When: the worst piece of time of each.
	async whenLost() {
		const unit = await this.tab.run("sum.bucket_ms"), all = this.query("--analysis", "losses", "--bucket", unit + "ms", "-n", "1000000").losses;
		const shown = await this.tab.run("[...document.querySelectorAll('#path tbody tr')].map((r) => [r.cells[0].innerText, r.cells[2].innerText, r.cells[7].innerText.trim()])");
		const worst = (from, to) => all.filter((x) => x.from === from && x.to === to).reduce((a, b) => b.lost > a.lost ? b : a);
		this.is("losses: when most", shown, shown.map(([from, to]) => { const w = worst(from, to); return [from, to, `most at ${w.at.slice(11, 19)}: ${w.lost.toLocaleString("en-US")}`]; }));
	}
	// Each half of a line is as wide as what its sender sent when that was most.
	async widths() {
		const unit = await this.tab.run("sum.bucket_ms"), said = new Map();
		for (const r of this.query("--analysis", "utilisation", "--bucket", unit + "ms", "-n", "1000000").utilisation) said.set(r.link + " " + r.node, r.peak);
		const drawn = await this.tab.run(`[...document.querySelectorAll("#map [data-line]")].flatMap((g, i) => { const [[link, slot] = []] = page.lines[i] || [], l = sum.links[link];
			return !l || l.lan || page.lines[i].length > 1 ? [] : [...g.querySelectorAll(".h")].map((half, k) => [l.name + " " + l.members[k ? 1 - slot : slot], half.style.strokeWidth]); })`);
		const most = Math.max(...said.values()), log = (v) => Math.log10(v || 1);
		const wide = (v) => (1.6 + 5.9 * Math.min(1, Math.max(0, (log(v) - 3) / Math.max(1, log(most) - 3)))).toFixed(1);
		this.is("map: widths", drawn, drawn.map(([name]) => [name, wide(said.get(name))]).map(([name, w]) => [name, String(Number(w))]));
	}
	// Who watches a link, where coverage is shown.
	async planRows() {
		const link = await this.tab.run("byId('map-by').value = 'coverage', byId('map-by').dispatchEvent(new Event('change')), choose({ link: 0 }), sum.links[0].name");
		const shown = await this.tab.run("[...document.querySelectorAll('#plan tbody tr')].map((r) => [r.cells[0].innerText, r.cells[1].innerText.split(', ').map((t) => t.replace(/ .*/, '')), r.cells[2].innerText])");
		const said = this.ledger().probes.filter((p) => p.taps.some((t) => t.link === link)).map((p) => [p.node, [...new Set(p.taps.map((t) => t.link))], p.reason || "–"]);
		this.is("map: the plan's rows", shown, said);
		await this.tab.run("choose({ link: null }), byId('map-by').value = 'peak', byId('map-by').dispatchEvent(new Event('change'))");
	}
	async accounting() {
		const l = this.ledger().ledger, shown = new Map((await table(this.tab, "#accounting")).map((r) => [r[0], number(r[2])]));
		for (const [label, value] of [["frames on the wire", l.wire_frames], ["not IP", l.non_ip], ["ours, or counted elsewhere", l.excluded], ["IP frames metered", l.ip_frames],
			["not accounted for", l.unaccounted], ["packets in them", l.packets], ["packets in stored records", l.packets_stored], ["records sent", l.records_sent], ["records stored", l.records_stored]])
			this.is("accounting: " + label, shown.get(label), value === null ? "unknown" : value);
	}
	async probes() {
		const l = this.ledger();
		const said = await this.figures(l.probes, `(p) => [p.node, count(p.packets), count(Object.values(p.lost || {}).reduce((a, b) => a + b, 0)), !p.flows_max ? "–" : p.flows_room ? percent(p.flows_now / p.flows_room).replace(" %", "") + " / " + percent(p.flows_max / p.flows_room) : count(p.flows_now) + " (max " + count(p.flows_max) + ")"]`);
		this.is("probes", (await table(this.tab, "#probes")).map((r) => [r[0], r[2], r[3], r[4]]), said);
		const cost = await this.tab.run("[...document.querySelectorAll('#overhead b')].map((b) => b.innerText)");
		this.is("what measuring costs", [cost[0], cost[2], cost[4]], [...await this.figures([add(l.probes, "cpu_us") / 1e6], "(v) => si(v, 's')"), ...await this.figures([l.probes.some((p) => p.bytes_sent === null) ? null : add(l.probes, "bytes_sent"), l.collector.disk_bytes], "(v) => bytesText(v === null ? NaN : v)")]);
	}
	async events() {
		const shown = (await this.tab.run("[...document.querySelectorAll('#events li')].map((l) => l.innerText)")).map((t) => t.replace(/\s*from here$/, ""));
		const [from, to] = await this.tab.run("[sum.begin_ms, pieceAt(sum.buckets)]");
		this.is("events", shown, this.query("--events").events.filter((e) => Date.parse(e.at) >= Math.floor(from) && Date.parse(e.at) <= to).map((e) => e.at.slice(11, 19) + " " + e.text));
	}
	// Largest of each, and half of them up to a place (an octave has four).
	async sizes() {
		const all = this.query("-n", "1000000").flows, us = (f) => (Date.parse(f.last.slice(0, 19) + "Z") - Date.parse(f.first.slice(0, 19) + "Z")) * 1000 + Number(f.last.slice(20, -1)) - Number(f.first.slice(20, -1));
		const shown = (await table(this.tab, "#flowsizes")).map((r) => r[3]);
		const most = [(f) => f.packets, (f) => f.bytes, us].map((f) => all.reduce((a, x) => Math.max(a, f(x)), 0));
		this.is("flow sizes: the largest", shown, [...await this.figures([most[0]], "(v) => si(v, '')"), ...await this.figures([most[1]], "bytesText"), ...await this.figures([most[2] / 1000], "spanText")].map((t) => t.trim()));
	}
	// A record of before they were counted has none.
	async packetSizes() {
		const taps = this.ledger().probes.flatMap((p) => p.taps);
		if (taps.some((t) => !t.sizes)) return;
		const rows = this.query("--analysis", "packet-sizes", "-n", "1000000")["packet-sizes"];
		const shown = (await this.tab.run("[...document.querySelectorAll('#sizes rect.f0 title')].map((t) => t.textContent)")).slice(0, 7);
		const said = [64, 127, 255, 511, 1023, 1518, null].map((top) => add(rows.filter((r) => r.up_to === top), "packets"));
		this.is("packet sizes", shown, await this.figures(said, "(v) => count(v) + ' packets'"));
		this.is("packet sizes: all packets", said.reduce((a, b) => a + b, 0), add(taps, "packets"));
	}
	// The tables of those without scripts.
	async plain() {
		const rows = await this.tab.run("[...new DOMParser().parseFromString(document.querySelector('noscript').textContent, 'text/html').querySelectorAll('h3')].map((h) => [h.textContent, [...h.nextElementSibling.tBodies[0].rows].map((r) => [...r.cells].map((c) => c.textContent))])");
		const of = new Map(rows);
		this.same("tables: links", of.get("Links").map((r) => [r[0], number(r[2]), number(r[3]), number(r[4])]).filter((r) => r[1]), this.query("--by", "link").groups.filter((g) => g.link).map((g) => [g.link, g.flows, g.packets, g.bytes]));
		this.same("tables: protocols", of.get("Protocols").map((r) => r.slice(1).map(number)), this.query("--by", "proto").groups.map((g) => [g.flows, g.packets, g.bytes]));
	}
	async links() {
		const drawn = new Map(await this.tab.run("sum.links.map((l) => [l.name, [l.flows, l.packets, l.bytes, l.sides.reduce((a, s) => a + s.bytes, 0)]])"));
		for (const g of this.query("--by", "link").groups) if (g.link) this.is("link " + g.link, drawn.get(g.link), [g.flows, g.packets, g.bytes, g.bytes]);
	}
	async all() {
		await this.tiles([]);
		await this.protocols([]);
		await this.talkers([]);
		await this.matrix([]);
		await this.links();
		await this.losses();
		await this.whenLost();
		await this.widths();
		await this.planRows();
		await this.flows();
		await this.paths();
		await this.accounting();
		await this.probes();
		await this.events();
		await this.sizes();
		await this.packetSizes();
		await this.plain();
		// the middle third of the time, by the command that the page gives
		await this.tab.run("choose({ range: [Math.floor(sum.buckets / 3), Math.max(Math.floor(sum.buckets / 3), Math.floor(2 * sum.buckets / 3) - 1)] })");
		const command = await this.tab.run("commandText('--by proto')"), [, from, to] = / --from (\S+) --to (\S+) --within /.exec(command) || [];
		this.is("the command of a part of the time", !!to, true);
		const times = ["--from", from, "--to", to, "--within"];
		await this.tiles(times);
		await this.protocols(times);
		await this.talkers(times);
		await this.matrix(times);
		await this.tab.run("choose({ range: null })");
	}
}
module.exports = { walk: (what) => new Walk(what).all() };
