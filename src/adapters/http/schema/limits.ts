/** Bounds of what callers write; each keeps a session's snapshot and its events small. */

/** Characters of a session's or an image's name. */
export const MAX_NAME_LENGTH = 200;
/** Characters of an object's label, which becomes a category's name in an export. */
export const MAX_LABEL_LENGTH = 100;
/** Characters of an object's colour, as CSS writes colours. */
export const MAX_COLOR_LENGTH = 64;
/** Characters of a caller's own name for a click; it comes back in every event and snapshot. */
export const MAX_CLIENT_REF_LENGTH = 200;
/** Bytes of metadata as JSON; it is repeated in every snapshot. */
export const MAX_METADATA_BYTES = 16 * 1024;
/** Longest time that a request is held (A17, A26), in seconds. */
export const MAX_WAIT_SECONDS = 30;
/** Events of one page (A26). */
export const MAX_PAGE_EVENTS = 1_000;
export const DEFAULT_PAGE_EVENTS = 100;
/** Characters of a participant's own name for itself. */
export const MAX_PARTICIPANT_LENGTH = 64;
