/** The days of a month as a calendar shows them: whole weeks from the box's first day on. */

export interface Day {
  year: number;
  month: number;
  day: number;
  /** ISO date, as the box writes it. */
  iso: string;
  inMonth: boolean;
}

export function weeksOf(year: number, month: number, start: "monday" | "sunday" = "monday"): Day[][] {
  const first = new Date(Date.UTC(year, month - 1, 1));
  const before = (first.getUTCDay() + (start === "monday" ? 6 : 0)) % 7;
  const length = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const weeks = Math.ceil((before + length) / 7);
  return Array.from({ length: weeks }, (_, week) =>
    Array.from({ length: 7 }, (_, i) => {
      const date = new Date(Date.UTC(year, month - 1, 1 - before + week * 7 + i));
      return {
        year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate(),
        iso: date.toISOString().slice(0, 10), inMonth: date.getUTCMonth() + 1 === month,
      };
    }),
  );
}

export function shiftMonth(year: number, month: number, by: number): { year: number; month: number } {
  const date = new Date(Date.UTC(year, month - 1 + by, 1));
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1 };
}

/** "14:03" or "14:03:22" as seconds of the day; null if it is no time. */
export function parseTime(text: string): number | null {
  const match = /^(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?$/.exec(text.trim());
  if (!match) return null;
  const [hour, minute, second] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  return hour < 24 && minute < 60 && second < 60 ? hour * 3600 + minute * 60 + second : null;
}
