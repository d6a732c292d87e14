/** What students said of a tutor, summed up from the sessions at hand. */
import type { Schemas } from "@/api/client";

type Feedback = Schemas["SessionFeedback"];

export interface Category {
  name: string;
  mean: number;
  n: number;
}

export interface FeedbackSummary {
  n: number;
  categories: Category[];
  /** What was named to improve, the most often named first. */
  areas: { name: string; n: number }[];
  /** Of those who answered, how many would not work with the tutor again. */
  wouldNot: number;
  answered: number;
  /** The newest first. */
  comments: Feedback[];
}

export function summed(sessions: readonly Schemas["SessionListItem"][]): FeedbackSummary {
  const all = sessions.flatMap((session) => session.feedback);
  const stars = byName(all.flatMap((said) => Object.entries(said.ratings)));
  const areas = byName(all.flatMap((said) => said.improvement_areas.map((name) => [name, 1])));
  const asked = all.filter((said) => said.would_recommend !== null);
  return {
    n: all.length,
    categories: [...stars]
      .map(([name, given]) => ({
        name,
        mean: given.reduce((sum, value) => sum + value, 0) / given.length,
        n: given.length,
      }))
      .sort((a, b) => a.mean - b.mean),
    areas: [...areas]
      .map(([name, named]) => ({ name, n: named.length }))
      .sort((a, b) => b.n - a.n || a.name.localeCompare(b.name)),
    wouldNot: asked.filter((said) => said.would_recommend === false).length,
    answered: asked.length,
    comments: all
      .filter((said) => said.free_text)
      .sort((a, b) => b.submitted_at.localeCompare(a.submitted_at)),
  };
}

function byName(entries: readonly (readonly [string, number])[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const [name, value] of entries) found.set(name, [...(found.get(name) ?? []), value]);
  return found;
}
