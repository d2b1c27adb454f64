// Package webhook is chat and SMS as channels of the desk: messages that go out as HTTP
// requests to what an administrator set up.
//
// A channel leads to a room (a team's chat: groups, rungs of escalation ladders and the
// room's own rule tell it things) or to persons (their telephone by an SMS gateway, their own
// place in a chat). Its kind says what the far side understands: Slack's incoming
// webhooks, which Mattermost and Rocket.Chat take as well, Microsoft Teams' Workflows,
// a JSON document, or an SMS gateway described by a template.
//
// A message is written in the transaction of its cause and sent by a job, at least once,
// under an id that stays the same over all attempts (decision 0014). It is put into words when it
// is sent: a room is told of a ticket what its settings allow, and a person only what they
// may see at that moment. Neither can be told the text of a note: nothing here ever reads one.
//
// Who may: ManageChannels sets channels up and looks at what was sent. Addresses,
// headers and keys are sealed (platform/seal) and never given back. Where they may lead is
// bounded by platform/outbound. Everybody says for themselves where personal channels
// reach them, and proves it by a code.
package webhook
