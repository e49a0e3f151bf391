/** Longer than any request is kept alive, so that it can be settled when it has lapsed. */
export const reservationKeptMs = 25 * 60 * 60 * 1000;
