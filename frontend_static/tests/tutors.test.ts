import { describe, expect, test } from "vitest";
import { csv } from "@/feature/tutors/csv";
import { occurring, type Row, shown } from "@/feature/tutors/rows";
import { readViews } from "@/feature/tutors/saved-views";
import { toggled, tutorsSearch } from "@/feature/tutors/search";

const RATE = { value: 0.1, n: 20, low: 0.03, high: 0.3, shrunk: 0.1, p_over: 0.2 };

function tutor(changes: Partial<Row>): Row {
  return {
    tutor_id: "t-1",
    name: "Ada Byron",
    subjects: ["Mathematics"],
    status: "active",
    tier: "Strong",
    tier_preview: "Strong",
    churn_score: 20,
    trend: [],
    risk_level: "low",
    override: null,
    reschedule_rate: RATE,
    no_show_rate: RATE,
    avg_rating: 4.5,
    sessions: 60,
    flags: [],
    confirmed_flags: [],
    probabilities: { "1d": 0.01, "7d": 0.02, "30d": 0.1, "90d": 0.2 },
    last_taught_at: null,
    as_of: "2026-11-20T10:00:00Z",
    updated_at: "2026-11-20T10:00:00Z",
    ...changes,
  };
}

const ids = (rows: readonly Row[]) => rows.map((row) => row.tutor_id);

describe("the list of tutors", () => {
  test("shows who is at highest risk first", () => {
    const rows = [
      tutor({ tutor_id: "t-1", churn_score: 20 }),
      tutor({ tutor_id: "t-2", churn_score: 90 }),
    ];

    expect(ids(shown(rows, {}))).toEqual(["t-2", "t-1"]);
  });

  test.each(["asc", "desc"] as const)("puts tutors without a rate last, %s", (order) => {
    const nobody = { ...RATE, value: null, n: 0 };
    const rows = [tutor({ tutor_id: "t-1", reschedule_rate: nobody }), tutor({ tutor_id: "t-2" })];

    expect(ids(shown(rows, { sort: "reschedule_rate", order }))).toEqual(["t-2", "t-1"]);
  });

  test.each([
    ["tier", { tier: "At Risk" }, { tier: "New" }],
    ["flags", { flags: ["a"], confirmed_flags: ["a"] }, { flags: ["a", "b"], confirmed_flags: [] }],
    ["avg_rating", { avg_rating: 4 }, { avg_rating: null }],
    ["subject", { subjects: ["Algebra"] }, { subjects: ["Zoology"] }],
    ["status", { status: "active" }, { status: "on_leave" }],
  ] as const)("is sorted by %s too", (sort, first, then) => {
    const rows = [
      tutor({ tutor_id: "t-1", ...(then as Partial<Row>) }),
      tutor({ tutor_id: "t-2", ...(first as Partial<Row>) }),
    ];

    expect(ids(shown(rows, { sort }))).toEqual(["t-2", "t-1"]);
  });

  test.each([
    [{}, ["t-1"]],
    [{ status: "all" }, ["t-1", "t-2"]],
    [{ status: "resigned" }, ["t-2"]],
  ] as const)("shows who has left to who asks for them: %o", (search, found) => {
    const rows = [tutor({ tutor_id: "t-1" }), tutor({ tutor_id: "t-2", status: "resigned" })];

    expect(ids(shown(rows, search))).toEqual(found);
  });

  test("keeps one order among tutors who are equal, however the rows came", () => {
    const rows = ["t-3", "t-1", "t-2"].map((tutor_id) => tutor({ tutor_id }));

    expect(ids(shown(rows, {}))).toEqual(["t-1", "t-2", "t-3"]);
  });

  test.each([
    ["any of several risks", { risk: "high,critical" }, ["t-2"]],
    ["a subject exactly", { subject: "Physics" }, ["t-2"]],
    ["a flag, sure or not", { flag: "gone_quiet" }, ["t-2"]],
    ["a flag only where it is sure", { flag: "gone_quiet", sure: true as const }, []],
    ["every word of a search, in name, id or subject", { q: "emmy phys" }, ["t-2"]],
    ["a tier", { tier: "Strong" }, ["t-1"]],
  ])("finds %s", (_, search, found) => {
    const rows = [
      tutor({}),
      tutor({
        tutor_id: "t-2",
        name: "Emmy Noether",
        subjects: ["Physics"],
        risk_level: "high",
        tier: "Developing",
        flags: ["gone_quiet"],
      }),
    ];

    expect(ids(shown(rows, search))).toEqual(found);
  });

  test("offers the subjects that are taught, once each", () => {
    const rows = [tutor({ subjects: ["Physics", "Art"] }), tutor({ subjects: ["Art"] })];

    expect(occurring(rows, (row) => row.subjects)).toEqual(["Art", "Physics"]);
  });
});

describe("an address", () => {
  test("is read for what the list can do, and nothing else", () => {
    const said = {
      risk: "high",
      sort: "shoe_size",
      order: "sideways",
      page: 7,
      sure: "true",
      q: "",
    };

    expect(tutorsSearch(said)).toEqual({ risk: "high", sure: true });
  });

  test("keeps only values that there are", () => {
    const said = { risk: "high,bogus", tier: "Foo", status: "all", flag: "of tomorrow" };

    expect(tutorsSearch(said)).toEqual({ risk: "high", status: "all", flag: "of tomorrow" });
  });

  test("may look for digits", () => {
    expect(tutorsSearch({ q: 123 })).toEqual({ q: "123" });
  });

  test("loses a filter when its last value is switched off", () => {
    expect(toggled("high", "high")).toBeUndefined();
    expect(toggled("high", "critical")).toBe("high,critical");
  });
});

describe("an export", () => {
  test.each(["=1+1", "+1", "-1", "@SUM(A1)", "\tx", '=HYPERLINK("http://x")'])(
    "makes no formula of a tutor called %j",
    (name) => {
      const [, line] = csv([tutor({ name })]).split("\r\n");

      expect(line).toContain(`"'${name.replaceAll('"', '""')}"`);
    },
  );

  test("makes no formula after what some spreadsheets take for the end of a cell", () => {
    expect(csv([tutor({ name: "Ann;=1+1" })])).toContain("Ann;'=1+1");
  });

  test("keeps a name with a comma and quotes in one cell", () => {
    expect(csv([tutor({ name: 'Byron, "Ada"' })])).toContain(',"Byron, ""Ada""",');
  });

  test("leaves what is not known empty", () => {
    const [head, line] = csv([tutor({ avg_rating: null })]).split("\r\n");

    const place = head?.split(",").indexOf("avg_rating_30d") ?? -1;
    expect(line?.split(",")[place]).toBe("");
  });
});

describe("saved views", () => {
  test.each(["not json", "{}", "[null, 3]", '[{"name": 7}]'])(
    "survive %j in the browser's store",
    (kept) => {
      expect(readViews(kept)).toEqual([]);
    },
  );

  test("come back as they were saved", () => {
    const view = { name: "Mine", search: { risk: "high" } };

    expect(readViews(JSON.stringify([view]))).toEqual([view]);
  });
});
