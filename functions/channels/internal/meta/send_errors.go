package meta

import (
	"time"

	"github.com/relais-dev/relais/events"
)

// sendClass is the class of an error of the Send API. The subcode says more than the
// code, which many errors share.
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/error-codes
func sendClass(code, sub int) Class {
	switch sub {
	case 2018278, 2018065, 2534022:
		return Class{Name: events.ClassWindow,
			Remedy: "wait for the customer to write, let a person answer (7 days), or send a utility template"}
	case 1545041, 2018001, 2018108, 2534014:
		return Class{Name: events.ClassRecipient}
	case 1893015, 1893016:
		return Class{Name: events.ClassConsent, Remedy: "send no marketing on this topic until the customer opts in again"}
	case 1404170, 1893063, 2534029:
		return restricted()
	case 2018300, 2534037:
		return Class{Name: events.ClassPolicy,
			Remedy: "another app holds the conversation: take control of the thread in Meta's inbox, or leave the answer to it"}
	case 2018321:
		return Class{Name: events.ClassPlatform, Retryable: true, After: time.Minute,
			Remedy: "Meta's automated answers are at work"}
	case 2018008, 2018047, 2018074, 2018109, 2018294:
		return Class{Name: events.ClassMedia, Remedy: "check the file's type and size, and that its URL answers at once"}
	case 99, 2018021, 2018027, 2018028, 2018164, 2534013, 2534041, 2534077:
		return Class{Name: events.ClassAuth,
			Remedy: "check that the app is live, the token's permissions, the link of page and account, and that the owner " +
				"allows access to messages"}
	case 2534040:
		return Class{Name: events.ClassRate, Retryable: true, Remedy: "send more slowly"}
	case 2018338:
		return Class{Name: events.ClassRate, Retryable: true, After: time.Hour,
			Remedy: "Meta finds the sending abusive: send far less"}
	case 2018352, 2018354:
		return Class{Name: events.ClassRate, Retryable: true, After: 24 * time.Hour,
			Remedy: "the topic's messages are too frequent"}
	case 2018014, 2018320, 2534015, 2534025:
		return Class{Name: events.ClassContent}
	}
	return sendCodeClass(code)
}

// restricted is of a page or an account that Meta has barred from sending.
func restricted() Class {
	return Class{Name: events.ClassAuth, Remedy: "the account is restricted: see Meta's Account Quality page"}
}

func sendCodeClass(code int) Class {
	switch code {
	case 1200:
		return Class{Name: events.ClassPlatform, Retryable: true}
	case 429, 80006:
		return Class{Name: events.ClassRate, Retryable: true, Remedy: "send more slowly"}
	case 9:
		return Class{Name: events.ClassRate, Retryable: true, Remedy: "send more slowly"}
	case 105, 194, 10900, 10903: // too many or too few elements; a comment that was answered, or may not be
		return Class{Name: events.ClassContent}
	case 551, 9000001:
		return Class{Name: events.ClassRecipient}
	case 2022, 2534122:
		return restricted()
	case 36103:
		return Class{Name: events.ClassAuth, Remedy: "check the link of page and account, and two-factor authentication"}
	case 2018300, 2018321: // told as a code or as a subcode
		return sendClass(0, code)
	}
	return Classify(code)
}
