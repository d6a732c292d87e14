import { describe, expect, test } from "vitest";
import type { Schemas } from "@/api/client";
import { binOf } from "@/feature/tutor/prediction-card";
import { summed } from "@/feature/tutor/feedback";
import { stripDays, worstWeekday } from "@/feature/tutor/strip";

const NOW = new Date("2026-11-20T12:00:00"); // a Friday
type Session = Schemas["SessionListItem"];

function movedFrom(original_time: string, initiator: "tutor" | "student" = "tutor"): Session {
  return {
    session_id: original_time,
    student: "k7qm2x3a",
    subject: null,
    session_type: null,
    session_number: null,
    status: "rescheduled",
    scheduled_time: original_time,
    completed_time: null,
    duration_minutes: null,
    outcomes: [`${initiator}_reschedule`],
    reschedules: [
      {
        initiator,
        original_time,
        new_time: "2026-12-01T10:00:00",
        requested_at: null,
        notice_hours: null,
        reason: null,
      },
    ],
    rating: null,
    late_minutes: null,
    learning_objectives_met: null,
    technical_issues: null,
    feedback: [],
  };
}

describe("what students say", () => {
  const said = (submitted_at: string, told: Partial<Schemas["SessionFeedback"]>): Session => ({
    ...movedFrom(submitted_at),
    feedback: [
      {
        submitted_at,
        overall_rating: 4,
        ratings: {},
        would_recommend: null,
        improvement_areas: [],
        free_text: null,
        ...told,
      },
    ],
  });

  test("is nothing where nobody said anything", () => {
    expect(summed([movedFrom("2026-11-20T10:00:00")])).toEqual({
      n: 0,
      categories: [],
      areas: [],
      wouldNot: 0,
      answered: 0,
      comments: [],
    });
  });

  test("begins with the lowest stars and the area most often named", () => {
    const found = summed([
      said("2026-11-18T10:00:00", { ratings: { patience: 5, communication: 2 } }),
      said("2026-11-19T10:00:00", { ratings: { patience: 4 }, improvement_areas: ["pace"] }),
      said("2026-11-20T10:00:00", { improvement_areas: ["pace", "audio"] }),
    ]);

    expect(found.categories).toEqual([
      { name: "communication", mean: 2, n: 1 },
      { name: "patience", mean: 4.5, n: 2 },
    ]);
    expect(found.areas).toEqual([
      { name: "pace", n: 2 },
      { name: "audio", n: 1 },
    ]);
  });

  test("counts those who would not come back among those who answered", () => {
    const found = summed([
      said("2026-11-18T10:00:00", { would_recommend: false, free_text: "Never on time." }),
      said("2026-11-19T10:00:00", { would_recommend: true, free_text: "Great!" }),
      said("2026-11-20T10:00:00", {}),
    ]);

    expect([found.wouldNot, found.answered, found.n]).toEqual([1, 2, 3]);
    expect(found.comments.map((one) => one.free_text)).toEqual(["Great!", "Never on time."]);
  });
});

describe("the calendar strip", () => {
  test("begins on a Monday and ends in the present week", () => {
    const days = stripDays([], NOW);

    expect(days).toHaveLength(91);
    expect(days[0]?.at.getDay()).toBe(1);
    expect(days[88]?.at.toDateString()).toBe(NOW.toDateString());
  });

  test("makes it plain that a tutor always moves Fridays", () => {
    const fridays = ["2026-11-06T10:00:00", "2026-11-13T10:00:00", "2026-11-20T10:00:00"];

    expect(
      worstWeekday(
        stripDays(
          fridays.map((at) => movedFrom(at)),
          NOW,
        ),
      ),
    ).toBe("3 of 3 moved or missed on a Fri");
  });

  test("says nothing of a weekday for two moves, or for moves all over the week", () => {
    const all = [
      "2026-11-02",
      "2026-11-03",
      "2026-11-04",
      "2026-11-05",
      "2026-11-06",
      "2026-11-07",
    ];

    expect(
      worstWeekday(
        stripDays([movedFrom("2026-11-06T10:00:00"), movedFrom("2026-11-13T10:00:00")], NOW),
      ),
    ).toBeNull();
    expect(
      worstWeekday(
        stripDays(
          all.map((day) => movedFrom(`${day}T10:00:00`)),
          NOW,
        ),
      ),
    ).toBeNull();
  });

  test("does not show days without sessions where it knows of none", () => {
    const taught = { ...movedFrom("2026-11-20T10:00:00"), scheduled_time: "2026-11-18T10:00:00Z" };

    const days = stripDays([taught], NOW, true);

    expect(days.filter((day) => day.known)[0]?.at.toDateString()).toBe("Thu Nov 19 2026");
  });

  test("does not count what the student moved", () => {
    const days = stripDays([movedFrom("2026-11-20T10:00:00", "student")], NOW);

    expect(days.every((day) => day.moved === 0)).toBe(true);
  });
});

describe("a chance beside what came of tutors like this one", () => {
  const bin = (mean_predicted: number) => ({
    rows: 100,
    mean_predicted,
    observed: 0.1,
    low: 0.05,
    high: 0.2,
  });
  const inForce = {
    evaluations: [{ horizon_days: 30, measures: {}, reliability: [bin(0.05), bin(0.3)] }],
  } as unknown as Schemas["ModelInForce"];

  test("finds those who were given about the same", () => {
    expect(binOf(inForce, 30, 0.25)?.mean_predicted).toBe(0.3);
  });

  test("tells of the highest group beside what is higher still", () => {
    expect(binOf(inForce, 30, 0.6)?.mean_predicted).toBe(0.3);
  });

  test.each([
    ["no model", null, 30, 0.25],
    ["a horizon that was not tested", inForce, 90, 0.25],
    ["a chance between those that were given", inForce, 30, 0.15],
  ])("shows nothing for %s", (_, model, days, value) => {
    expect(binOf(model, days, value)).toBeNull();
  });
});
