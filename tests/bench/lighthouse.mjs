// Lighthouse on a page that a browser has open, where somebody has signed in before.
// node lighthouse.mjs PORT URL desktop|mobile: one line of JSON, scores and what is not perfect.
import lighthouse, { desktopConfig } from "lighthouse";
import { throttling } from "lighthouse/core/config/constants.js";
import { pageFunctions } from "lighthouse/core/lib/page-functions.js";
import { connect } from "puppeteer-core";

// A phone is four times slower than a desk of this index, the middle of what Lighthouse calls
// "high-end"; on a slower machine less has to be added (lighthouse/docs/throttling.md).
const DESK = 1750;

const [port, url, form] = process.argv.slice(2);
const browser = await connect({ browserURL: `http://127.0.0.1:${port}`, defaultViewport: null });
const pages = await browser.pages();
const page = pages.find((one) => one.url().startsWith(new URL(url).origin));
const machine = await page.evaluate(pageFunctions.computeBenchmarkIndex);
const slower = Math.min(4, Math.max(1, (4 * machine) / DESK));
const flags = { disableStorageReset: true, onlyCategories: ["performance", "accessibility"] };
const phone = { ...throttling.mobileSlow4G, cpuSlowdownMultiplier: slower };
const { lhr } =
  form === "desktop"
    ? await lighthouse(url, flags, desktopConfig, page)
    : await lighthouse(url, { ...flags, throttling: phone }, undefined, page);
const weighed = Object.values(lhr.categories).flatMap((one) => one.auditRefs);
const short = weighed.filter(({ id, weight }) => weight > 0 && lhr.audits[id].score < 1);
console.log(
  JSON.stringify({
    performance: 100 * lhr.categories.performance.score,
    accessibility: 100 * lhr.categories.accessibility.score,
    machine,
    slower: lhr.configSettings.throttling.cpuSlowdownMultiplier,
    short: Object.fromEntries(short.map(({ id }) => [id, lhr.audits[id].displayValue ?? ""])),
  }),
);
await browser.disconnect();
