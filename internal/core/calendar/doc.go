// Package calendar keeps business calendars: when somebody works, in the clock
// time of their place. It is the only room that knows of daylight saving and of
// business hours; service levels, reminders and reports ask it.
//
// A [Calendar] is data: a zone, and versions, each in force from a date on, with
// hours by weekday, holidays and special openings. [Compile] makes [Hours] of it,
// which answer in absolute time: what is open, how much business time passed,
// when so much of it will have passed. Nothing of that reads a clock or a
// database.
//
// The rules, with their reasons in docs/decisions/0007-business-time.md:
//
//   - An interval belongs to the date on which it begins: 22:00-06:00 of a Tuesday
//     is Tuesday's, and a holiday on Wednesday does not end it. Whoever wants it to
//     end writes 22:00-24:00 and 00:00-06:00.
//   - An interval is the smallest unbroken stretch of time that holds every instant
//     at which the clocks of the place show a time in it. So what begins in the
//     hour that the clocks skip begins when they are put forward, and what lies in
//     the hour they repeat lasts from its first to its last occurrence.
//   - What overlaps is counted once.
//   - Days are dates, never 24 hours. A day that the place skipped has no hours.
//   - A special opening replaces the hours of its date, and wins over a holiday.
//
// Instants are microseconds of UTC, as everywhere; intervals are [start, end).
package calendar
