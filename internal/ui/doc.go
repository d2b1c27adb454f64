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
//
// # Pages
//
//	Shell{Title, Nav []NavGroup, NavFooter []NavItem, User UserMenu, SearchURL, New []MenuItem,
//	      PaletteURL, LiveURL, Tools, Banners []Alert, Toast, Wide, Bundles, RequestID}   children: the page
//	Bare{Title, Wide, RequestID}                                                  children: the card
//	PageHeader{Trail []Crumb, Title, Lead, Badges, Actions}
//	Breadcrumb([]Crumb)   Tabs(label, []Tab)   PaletteResults([]PaletteGroup)
//
// # Actions
//
//	Button{Label, Icon, Kind, Small, URL | Post | Submit, Form, Name, Value, HX, Key, Opens, IconOnly, Disabled, Reason, Pressed, Copies}
//	Buttons(...Component)   Kbd(key)   HX{Get|Post|..., Target, Swap, Trigger, ...}
//	Menu{ID, Button, Items []MenuItem, Start, Lead}   Dialog{ID, Title, Wide, Drawer, Open, URL} with DialogBody(), DialogFoot(...)
//	Toast{Text, Tone, Undo} for Shell.Toast; beside an answer: the event "steward:toast"   Problem{Title, Detail, Items}
//
// # Words about things
//
//	Badge{Label, Tone, Icon, Hint}   StateBadge{Label, Category, Plain}   PriorityBadge{Level, Label, Why, Short}   Count(n)
//	Avatar{Name, Image, Large}   Party{Name, Kind, URL, Image, Note, None}   Moment{At, Date, Full, Due}
//	Link{Label, URL, Note, Mono}   Words(s)   Nothing()   Icon constants: IconCheck ...
//
// # Lists
//
//	ListHeader{Title, Count, Capped, Unit, Actions}   NewPill{ID, Count, URL, HX}   BulkBar(...Component)
//	FilterBar{Action, Name, Text, Chips []FilterChip, Error, CompleteURL, ClearURL, Saves, Keep}   FilterCompletions([]Completion)
//	Table{ID, Caption, Columns []Column, Rows []Row, SelectName, Choices, ChoiceURL, More LoadMore, Empty EmptyState, Live HX}
//	Rows(Table)   TableRow(Table, Row)   ColumnChooser(Table)   LoadMore{URL, Label, Auto}
//
// # Forms
//
//	Form{ID, Action, Get, HX, Multipart, Guard, Error Alert, Hidden, Plain, DraftURL}   FormFoot(...)   FieldRow()
//	FormSplit(first, context, rest)   DraftState()   Derived{ID, Label, Content, Why}
//	Field{Name, Label, Help, Error, Required, Disabled, ReadOnly, ID, Hidden, HX}, embedded in each of:
//	TextField{Field, Value, Type, Placeholder, Prefix, Suffix, ...}   TextArea{Field, Value, Rows, Mono}
//	MarkdownField{Field, Value, Rows, PreviewURL, MentionURL}   AnswerField{Field, Type AnswerType, Value, Options}
//	Select{Field, Options []Option, Placeholder, SubmitNow}   DateField{Field, Value, Time, Min, Max}
//	Check{Field, Checked, Value, Switch}   Checks{Field, Options, Inline}   Radios{Field, Options, Inline}   Rating{Field, Value, Words}
//	Combobox{Field, URL, Chosen []Choice, Text, Multiple, Placeholder}   ComboboxOptions([]Choice)
//	Upload{Field, URL, Files []Attachment, Accept, Multiple, Limit}   Attachment{Name, URL, Bytes, Image, Token, RemoveURL}
//
// # Records
//
//	Value{ID, Label, Content, EditURL, Key, Hint, Changed}   Values(...Value)
//	InPlaceForm{ID, Label, Action, CancelURL, Version, Control}   Conflict{ID, Label, Mine, Theirs, By, At, Action, Version, Fields, Discard}
//	Timeline{ID, Label, Earlier, Entries []Entry}   Entries(Timeline)   Entry{ID, Kind, Author, At, Body, Changes, Attachments, Actions, ...}
//	Composer{ID, Action, HX, Mode, NoReply, NoNote, To, Body, Error, Version, DraftURL, UploadURL, Files, MentionURL, PreviewURL, ...}
//	Presence{ID, Topic, Self, Viewing, Typing}
//
// # Calm pages
//
//	Calm()   children: a page for people who come seldom, one narrow column   CalmPart(id, title, lead)   CalmMore(id, summary, open)
//	Ask{Label, Lead, Action, Name, Value, Placeholder, Submit}   Stepper{Label, Steps []Step{Label, At, State, Tone}}
//	Cards(label, []Card, LoadMore)   CardItems([]Card, LoadMore)   Card{Title, URL, Ref, Badges, Note, At, Tone, Actions}
//
// # Panels
//
//	Panel{ID, Title, Count, Actions, Flush, Quiet, Folds, Folded}   children: the body
//	Split(aside)   children: the main column; aside: the context column
//	Alert{ID, Title, Text, Tone, Items, Actions}   EmptyState{Icon, Title, Text, Actions}
//	StatTile{Label, Value, URL, Change, Tone, How, Target}   StatTiles(...StatTile)
//	Progress{Label, Value, Max, Tone, Hidden}   Skeleton(lines)   Code(source)
package ui
