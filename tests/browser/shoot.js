#!/usr/bin/env node
"use strict";
// shoot.js URL OUT.png [WIDTH HEIGHT [dark] [eval JS]]: one screenshot of the whole page.
const { Browser } = require("./devtools.js");
(async () => {
	const [url, out, width = "1280", height = "800", theme = "light", script = ""] = process.argv.slice(2);
	const browser = new Browser(process.env.CHROMIUM || "chromium");
	const tab = await browser.open();
	await tab.size(Number(width), Number(height), Number(width) < 600);
	await tab.dark(theme === "dark");
	await tab.go(url);
	await new Promise((yes) => setTimeout(yes, 300));
	if (script) { await tab.run(script); await new Promise((yes) => setTimeout(yes, 300)); }
	const size = await tab.run("[document.documentElement.scrollWidth, document.documentElement.scrollHeight, performance.getEntriesByName('drawn')[0] && performance.getEntriesByName('drawn')[0].startTime]");
	await tab.size(Number(width), Math.max(Number(height), size[1]), Number(width) < 600);
	await tab.picture(out, false);
	console.log(JSON.stringify({ size, problems: tab.problems, requests: tab.requests.length }));
	await browser.close();
})().catch((e) => { console.error(e); process.exit(1); });
