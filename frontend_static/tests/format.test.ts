import { describe, expect, test } from "vitest";
import { addingUp, chance, count, percent, signed } from "@/format/number";
import { relative, span, dayOf, shortDayOf } from "@/format/time";
import { words } from "@/format/word";

describe("numbers", () => {
  test.each([
    [[25, 20, 15, 15, 13.94, 4.42, 2.33, 0.53], 96.22],
    [[25, 25, 15, 10, 8.7, 7.8, 5.8, 4, 1, -2.3], 100],
    [[0.05, 0.05], 0.1],
    [[], 0],
  ])("parts %o add up to %d as they are shown", (parts, sum) => {
    const shown = addingUp(parts, sum);

    expect(shown.reduce((all, one) => all + Math.round(one * 10), 0)).toBe(Math.round(sum * 10));
    shown.forEach((one, place) => {
      expect(Math.abs(one - (parts[place] ?? 0))).toBeLessThan(0.1001);
    });
  });

  test.each([count, percent, chance])("show a dash where nothing is known", (shown) => {
    expect(shown(null)).toBe("–");
  });

  test.each([
    [0, "0\u00a0%"],
    [0.004, "0.4\u00a0%"],
    [0.0994, "9.9\u00a0%"],
    [0.0996, "10\u00a0%"],
    [0.155, "16\u00a0%"],
    [1, "100\u00a0%"],
    [-0.001, "−0.1\u00a0%"],
    [-0.5, "−50\u00a0%"],
  ])("a share of %d reads %s", (value, read) => {
    expect(percent(value)).toBe(read);
  });

  test.each([
    [0, "<\u00a01\u00a0%"],
    [0.011, "1\u00a0%"],
    [0.995, ">\u00a099\u00a0%"],
  ])("a chance of %d reads %s, for nobody can know", (value, read) => {
    expect(chance(value)).toBe(read);
  });

  test("changes have a sign, but for those too small to show", () => {
    expect([signed(3), signed(-3), signed(0.04, 1)]).toEqual(["+3", "−3", "±0.0"]);
  });
});

describe("times", () => {
  test.each([
    [59, "59 s"],
    [60, "1 min"],
    [3600, "1 h"],
    [47 * 3600, "47 h"],
    [48 * 3600, "2 d"],
  ])("%d seconds read %s", (seconds, read) => {
    expect(span(seconds)).toBe(read);
  });

  test("say how long ago, or in how long", () => {
    const now = Date.parse("2026-11-20T12:00:00Z");

    expect(relative("2026-11-20T11:00:00Z", now)).toBe("1 h ago");
    expect(relative("2026-11-20T14:00:00Z", now)).toBe("in 2 h");
  });
});

test("a code reads as words", () => {
  expect(words("high_reschedule_rate")).toBe("High reschedule rate");
});

test("a day of the calendar is the same day in every zone", () => {
  expect(dayOf("2026-11-25")).toBe("25 Nov 2026");
  expect(shortDayOf("2026-11-25T00:00:00Z")).toBe("25 Nov");
});
