import { expect, test } from "vitest";
import { dialText, meant, typed } from "@/feature/settings/dial";

test("a share is read and written as per cent", () => {
  expect(dialText({ share: true }, 0.07)).toBe("7\u00a0%");
  expect(typed({ share: true }, 0.29)).toBe(29);
  expect(meant({ share: true }, 29)).toBe(0.29);
});

test("whatever share is shown means itself when it is written back", () => {
  for (let share = 0; share <= 1; share += 0.005)
    expect(meant({ share: true }, typed({ share: true }, share))).toBeCloseTo(share, 11);
});

test("stars and scores are written as they are", () => {
  expect(dialText({ share: false }, 3.5)).toBe("3.5");
  expect(meant({ share: false }, 60)).toBe(60);
  expect(meant({ share: true }, Number.NaN)).toBeNaN();
});
