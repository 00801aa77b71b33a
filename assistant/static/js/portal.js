// What a page does beyond links and forms: streaming, sources, uploads. Without it every form still works.

import "./confirm.js";
import "./answers.js";
import "./ask.js";
import "./copy.js";
import "./door.js";
import "./facsimile.js";
import "./focus.js";
import "./passkeys.js";
import "./shortcuts.js";
import "./sidebar.js";
import "./source.js";
import "./toast.js";
import "./uploads.js";
import "./prompts.js";
import "./library.js";
import "./record.js";
import "./admin.js";
