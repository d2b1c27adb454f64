// Package ui is the design system: the page around everything (Shell, Bare) and
// the components pages are built of.
//
// A component is its view model. A struct says what is shown; View renders it
// inside a templ file, and because each struct also has Render, it can be put
// wherever a templ.Component is wanted:
//
//	@ui.Panel{Title: "Requester", Actions: []templ.Component{ui.Button{Label: "Call", URL: url}}}.View() {
//		@ui.Party{Name: p.Name, URL: p.URL}.View()
//	}
//
// Labels arrive in the reader's language (package text translates); what the
// components say themselves they translate. Nothing here knows a ticket, a
// database or a permission: this package imports nothing of the product but its
// own subpackages. There is no inline script and no style attribute, so the
// content security policy is script-src 'self'; style-src 'self'. Every page
// works without scripts; htmx and the scripts in web/ make it quick and live.
// docs/patterns.md shows how handlers and components play together, and
// /styleguide shows every component in every state.
package ui
