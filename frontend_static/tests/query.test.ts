import { expect, test } from "vitest";
import { nextLook, POLL_MS } from "@/api/query";

const BEGAN = Date.parse("2026-11-25T12:00:00Z");

function away(minutes: number): number {
  const errorUpdatedAt = BEGAN + minutes * 60_000;
  return nextLook({
    state: { status: "error", dataUpdatedAt: BEGAN, errorUpdatedAt, errorUpdateCount: 9 },
  });
}

test("what answers is looked at every half a minute", () => {
  const state = {
    status: "success",
    dataUpdatedAt: BEGAN,
    errorUpdatedAt: 0,
    errorUpdateCount: 0,
  } as const;
  expect(nextLook({ state })).toBe(POLL_MS);
});

test("what is away is asked ever less often, and at least every five minutes", () => {
  expect([0.2, 1, 2, 4, 60].map(away)).toEqual([POLL_MS, 60_000, 120_000, 240_000, 300_000]);
});

test("what never answered is asked ever less often, too", () => {
  const after = (errorUpdateCount: number) =>
    nextLook({
      state: { status: "error", dataUpdatedAt: 0, errorUpdatedAt: BEGAN, errorUpdateCount },
    });

  expect([1, 2, 4, 99].map(after)).toEqual([POLL_MS, 60_000, 120_000, 300_000]);
});
