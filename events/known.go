package events

import "strings"

// The predicates below hold the closed vocabularies. They are switches because
// every webhook runs them: a switch builds nothing. The tests compare them with
// the constants, so that neither can grow alone.

func knownScheme(s Scheme) bool {
	switch s {
	case Phone, WhatsAppBSUID, MessengerPSID, InstagramIGSID, TelegramUser, TelegramChat, LINEUser, AppleOpaque,
		WeChatOpenID,
		WeChatUnionID, WeChatExternal, KakaoBotUser, KakaoPlusFriend, KakaoAppUser, QQOpenID, QQMember, QQUnionID, XUser,
		ViberUser,
		GoogleChatUser, RCSPhone, KikUsername, SignalACI, ZaloUser, Email, WebAnonymous, WebVerified, External:
		return true
	}
	return false
}

func knownConversation(kind string) bool {
	switch kind {
	case Direct, Group, Public, Own:
		return true
	}
	return false
}

func knownRole(role string) bool {
	switch role {
	case Customer, Agent, Bot, System:
		return true
	}
	return false
}

func knownInteraction(kind string) bool {
	switch kind {
	case ButtonAnswer, ListAnswer, QuickReplyAnswer, MenuAnswer, FormAnswer, TimeAnswer, PollAnswer, PermissionAnswer,
		ProductAnswer, CommandAnswer, OtherAnswer:
		return true
	}
	return false
}

func knownState(s State) bool {
	switch s {
	case Queued, Accepted, Sent, Delivered, Read, Played, Failed, Expired, Deleted, Uncertain:
		return true
	}
	return false
}

func knownClass(class string) bool {
	switch class {
	case ClassAuth, ClassRate, ClassWindow, ClassConsent, ClassRecipient, ClassContent, ClassTemplate, ClassMedia,
		ClassPolicy,
		ClassPlatform, ClassUnknown:
		return true
	}
	return false
}

func knownLoss(loss string) bool {
	switch loss {
	case LossNone, LossStyle, LossInteraction, LossContent, LossRefused:
		return true
	}
	return false
}

func knownConsent(state string) bool { return state == ConsentGiven || state == ConsentWithdrawn }

func knownHealth(state string) bool {
	return state == HealthOK || state == HealthWarning || state == HealthFailing
}

func knownPayment(state string) bool {
	switch state {
	case PayRequested, PayCheckout, PayPending, PayAuthorised, PayPaid, PayFailed, PayExpired, PayCancelled, PayRefunded,
		PayDisputed:
		return true
	}
	return false
}

func knownFormat(format string) bool { return format == "" || format == Plain || format == Markdown }

func knownMedia(typ string) bool {
	switch typ {
	case Image, Video, Audio, Voice, File, Sticker, Animation:
		return true
	}
	return false
}

func knownMediaState(state string) bool {
	switch state {
	case MediaPending, MediaCopied, MediaLinked, MediaLost:
		return true
	}
	return false
}

func knownStyle(style string) bool {
	switch style {
	case "", StyleButtons, StyleQuick, StyleList, StylePicker:
		return true
	}
	return false
}

func knownAction(action string) bool {
	switch action {
	case "", ActionReply, ActionPostback, ActionURL, ActionCall, ActionLocation, ActionContact, ActionWebView, ActionCopy:
		return true
	}
	return false
}

func knownInput(typ string) bool {
	switch typ {
	case InputText, InputNumber, InputDate, InputEmail, InputPhone, InputSelect:
		return true
	}
	return false
}

// idLength is how many base32 digits follow an id's prefix.
const idLength = 26

// IsConversationID says whether id has the form of a conversation's: "cnv_…".
func IsConversationID(id string) bool { return validID(id, "cnv_") }

func validID(s, prefix string) bool {
	digits, ok := strings.CutPrefix(s, prefix)
	if !ok || len(digits) != idLength {
		return false
	}
	for i := range len(digits) {
		if c := digits[i]; (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}
