// Package events is the public contract of Relais and its domain model.
//
// A channel (WhatsApp, LINE, …) carries conversations between an account, which
// is one identity of the brand on that channel, and a contact, which is a person
// as that account knows them. Whatever happens in a conversation is an Event: a
// CloudEvents 1.0 envelope whose Data holds the contact, the conversation and
// exactly one fact (a message, a status, a reaction …) named by the event's Type.
//
// Every id is derived, never drawn: the same webhook gives the same event,
// message, contact and conversation ids in any process, in any year.
//
// Consumers owe three duties: drop an id seen before, apply events of one
// conversation in the order of Sequence, and delete from the queue only what
// they have applied.
//
// The package imports the standard library only.
package events
