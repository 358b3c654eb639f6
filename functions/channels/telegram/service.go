package telegram

import (
	"encoding/json"
	"slices"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// serviceEvents are what m tells when nobody wrote it; none when somebody did.
func (m *message) serviceEvents(u *update) []events.Event {
	return slices.Concat(m.memberEvents(u), m.changeEvents(u), m.paymentEvents(u), m.answerEvents(u))
}

func (m *message) memberEvents(u *update) []events.Event {
	var evs []events.Event
	add := func(t events.Type, key string, members ...user) {
		p := &events.Participants{}
		for i := range members {
			p.Members = append(p.Members, participant(&members[i]))
		}
		by := m.actor()
		p.By = &by
		e := m.event(u, t, key+":"+m.platformID(u))
		e.Data.Participants = p
		evs = append(evs, e)
	}
	if len(m.NewMembers) > 0 {
		add(events.ParticipantJoined, "join", m.NewMembers...)
	}
	if m.LeftMember != nil {
		add(events.ParticipantLeft, "leave", *m.LeftMember)
	}
	return evs
}

func participant(u *user) events.Participant {
	return events.Participant{Identity: *identity(u), Name: name(u.FirstName, u.LastName)}
}

// changeEvents are the new facts about m's chat.
func (m *message) changeEvents(u *update) []events.Event {
	var evs []events.Event
	for _, c := range append(m.changes(), m.otherChanges()...) {
		t := events.ConversationUpdated
		if c.Field == "created" {
			t = events.ConversationStarted
		}
		e := m.event(u, t, "change:"+m.platformID(u)+":"+c.Field)
		e.Data.Change = &c
		evs = append(evs, e)
	}
	return evs
}

func (m *message) changes() []events.Change {
	var list []events.Change
	add := func(field, old, new string) { list = append(list, events.Change{Field: field, Old: old, New: new}) }
	if m.GroupCreated || m.SupergroupCreated || m.ChannelCreated {
		add("created", "", m.Chat.Type)
	}
	if m.Title != "" {
		add("title", "", m.Title)
	}
	if len(m.NewPhoto) > 0 {
		add("photo", "", photo(m.NewPhoto).Media.PlatformID)
	} else if m.PhotoDeleted {
		add("photo", "", "")
	}
	if m.MigrateTo != 0 { // said in the old chat, the next one in the new chat
		add("migrated", id(m.Chat.ID), id(m.MigrateTo))
	}
	if m.MigrateFrom != 0 {
		add("migrated", id(m.MigrateFrom), id(m.Chat.ID))
	}
	if p := m.Pinned; p != nil && p.ID != 0 {
		add("pinned", "", m.scope()+id(m.Chat.ID)+":"+id(p.ID))
	}
	if m.AutoDelete != nil {
		add("auto_delete_seconds", "", id(m.AutoDelete.Seconds))
	}
	if t := m.TopicCreated; t != nil {
		add("forum_topic_created", "", t.Name)
	}
	if t := m.TopicEdited; t != nil {
		add("forum_topic_edited", "", t.Name)
	}
	if m.Website != "" {
		add("connected_website", "", m.Website)
	}
	return list
}

// otherChanges are those for which the platform's word and JSON must do.
func (m *message) otherChanges() []events.Change {
	var list []events.Change
	for _, s := range []struct {
		field string
		value *detail
	}{
		{"forum_topic_closed", m.TopicClosed}, {"forum_topic_reopened", m.TopicReopened},
		{"general_forum_topic_hidden", m.GeneralHidden}, {"general_forum_topic_unhidden", m.GeneralUnhidden},
		{"video_chat_scheduled", m.VideoChatScheduled}, {"video_chat_started", m.VideoChatStarted},
		{"video_chat_ended", m.VideoChatEnded}, {"video_chat_participants_invited", m.VideoChatInvited},
		{"proximity_alert_triggered", m.Proximity}, {"boost_added", m.BoostAdded}, {"chat_background_set", m.Background},
		{"checklist_tasks_done", m.TasksDone}, {"checklist_tasks_added", m.TasksAdded},
		{"poll_option_added", m.OptionAdded}, {"poll_option_deleted", m.OptionDeleted},
		{"chat_owner_left", m.OwnerLeft}, {"chat_owner_changed", m.OwnerChanged},
		{"paid_message_price_changed", m.PaidPrice}, {"direct_message_price_changed", m.DirectPrice},
		{"suggested_post_approved", m.PostApproved}, {"suggested_post_approval_failed", m.PostApprovalFailed},
		{"suggested_post_declined", m.PostDeclined}, {"suggested_post_paid", m.PostPaid},
		{"suggested_post_refunded", m.PostRefunded},
		{"giveaway_created", m.GiveawayCreated}, {"giveaway_completed", m.GiveawayCompleted},
		{"managed_bot_created", m.ManagedBotCreated},
		{"community_chat_added", m.CommunityAdded}, {"community_chat_removed", m.CommunityRemoved},
	} {
		if s.value != nil {
			list = append(list, events.Change{Field: s.field, New: s.value.text()})
		}
	}
	return list
}

// text is d as JSON, where it says anything.
func (d *detail) text() string {
	if b, err := json.Marshal(d); err == nil && string(b) != "{}" {
		return string(b)
	}
	return ""
}

// answerEvents are what a person answered to a mini app of the bot.
func (m *message) answerEvents(u *update) []events.Event {
	var evs []events.Event
	if w := m.WebApp; w != nil {
		e := m.event(u, events.InteractionReceived, "interaction:"+m.platformID(u))
		e.Data.Interaction = &events.Interaction{
			Kind: events.FormAnswer, Text: w.Button, Message: channel.Ref(m.platformID(u)), Of: m.replyTo(u),
			Values: []events.Field{{Name: "data", Value: w.Data}},
		}
		evs = append(evs, e)
	}
	if w := m.WriteAccess; w != nil {
		e := m.event(u, events.ConsentChanged, "consent:"+m.platformID(u))
		e.Data.Consent = &events.Consent{State: events.ConsentGiven, Scope: "all",
			Reason: joined("write_access", ":", w.WebApp)}
		evs = append(evs, e)
	}
	return evs
}
