#!/usr/bin/env node
"use strict";
// shoot.js [--dark] [--run JS] [--only SELECTOR | --top] URL OUT.png: the whole page 1280 wide, or
// one element of it, or its first 1090 lines; after JS ran in it.
const fs = require("fs");
const { parseArgs } = require("util");
const { Browser } = require("./devtools.js");
const WIDTH = 1280, HEIGHT = 1090;
const settled = () => new Promise((yes) => setTimeout(yes, 300));

async function area(tab, { only, top }) {
	if (only)
		return tab.run(`(() => { const r = document.querySelector(${JSON.stringify(only)}).getBoundingClientRect();
			return { x: r.left + scrollX, y: r.top + scrollY, width: r.width, height: r.height, scale: 1 }; })()`);
	return { x: 0, y: 0, width: WIDTH, height: top ? HEIGHT : await tab.run("document.documentElement.scrollHeight"), scale: 1 };
}
(async () => {
	const { values, positionals: [url, out] } = parseArgs({ allowPositionals: true, options: {
		dark: { type: "boolean" }, run: { type: "string" }, only: { type: "string" }, top: { type: "boolean" } } });
	const browser = new Browser(process.env.CHROMIUM || "chromium");
	const tab = await browser.open();
	await tab.size(WIDTH, HEIGHT, false);
	await tab.dark(Boolean(values.dark));
	await tab.go(url);
	await settled();
	if (values.run) { await tab.run(values.run); await settled(); }
	const { data } = await tab.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: true, clip: await area(tab, values) });
	fs.writeFileSync(out, Buffer.from(data, "base64"));
	await browser.close();
	for (const p of tab.problems) console.error(p);
	process.exitCode = tab.problems.length ? 1 : 0;
})().catch((e) => { console.error(e); process.exit(1); });
