package kakaotalk

import (
	"encoding/json"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// parseResults turns a dealer's report into statuses. It may hold several.
func parseResults(r channel.Request) ([]events.Event, error) {
	var w results
	if channel.Decode(r.Body, &w) != nil || w.Hooks == nil {
		return nil, channel.Malform("body is not a list of results")
	}
	list := make([]events.Event, 0, len(w.Hooks))
	for _, raw := range w.Hooks {
		list = append(list, parseResult(w.Event, raw))
	}
	return list, nil
}

func parseResult(kind string, raw json.RawMessage) events.Event {
	var h result
	_ = channel.Decode(raw, &h) // without an id it is told as unsupported
	e := events.Event{Type: events.MessageStatus, Raw: raw, Key: "result:" + channel.Digest(raw)}
	if h.HookID != "" {
		e.Key = "result:" + string(h.HookID)
	}
	if number := dialled(string(h.RecipientNo)); channel.Digits(number) {
		e.Data.Contact = &events.Contact{Identities: []events.Identity{{Scheme: events.Phone, Value: channel.E164(number)}}}
		e.Data.Conversation = &events.Conversation{PlatformID: number, Kind: events.Direct}
	}
	if kind != "MESSAGE_RESULT_UPDATE" || h.RequestID == "" {
		if kind == "" {
			kind = "result"
		}
		return unsupported(e, kind, "unknown", raw)
	}
	e.Data.Status = h.status()
	return e
}

// status is what became of the message. NHN Cloud ends a message in COMPLETED or not.
// https://docs.nhncloud.com/ko/Notification/KakaoTalk%20Bizmessage/ko/alimtalk-api-guide/
func (h result) status() *events.Status {
	s := &events.Status{Message: events.Ref{PlatformID: requestID(string(h.RequestID), string(h.RecipientSeq))},
		State: events.Delivered}
	if h.MessageStatus == "COMPLETED" || h.MessageStatus == "" && h.ResultCode == resultDelivered {
		return s
	}
	s.State = events.Failed
	failure := alimtalkError(string(h.ResultCode), h.ResultName)
	s.Error = failure.Status()
	return s
}

// requestID names one recipient of a request to NHN Cloud.
func requestID(request, recipient string) string {
	if recipient == "" {
		return request
	}
	return request + "/" + recipient
}

// dialled is a Korean number with its country code, digits alone: dealers write
// 010…, +8210… and 8210….
func dialled(number string) string {
	number = separators.Replace(number)
	if national, ok := strings.CutPrefix(number, "0"); ok && national != "" {
		return korea + national
	}
	return number
}

var separators = strings.NewReplacer("-", "", " ", "", "+", "")
