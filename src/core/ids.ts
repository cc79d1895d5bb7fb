/**
 * Branded identifiers. A brand costs nothing at run time and keeps a click's id from being handed
 * to a function that wants an object's.
 */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** `ses_` + 128 random bits, base64url. Whoever knows it (and passes the guard) holds the session. */
export type SessionId = Branded<'SessionId'>;
/** `sha256-<64 hex>` of an image's bytes: the content is the name. */
export type ImageId = Branded<'ImageId'>;
/** 1–64 of `[A-Za-z0-9_-]`, chosen by the client or by the gateway; unique within a session. */
export type ObjectId = Branded<'ObjectId'>;
/** `clk_` + 96 random bits, base64url. */
export type ClickId = Branded<'ClickId'>;
/** Whose data something is. One gateway without authentication has one tenant. */
export type Tenant = Branded<'Tenant'>;
/** One of the feature servers, as all gateways name it; letters, digits and hyphens. */
export type ServerId = Branded<'ServerId'>;

const SESSION_ID = /^ses_[A-Za-z0-9_-]{22,64}$/;
const IMAGE_ID = /^sha256-[0-9a-f]{64}$/;
const OBJECT_ID = /^[A-Za-z0-9_-]{1,64}$/;
const CLICK_ID = /^clk_[A-Za-z0-9_-]{16,64}$/;

/** True when `text` has the form of a session id; says nothing about whether the session exists. */
export const isSessionId = (text: string): text is SessionId => SESSION_ID.test(text);
export const isImageId = (text: string): text is ImageId => IMAGE_ID.test(text);
export const isObjectId = (text: string): text is ObjectId => OBJECT_ID.test(text);
export const isClickId = (text: string): text is ClickId => CLICK_ID.test(text);

/** For tests and for text that was just made by the gateway itself. */
export const sessionId = (text: string): SessionId => text as SessionId;
export const imageId = (text: string): ImageId => text as ImageId;
export const objectId = (text: string): ObjectId => text as ObjectId;
export const clickId = (text: string): ClickId => text as ClickId;
export const tenant = (text: string): Tenant => text as Tenant;
export const serverId = (text: string): ServerId => text as ServerId;
