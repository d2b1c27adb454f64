// The scripts of every page. Each module listens on the document, so what htmx
// swaps in works without being set up; a page without scripts works too.
import "htmx.org";
import "htmx.org/dist/ext/hx-sse.js";

import { startCanned } from "./lib/canned";
import { startCharts } from "./lib/charts";
import { startComposer } from "./lib/composer";
import { startCompletion } from "./lib/completion";
import { startDialogs } from "./lib/dialogs";
import { startDrafts } from "./lib/drafts";
import { startErrors } from "./lib/errors";
import { startFocus } from "./lib/focus";
import { startFormDrafts } from "./lib/formdrafts";
import { startGuard } from "./lib/guard";
import { startInPlace } from "./lib/inplace";
import { startKeys } from "./lib/keys";
import { startLists } from "./lib/lists";
import { startLive } from "./lib/live";
import { startMenus } from "./lib/menus";
import { startPalette } from "./lib/palette";
import { startPreferences } from "./lib/preferences";
import { startPresence } from "./lib/presence";
import { startSideList } from "./lib/sidelist";
import { startReordering } from "./lib/reorder";
import { startTimes } from "./lib/times";
import { startToasts } from "./lib/toasts";
import { startUploads } from "./lib/uploads";

document.documentElement.classList.add("s-scripted");

startToasts();
startCharts();
startDialogs();
startMenus();
startKeys();
startPalette();
startLists();
startInPlace();
startCompletion();
startComposer();
startCanned();
startDrafts();
startFormDrafts();
startErrors();
startGuard();
startUploads();
startPreferences();
startSideList();
startPresence();
startReordering();
startTimes();
startFocus(); // after those that know better where the focus goes
startLive();
