import type { Schemas } from "@/api/client";

/** Whether an intervention is carried out without anybody. */
export function automated(task: Pick<Schemas["Intervention"], "owner">): boolean {
  return task.owner === "system";
}
