/** Puts the studio together and comes back to the session that the address names. */
import { Aiming } from './aiming.ts';
import { Clicks } from './clicks.ts';
import { find } from './dom.ts';
import { exports } from './exports.ts';
import { intake } from './intake.ts';
import { Keyboard } from './keyboard.ts';
import { LatencyMeter } from './latency.ts';
import { makeMessages } from './messages.ts';
import { objectList } from './object-list.ts';
import { Photos } from './photos.ts';
import { Sessions } from './sessions.ts';
import { Stage } from './stage.ts';
import { strip } from './strip.ts';
import { Studio } from './studio.ts';
import { toolbar } from './toolbar.ts';

const studio = new Studio(makeMessages());
const meter = new LatencyMeter();
const sessions = new Sessions(studio, meter);
const clicks = new Clicks(studio, meter);
const photos = new Photos(studio, sessions);
const stage = new Stage(studio);
const aiming = new Aiming(studio, stage, clicks);
toolbar(studio, clicks, aiming);
objectList(studio, clicks);
strip(studio, photos);
intake(studio, photos, sessions);
exports(studio);
new Keyboard(studio, clicks, aiming);

find('.brand', HTMLAnchorElement).addEventListener('click', (event) => {
  event.preventDefault();
  sessions.leave();
});
addEventListener('hashchange', () => location.reload());

const sessionId = Sessions.inAddress();
if (sessionId !== undefined) sessions.resume(sessionId);
studio.redraw();
