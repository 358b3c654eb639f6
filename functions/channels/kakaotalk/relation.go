package kakaotalk

import (
	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// appThread begins the PlatformID of somebody who is known to the app alone. Nothing
// can be written to them there.
const appThread = "app:"

// parseRelation turns a friendship that began, or a block, into a consent. The
// resource id is the same when Kakao sends it again.
func parseRelation(r channel.Request) ([]events.Event, error) {
	var w relation
	if channel.Decode(r.Body, &w) != nil {
		return nil, channel.Malform("body is not JSON")
	}
	e := events.Event{Type: events.ConsentChanged, Raw: r.Body, Time: channel.RFC3339(w.UpdatedAt)}
	if id := r.Joined("X-Kakao-Resource-ID"); id != "" {
		e.Key = "relation:" + id
	} else {
		e.Key = "relation:" + channel.Digest(r.Body)
	}
	if w.ID != "" {
		e.Data.Contact = &events.Contact{Identities: []events.Identity{w.identity()}}
		e.Data.Conversation = &events.Conversation{PlatformID: appThread + string(w.ID), Kind: events.Direct}
	}
	state, known := map[string]string{"added": events.ConsentGiven, "blocked": events.ConsentWithdrawn}[w.Event]
	if !known || w.ID == "" {
		return []events.Event{unsupported(e, "relation", "unknown", r.Body)}, nil
	}
	e.Data.Consent = &events.Consent{State: state, Scope: "all", Reason: w.Event}
	return []events.Event{e}, nil
}

// identity is who it is to the app, or to all of Kakao.
func (w relation) identity() events.Identity {
	if w.IDType == "app_user_id" {
		return events.Identity{Scheme: events.KakaoAppUser, Value: string(w.ID)}
	}
	return events.Identity{Scheme: events.External, Value: string(w.ID), Scope: w.IDType}
}
