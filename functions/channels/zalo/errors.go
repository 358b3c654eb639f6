package zalo

import (
	"encoding/json"
	"strconv"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// result is what the answer to a message means.
func result(r channel.Reply) (channel.Sent, error) {
	var w accepted
	if err := succeeded(r, &w); err != nil {
		return channel.Sent{}, err
	}
	for _, id := range []string{w.MessageID, w.MsgID} {
		if id != "" {
			return channel.Sent{IDs: []string{id}}, nil
		}
	}
	return channel.Sent{}, nil
}

// succeeded reads the data of an answer into v. Zalo answers with status 200
// whatever happens; error tells.
func succeeded(r channel.Reply, v any) error {
	if !r.OK() {
		return r.Failure()
	}
	var w answer
	if err := r.Decode(&w); err != nil {
		return err
	}
	switch {
	case w.Error == nil:
		return &channel.Error{Class: events.ClassPlatform, Title: "answered without an error code", Unknown: true}
	case *w.Error != 0:
		return failure(*w.Error, w.Message)
	}
	_ = json.Unmarshal(w.Data, v) // what cannot be read holds no id
	return nil
}

func failure(code int, title string) *channel.Error {
	e := &channel.Error{Class: events.ClassUnknown, Code: strconv.Itoa(code), Title: title}
	if f, ok := failures[code]; ok {
		e.Class, e.Remedy = f.class, f.remedy
	}
	return e
}

// failures are Zalo's error codes.
// https://developers.zalo.me/docs/official-account/phu-luc/ma-loi
var failures = map[int]struct{ class, remedy string }{
	-216:  {events.ClassAuth, ""}, // the access token is invalid
	-220:  {events.ClassAuth, ""}, // it is expired or removed
	-124:  {events.ClassAuth, ""}, // ZNS: the access token is invalid
	-204:  {events.ClassAuth, "the OA is disabled"},
	-205:  {events.ClassAuth, "the OA does not exist"},
	-209:  {events.ClassAuth, "activate the app"},
	-212:  {events.ClassAuth, "register the app for the Official Account API"},
	-219:  {events.ClassAuth, "the app is removed or disabled"},
	-221:  {events.ClassAuth, "verify the OA"},
	-223:  {events.ClassAuth, "authorise the app for the OA again, with this permission"},
	-224:  {events.ClassAuth, "the OA needs a higher package"},
	-235:  {events.ClassAuth, "an OA of this kind cannot do this"},
	-242:  {events.ClassAuth, "the app wants appsecret_proof: switch it off"},
	-320:  {events.ClassAuth, "connect the app with a Zalo Cloud Account"},
	-321:  {events.ClassAuth, "the Zalo Cloud Account has no money"},
	-101:  {events.ClassAuth, ""}, // the app, down to -105
	-102:  {events.ClassAuth, ""},
	-103:  {events.ClassAuth, ""},
	-104:  {events.ClassAuth, "check app_secret"},
	-105:  {events.ClassAuth, "link the app with the OA"},
	-120:  {events.ClassAuth, "the OA may not use ZNS"},
	-125:  {events.ClassAuth, ""},
	-135:  {events.ClassAuth, "the OA needs to be verified and have a package"},
	-1351: {events.ClassAuth, "Zalo has blocked the OA from ZNS"},
	-136:  {events.ClassAuth, "connect a Zalo Cloud Account"},
	-137:  {events.ClassAuth, "the Zalo Cloud Account has no money"},
	-138:  {events.ClassAuth, "the app may not use ZNS"},
	-1381: {events.ClassAuth, "the OA has not granted the use of its Zalo Cloud Account"},

	-100:  {events.ClassPlatform, ""}, // a file's id is out, or ZNS does not know: both go at another try
	-32:   {events.ClassRate, "send more slowly"},
	-144:  {events.ClassRate, "the OA's notifications of the day are used up"},
	-147:  {events.ClassRate, "the template's notifications of the day are used up"},
	-115:  {events.ClassPolicy, "the quota or the money for ZNS is used up"},
	-126:  {events.ClassPolicy, "the quota of the development mode is used up"},
	-211:  {events.ClassPolicy, "the OA's quota is used up"},
	-218:  {events.ClassPolicy, "the person has had as many messages as they may get"},
	-234:  {events.ClassPolicy, "promotions are not sent from 22 to 6 o'clock"},
	-133:  {events.ClassPolicy, "not sent from 22 to 6 o'clock"},
	-248:  {events.ClassPolicy, "against Zalo's standards"},
	-1441: {events.ClassPolicy, "the month's promotions are used up"},
	-145:  {events.ClassPolicy, "the OA may not send this kind of content"},

	-230: {events.ClassWindow, "wait for the person to write, or send ZNS"},
	-232: {events.ClassWindow, "wait for the person to write, or send ZNS"},

	-213: {events.ClassConsent, "the person must follow the OA or write to it"},
	-217: {events.ClassConsent, "the person has blocked the OA"},
	-244: {events.ClassConsent, "the person does not want this kind of message"},
	-139: {events.ClassConsent, "the person does not want this kind of notification"},
	-140: {events.ClassConsent, "the person may not get this kind of notification"},
	-141: {events.ClassConsent, "the person does not want the OA's notifications"},

	-227: {events.ClassRecipient, "the person is banned, or away for 45 days"},
	-108: {events.ClassRecipient, "the phone number is written as 84…"},
	-110: {events.ClassRecipient, "the person's app is too old"},
	-114: {events.ClassRecipient, ""},
	-118: {events.ClassRecipient, "the number has no Zalo account"},
	-119: {events.ClassRecipient, ""},
	-127: {events.ClassRecipient, "a template in test goes to administrators only"},

	-109:  {events.ClassTemplate, ""},
	-111:  {events.ClassTemplate, "the template needs parameters"},
	-112:  {events.ClassTemplate, ""},
	-1121: {events.ClassTemplate, "a parameter is too long"},
	-1122: {events.ClassTemplate, "a parameter is missing"},
	-1124: {events.ClassTemplate, "a parameter has another form"},
	-113:  {events.ClassTemplate, ""},
	-1131: {events.ClassTemplate, ""},
	-116:  {events.ClassTemplate, ""},
	-117:  {events.ClassTemplate, "the template is of another OA or app"},
	-131:  {events.ClassTemplate, "the template is not approved"},
	-146:  {events.ClassTemplate, "Zalo has disabled the template for its quality"},
	-249:  {events.ClassTemplate, ""},

	-201: {events.ClassContent, ""}, // a parameter is invalid; the message names it
	-203: {events.ClassContent, ""},
	-210: {events.ClassContent, "a parameter is too long or too large"},
	-233: {events.ClassContent, ""},
	-240: {events.ClassContent, ""},
	-121: {events.ClassContent, ""},
	-122: {events.ClassContent, ""},
	-130: {events.ClassContent, ""},
	-132: {events.ClassContent, ""},
}
