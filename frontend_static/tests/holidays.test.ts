import { expect, test } from "vitest";
import { daysOff, spelled } from "@/feature/settings/holidays";

test("days off are read with spaces, commas or lines between them, each once and in order", () => {
  expect(daysOff(" 2026-12-25, 2026-12-24\n2026-12-25 ")).toEqual(["2026-12-24", "2026-12-25"]);
});

test("no days off are none", () => {
  expect(daysOff("  ")).toEqual([]);
  expect(spelled([])).toBe("");
});
