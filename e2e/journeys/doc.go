// Package journeys walks through the whole product in Chromium, as the people
// who use it do: from the first administrator of an empty installation to a
// requester on a phone, by keyboard, by finger, without scripts. Its tests know
// only what a person sees: names of buttons, labels of fields, texts.
//
// What the browser complains of, in its console or by the content security
// policy, fails a journey. A failed one leaves a picture of each of its tabs in
// the folder that it names. STEWARD_PICTURES=folder keeps a picture of every
// page in both themes, at desktop and at phone width.
package journeys
