import type { PgDate, PgDateTime, PgTime } from "./postgres-values.ts";

/** Days from 1970-01-01 to 2000-01-01, where PostgreSQL starts to count. */
const epochDays = 10_957;
const microsPerDay = 86_400_000_000n;

/** Date of a day, counted from 2000-01-01 (proleptic Gregorian calendar, years before 1 too). */
export function dateOfDays(days: number): PgDate {
  // Howard Hinnant's civil_from_days: years start in March, eras last 400 years.
  const shifted = days + epochDays + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day];
}

/** Time of day of microseconds since midnight. */
export function timeOfMicros(micros: bigint): PgTime {
  const seconds = Number(micros / 1_000_000n);
  return [
    Math.floor(seconds / 3600),
    Math.floor(seconds / 60) % 60,
    seconds % 60,
    Number(micros % 1_000_000n) * 1000,
  ];
}

/** Date and time of microseconds since 2000-01-01. */
export function dateTimeOfMicros(micros: bigint): PgDateTime {
  let days = micros / microsPerDay;
  let rest = micros % microsPerDay;
  if (rest < 0n) {
    days -= 1n;
    rest += microsPerDay;
  }
  return [...dateOfDays(Number(days)), ...timeOfMicros(rest)];
}

/** `YYYY-MM-DD`, with BC for years before 1. Throws for a date that does not exist. */
export function dateText([year, month, day]: PgDate): string {
  if (month < 1 || month > 12 || day < 1 || day > daysOfMonth(year, month)) {
    throw new Error(`invalid date y=${year}, m=${month}, d=${day}`);
  }
  const shown = year < 1 ? 1 - year : year;
  return `${pad(shown, 4)}-${pad(month, 2)}-${pad(day, 2)}${year < 1 ? " BC" : ""}`;
}

/** `HH:MM:SS.ffffff`; PostgreSQL keeps microseconds. Throws for a time that does not exist. */
export function timeText([hour, minute, second, nanosecond]: PgTime): string {
  // As chrono: a leap second shows as 1 to 2 seconds of nanoseconds in the last second.
  if (hour > 23 || minute > 59 || second > 59 || nanosecond >= 2_000_000_000) {
    throw new Error(`invalid time ${hour}:${minute}:${second}:${nanosecond}`);
  }
  const seconds = second + Math.floor(nanosecond / 1_000_000_000);
  const micros = Math.floor((nanosecond % 1_000_000_000) / 1000);
  return `${pad(hour, 2)}:${pad(minute, 2)}:${pad(seconds, 2)}.${pad(micros, 6)}`;
}

/** Both; the era comes last. */
export function dateTimeText(value: PgDateTime): string {
  const [year, month, day, ...time] = value;
  const [date = "", era] = dateText([year, month, day]).split(" ");
  return `${date} ${timeText(time)}${era === undefined ? "" : ` ${era}`}`;
}

/** A moment in seconds since 1970, in UTC. Throws beyond what PostgreSQL can hold. */
export function timestampText(seconds: bigint): string {
  // 4713 BC to 294276 AD.
  if (seconds < -210_866_803_200n || seconds > 9_224_318_015_999n) {
    throw new Error(`invalid epoch timestamp ${seconds}`);
  }
  const value = dateTimeOfMicros((seconds - BigInt(epochDays) * 86_400n) * 1_000_000n);
  const [year, month, day, ...time] = value;
  const [date = "", era] = dateText([year, month, day]).split(" ");
  return `${date} ${timeText(time)}+00${era === undefined ? "" : ` ${era}`}`;
}

function daysOfMonth(year: number, month: number): number {
  if (month === 2) {
    return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  }
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function pad(value: number, length: number): string {
  return String(value).padStart(length, "0");
}
