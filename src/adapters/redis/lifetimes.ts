const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * What sessions need is given back when they end; this is for what nobody is left to give back. Long,
 * because an open stream keeps a session alive whose images nobody asks for meanwhile.
 */
const MARGIN_MS = 30 * DAY_MS;

/** How long what sessions need is kept without being used: images, preparations, the pool. */
export const sharedLifeMs = (sessionTtlMs: number): number => sessionTtlMs + MARGIN_MS;

/** From the last start of a gateway; longer than any of them runs. */
export const SECRET_LIFE_MS = 366 * DAY_MS;
