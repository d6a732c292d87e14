// Lighthouse on a page that a browser has open, where somebody has signed in before.
// node lighthouse.mjs PORT URL desktop|mobile: one line of JSON, scores and what is not perfect.
import lighthouse, { desktopConfig } from "lighthouse";
import { connect } from "puppeteer-core";

const [port, url, form] = process.argv.slice(2);
const browser = await connect({ browserURL: `http://127.0.0.1:${port}`, defaultViewport: null });
const pages = await browser.pages();
const page = pages.find((one) => one.url().startsWith(new URL(url).origin));
const flags = { disableStorageReset: true, onlyCategories: ["performance", "accessibility"] };
const { lhr } = await lighthouse(url, flags, form === "desktop" ? desktopConfig : undefined, page);
const weighed = Object.values(lhr.categories).flatMap((one) => one.auditRefs);
const short = weighed.filter(({ id, weight }) => weight > 0 && lhr.audits[id].score < 1);
console.log(
  JSON.stringify({
    performance: 100 * lhr.categories.performance.score,
    accessibility: 100 * lhr.categories.accessibility.score,
    machine: lhr.environment.benchmarkIndex,
    short: Object.fromEntries(short.map(({ id }) => [id, lhr.audits[id].displayValue ?? ""])),
  }),
);
await browser.disconnect();
