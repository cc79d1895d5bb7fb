const DAY_MS = 24 * 60 * 60 * 1000;

/** What sessions need outlives them by this: not everything hears of every touch of a session. */
const MARGIN_MS = DAY_MS;

/** How long what sessions need is kept without being used: images, preparations, the pool. */
export const sharedLifeMs = (sessionTtlMs: number): number => sessionTtlMs + MARGIN_MS;

/** From the last start of a gateway; longer than any of them runs. */
export const SECRET_LIFE_MS = 366 * DAY_MS;
