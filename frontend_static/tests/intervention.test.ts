import { describe, expect, test } from "vitest";
import type { Schemas } from "@/api/client";
import { ApiError, problem } from "@/api/problem";
import { workSearch } from "@/feature/interventions/search";
import { MOVES } from "@/intervention/move-menu";
import { failure, foreseen } from "@/intervention/use-move";
import { place } from "@/session/place";
import { person } from "@/session/session";

const TASK = {
  intervention_id: "i-1",
  tutor_id: "t-1",
  status: "pending",
  version: 3,
} as Schemas["Intervention"];

describe("a move", () => {
  test.each([
    ["start", {}, { status: "in_progress" }],
    ["complete", { outcome: "improved" as const }, { status: "completed", outcome: "improved" }],
    [
      "snooze",
      { until: "2026-11-23T09:00:00Z" },
      { status: "snoozed", snoozed_until: "2026-11-23T09:00:00Z" },
    ],
    ["reassign", { assignee: "kim" }, { status: "pending", assignee: "kim" }],
    ["note", { reason: "called" }, { status: "pending" }],
  ] as const)("%s is shown at once", (action, order, after) => {
    expect(foreseen({ task: TASK, action, order })).toMatchObject(after);
  });

  test("is offered only from where it can be made", () => {
    const of = (status: Schemas["Intervention"]["status"]) =>
      MOVES.filter((rule) => rule.from.includes(status)).map((rule) => rule.action);

    expect(of("completed")).toEqual(["note", "judge"]);
    expect(of("snoozed")).toContain("wake");
    expect(of("pending")).not.toContain("wake");
  });
});

describe("moves that were refused", () => {
  const late = new ApiError(412, "Changed meanwhile");

  test("say that somebody was quicker, and of how many", () => {
    expect(failure([late], 1)[0]).toBe("Somebody was quicker");
    expect(failure([late, late], 5)[0]).toBe("Somebody was quicker (2 of 5)");
  });

  test("of which some were late and others not answered hide no outage", () => {
    const [title, why] = failure([late, new ApiError(0, "x")], 5);

    expect(title).toBe("That was not done (2 of 5)");
    expect(why).toContain("can not be reached");
  });

  test("say what the API said of them", () => {
    const wrong = new ApiError(422, "x", null, [{ field: "assignee", message: "is nobody" }]);

    expect(failure([wrong], 1)).toEqual(["That was not done", "assignee: is nobody"]);
  });
});

describe("a refusal", () => {
  test("names the fields that are wrong", async () => {
    const body = {
      title: "Some fields are wrong",
      errors: [{ field: "until", message: "must lie ahead" }],
    };

    expect((await problem(Response.json(body, { status: 422 }))).sentence).toBe(
      "until: must lie ahead",
    );
  });

  test("without a body still has a sentence", async () => {
    expect((await problem(new Response("<html>", { status: 502 }))).passing).toBe(true);
  });

  test.each([0, 429, 503])("of status %d may pass", (status) => {
    expect(new ApiError(status, "x").passing).toBe(true);
  });

  test.each([403, 404, 412])("of status %d will not pass", (status) => {
    expect(new ApiError(status, "x").passing).toBe(false);
  });
});

test("the work queue's address is read for what it can do", () => {
  expect(workSearch({ owner: "kim", status: "lost", overdue: "true", sort: "due" })).toEqual({
    owner: "kim",
    overdue: true,
  });
});

describe("who signs in", () => {
  test("is staff by the exact names of the groups", () => {
    const profile = {
      sub: "1",
      "cognito:username": "kim",
      "cognito:groups": ["ops_manager", "Admin", "tutor"],
    };

    expect(person(profile)).toEqual({ name: "kim", roles: ["ops_manager"] });
  });

  test("without groups has no role", () => {
    expect(person({ sub: "1" }).roles).toEqual([]);
  });

  test("finds a site whose settings are whole, or one that says what is missing", () => {
    const said = {
      stage: "dev",
      issuer: "i",
      clientId: "c",
      authorizeUrl: "a",
      tokenUrl: "t",
      logoutUrl: "l",
    };

    expect(place(said)).toEqual(said);
    expect(() => place({ ...said, clientId: 7 })).toThrow("clientId");
  });
});
